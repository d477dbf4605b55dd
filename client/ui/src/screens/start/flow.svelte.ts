// The way into a programme, step by step: an invitation, a programme of one's own, the rehearsal, or back in with recovery words or a
// backup. Holds what was typed until it is used, and forgets passphrase and words at once afterwards. Not the looks of the steps.
import { backend } from '../../lib/backend';
import type { ChosenFile, InvitationView, Progress, SheetView, Strength } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';
import { app } from '../../lib/state/app.svelte';
import { addressWrong, digits } from '../exchange/relay';
import { STARTER } from './starter';

export type Path = 'invitation' | 'create' | 'rehearse' | 'recover' | 'restore';
export type Step = 'invitation' | 'programme' | 'person' | 'words' | 'source' | 'backup' | 'passphrase' | 'answer' | 'check' | 'recovery' | 'back';

/** A sheet has so many words. */
export const WORDS = 24;
const noWords = () => Array.from({ length: WORDS }, () => '');

/** The steps of each way, in order. A further device belongs to somebody who has said who they are. */
export function stepsOf(path: Path, furtherDevice: boolean): Step[] {
  if (path === 'create') return ['programme', 'passphrase', 'recovery'];
  if (path === 'rehearse') return ['passphrase'];
  if (path === 'recover') return ['words', 'source', 'passphrase', 'back'];
  if (path === 'restore') return ['backup', 'back'];
  return ['invitation', ...(furtherDevice ? [] : (['person'] as const)), 'passphrase', 'answer', 'check', 'recovery'];
}

const MAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

export class Flow {
  path = $state<Path | null>(null);
  step = $state<Step | null>(null);
  invitationText = $state('');
  invitation = $state.raw<InvitationView | null>(null);
  label = $state('');
  name = $state('');
  email = $state('');
  conflicts = $state('');
  toml = $state(STARTER);
  /** Whether a programme of one's own names a relay at once. */
  relayNow = $state(false);
  relayAddress = $state('');
  relayKey = $state('');
  own = $state(false);
  proposed = $state('');
  passphrase = $state('');
  again = $state('');
  strength = $state.raw<Strength | null>(null);
  /** The words of a recovery sheet, as they are typed. */
  words = $state(noWords());
  /** Where the rest of a lost computer comes from. */
  source = $state<'bundle' | 'relay'>('bundle');
  bundle = $state.raw<ChosenFile | null>(null);
  lines = $state('');
  sheet = $state.raw<SheetView | null>(null);
  backup = $state.raw<ChosenFile | null>(null);
  /** How far the relay's answer is, while somebody comes back by it. */
  progress = $state.raw<Progress | null>(null);
  /** Whether what is missing is shown: only after somebody wanted to go on. */
  tried = $state(false);
  act = new Act();

  get steps(): Step[] {
    return this.path === null ? [] : stepsOf(this.path, this.invitation?.furtherDevice ?? false);
  }

  get nameMissing(): boolean {
    return this.name.trim() === '';
  }

  get emailWrong(): boolean {
    return !MAIL.test(this.email.trim());
  }

  get relayWrong(): boolean {
    return this.relayNow && (addressWrong(this.relayAddress) !== null || digits(this.relayKey) === null);
  }

  /** What keeps the passphrase from being used. */
  get passphraseLacks(): 'empty' | 'weak' | 'differs' | null {
    if (this.passphrase === '') return 'empty';
    if (this.own && this.strength?.good !== true) return 'weak';
    return this.passphrase === (this.own ? this.again : this.proposed) ? null : 'differs';
  }

  get wordsMissing(): boolean {
    return this.words.some((word) => word.trim() === '');
  }

  begin(path: Path): void {
    // What was typed on another way is not taken along.
    Object.assign(this, { passphrase: '', again: '', words: noWords() });
    this.path = path;
    this.#to(this.steps[0] ?? null);
  }

  /** An invitation that was dropped on the window, or opened with Tessera. */
  async beginWith(text: string): Promise<void> {
    if (this.path === null) this.begin('invitation');
    this.invitationText = text;
    await this.readInvitation();
  }

  async readInvitation(): Promise<void> {
    await this.act.run(async () => {
      this.invitation = await backend.inspectInvitation(this.invitationText);
      if (this.label === '') this.label = this.invitation.programme;
    });
  }

  async chooseBundle(): Promise<void> {
    await this.act.run(async () => {
      this.bundle = (await backend.chooseRecoveryBundle()) ?? this.bundle;
    });
  }

  /** A bundle that was dropped on the window; false where none is asked for. */
  takeBundle(path: string): boolean {
    if (this.step !== 'source') return false;
    this.source = 'bundle';
    this.bundle = { path, name: path.split(/[/\\]/).at(-1) ?? path, bytes: 0 };
    return true;
  }

