// The way into a programme, step by step: an invitation, a programme of one's own, or the rehearsal. Holds what was typed until
// it is used, and forgets the passphrase at once afterwards. Not the looks of the steps.
import { backend } from '../../lib/backend';
import type { InvitationView, Strength } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';
import { app } from '../../lib/state/app.svelte';
import { STARTER } from './starter';

export type Path = 'invitation' | 'create' | 'rehearse';
export type Step = 'invitation' | 'programme' | 'person' | 'passphrase' | 'answer' | 'check' | 'recovery';

/** The steps of each way, in order. A further device belongs to somebody who has said who they are. */
export function stepsOf(path: Path, furtherDevice: boolean): Step[] {
  if (path === 'create') return ['programme', 'passphrase', 'recovery'];
  if (path === 'rehearse') return ['passphrase'];
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
  own = $state(false);
  proposed = $state('');
  passphrase = $state('');
  again = $state('');
  strength = $state.raw<Strength | null>(null);
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

  /** What keeps the passphrase from being used. */
  get passphraseLacks(): 'empty' | 'weak' | 'differs' | null {
    if (this.passphrase === '') return 'empty';
    if (this.own && this.strength?.good !== true) return 'weak';
    return this.passphrase === (this.own ? this.again : this.proposed) ? null : 'differs';
  }

  begin(path: Path): void {
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
    if (this.step === 'programme' && (this.nameMissing || this.label.trim() === '')) return;
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
    if (before === undefined) this.path = null;
    this.#to(before ?? null);
  }

  async #make(): Promise<void> {
    await this.act.run(async () => {
      const { passphrase } = this;
      if (this.path === 'create') await backend.found(this.toml, this.label.trim(), passphrase, this.name.trim());
      else if (this.path === 'rehearse') await backend.rehearse(passphrase);
      else await backend.enrol(this.#form());
      Object.assign(this, { passphrase: '', again: '', proposed: '', strength: null });
      const next = this.steps[this.steps.indexOf('passphrase') + 1];
      // The shell waits until the steps that follow are done.
      await app.opened(next !== undefined);
      if (next !== undefined) this.#to(next);
    });
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