  async chooseLines(): Promise<void> {
    await this.act.run(async () => {
      this.lines = (await backend.chooseRecoveryLines()) ?? this.lines;
      if (this.lines !== '') await this.#readLines();
    });
  }

  async chooseBackup(): Promise<void> {
    await this.act.run(async () => {
      const chosen = await backend.chooseBackup();
      if (chosen === null) return;
      this.backup = chosen;
      if (this.label === '') this.label = chosen.name.replace(/\.[^.]*$/, '');
    });
  }

  /** Reads the lines of the sheet; throws where they are none. */
  async #readLines(): Promise<void> {
    this.sheet = null;
    this.sheet = await backend.inspectRecoveryLines(this.lines);
    if (this.label === '') this.label = this.sheet.programme;
  }

  async propose(): Promise<void> {
    await this.act.run(async () => {
      this.proposed = await backend.generatePassphrase();
      this.passphrase = '';
    });
  }

  async measure(): Promise<void> {
    const asked = this.passphrase;
    const strength = await backend.strength(asked);
    if (asked === this.passphrase) this.strength = strength;
  }

  /** Goes on where nothing is missing; the last question asked makes the home. */
  async next(): Promise<void> {
    this.tried = true;
    if (this.step === 'invitation' && this.invitation === null) return this.readInvitation();
    if (this.step === 'person' && (this.nameMissing || this.emailWrong)) return;
    if (this.step === 'programme' && (this.nameMissing || this.label.trim() === '' || this.relayWrong)) return;
    if (this.step === 'words' && (this.wordsMissing || !(await this.act.run(() => backend.inspectRecoveryWords(this.#words()))))) return;
    if (this.step === 'source') {
      if (this.source === 'bundle' ? this.bundle === null : this.lines.trim() === '') return;
      if (this.source === 'relay' && !(await this.act.run(() => this.#readLines()))) return;
    }
    if (this.step === 'backup') {
      if (this.backup !== null && this.passphrase !== '') await this.#make();
      return;
    }
    if (this.step === 'passphrase') {
      if (this.passphraseLacks === null) await this.#make();
      return;
    }
    const next = this.steps[this.steps.indexOf(this.step ?? 'invitation') + 1];
    if (next !== undefined) return this.#to(next);
    await app.opened(false);
    this.path = null;
    this.#to(null);
  }

  /** One step back; from the first to the welcome. What is made stays made. */
  back(): void {
    const before = this.steps[this.steps.indexOf(this.step ?? 'invitation') - 1];
    if (before === undefined) {
      this.path = null;
      Object.assign(this, { passphrase: '', again: '', proposed: '', strength: null, words: noWords() });
    }
    this.#to(before ?? null);
  }

  async #make(): Promise<void> {
    await this.act.run(async () => {
      const { passphrase } = this;
      if (this.path === 'create') await backend.found(this.#founding());
      else if (this.path === 'rehearse') await backend.rehearse(passphrase);
      else if (this.path === 'recover') await this.#recover();
      else if (this.path === 'restore') await backend.restoreBackup({ path: this.backup?.path ?? '', label: this.label.trim(), passphrase });
      else await backend.enrol(this.#form());
      Object.assign(this, { passphrase: '', again: '', proposed: '', strength: null, words: noWords() });
      const next = this.steps[this.steps.indexOf(this.step ?? 'passphrase') + 1];
      // The shell waits until the steps that follow are done.
      await app.opened(next !== undefined);
      if (next !== undefined) this.#to(next);
    });
  }

  #founding() {
    const { toml: definition, passphrase } = this;
    const relay = this.relayNow ? { address: this.relayAddress.trim(), key: digits(this.relayKey) ?? '' } : null;
    return { definition, label: this.label.trim(), passphrase, name: this.name.trim(), relay };
  }

  async #recover(): Promise<void> {
    const stop = backend.onProgress((progress) => (this.progress = progress));
    try {
      const source = this.source === 'bundle' ? ({ kind: 'bundle', path: this.bundle?.path ?? '' } as const) : ({ kind: 'relay', lines: this.lines } as const);
      await backend.recoverElsewhere({ words: this.#words(), source, label: this.label.trim(), passphrase: this.passphrase });
    } finally {
      stop();
      this.progress = null;
    }
  }

  #words(): string[] {
    return this.words.map((word) => word.trim().toLowerCase());
  }

  #form() {
    const conflicts = this.conflicts.split('\n').map((line) => line.trim()).filter((line) => line !== '');
    const { invitationText: invitation, label, passphrase, name, email } = this;
    return { invitation, label: label.trim(), passphrase, name: name.trim(), email: email.trim(), conflicts };
  }

  #to(step: Step | null): void {
    this.step = step;
    this.tried = false;
    this.act.failure = null;
  }
}
