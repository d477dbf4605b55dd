// One application in the hands of its reader: the dossier, the draft as it is on screen, saving, what is missing, submitting.
// Not the looks, and no rule of the programme: total and missing things come from the engine.
import { SvelteMap } from 'svelte/reactivity';
import { backend } from '../../lib/backend';
import type { AnswerValue, CriterionView, DossierView, Draft, FieldConflict, PinView } from '../../lib/backend/contract';
import { t } from '../../lib/i18n/i18n.svelte';
import { Act } from '../../lib/state/act.svelte';
import { View } from '../../lib/state/view.svelte';
import type { Card, Pins } from './card';
import { asSubmitted, EMPTY, isAmended, putBack, wordsOf } from './drafts';
import { Held, SaveQueue } from './save-queue.svelte';

const BLANK: AnswerValue = { score: null, notApplicable: null };

const held = new Held<Review>();

/** What two laptops wrote differently; where a choice was taken back, with the reason, if "not applicable" was chosen once. */
export interface Difference extends FieldConflict {
  reason?: string;
}

/** Differences that are to be chosen again, by review. */
const reopened = new SvelteMap<string, Difference[]>();

export type Outcome = 'submitted' | 'same' | 'needs-reason' | 'missing' | 'failed';

export class Review implements Card {
  readonly application: string;
  readonly round: string;
  view: View<DossierView>;
  draft = $state<Draft>(structuredClone(EMPTY));
  notes = $state('');
  total = $state<string | null>(null);
  missing = $state.raw<DossierView['missing']>([]);
  /** A submitted review is being amended. */
  amending = $state(false);
  /** Submitting was tried: what is missing is named beside its place. */
  tried = $state(false);
  /** The place of the dossier at which the reader is. */
  here: PinView | null = null;
  /** A place of the dossier that is to be brought into sight. */
  showing = $state.raw<PinView | null>(null);
  readonly pins: Pins = {
    here: () => this.here,
    point: (key, pin) => this.#point(key, pin),
    nameOf: (pin) => this.#nameOf(pin),
    show: (pin) => (this.showing = pin),
  };
  act = new Act();
  saving: SaveQueue;
  savingNotes: SaveQueue;
  /** The draft and the notes as they were read or saved last, and the newest changes of that draft: what is saved is what is another
      since then, so that what another laptop wrote stays. */
  #before: Draft = EMPTY;
  #seen: string[] = [];
  #notesBefore = '';
  #at = -1;

  constructor(application: string, round: string) {
    this.application = application;
    this.round = round;
    this.view = new View(() => this.#read());
    this.saving = new SaveQueue(async () => {
      const draft = $state.snapshot(this.draft);
      const saved = await backend.saveDraft(application, round, this.#seen, this.#before, draft);
      this.#before = draft;
      this.#seen = saved.heads;
      this.total = saved.total;
      this.missing = saved.missing;
    }, () => wordsOf(this.draft));
    this.savingNotes = new SaveQueue(async () => {
      const { notes } = this;
      await backend.saveNote(application, round, this.#notesBefore, notes);
      this.#notesBefore = notes;
    }, () => [this.notes]);
  }

  /** The review of an application: the one that holds something unsaved, else as it is on this device. */
  static at(application: string, round: string): Review {
    return held.at(`${application} ${round}`, () => new Review(application, round));
  }

  /** Whether something of it is not saved. */
  get unsaved(): boolean {
    return this.saving.unsaved || this.savingNotes.unsaved;
  }

  /** What two laptops wrote differently, and where a choice between them was taken back and nothing stands since. */
  get differences(): Difference[] {
    const stand = this.dossier?.draftConflicts ?? [];
    const again = this.#reopened.filter(({ field }) => !this.#stands(field) && stand.every((one) => one.field !== field));
    return [...stand, ...again];
  }

  get dossier(): DossierView | null {
    return this.view.value;
  }

  get locked(): boolean {
    return this.dossier?.submitted != null && !this.amending;
  }

  /** Whether the contents may be read: the conflict question is answered, and nothing withholds them. */
  get open(): boolean {
    const told = this.dossier?.declaration;
    return told?.declaration === 'none';
  }

  answer(key: string): AnswerValue {
    return this.draft.answers[key] ?? BLANK;
  }

  score(key: string, score: string | null): void {
    this.draft.answers[key] = { score, notApplicable: null };
    this.saving.change();
  }

  notApplicable(key: string, reason: string): void {
    this.draft.answers[key] = { score: null, notApplicable: reason };
    this.saving.change();
  }

  comment(key: string, text: string): void {
    this.draft.comments[key] = text;
    this.saving.change();
  }

  change(change: Partial<Pick<Draft, 'overall' | 'confidence' | 'attested'>>): void {
    Object.assign(this.draft, change);
    this.saving.change();
  }

  left(): void {
    void this.saving.flush();
  }

  note(text: string): void {
    this.notes = text;
    this.savingNotes.change();
  }

  /** What is missing at a place, in words; null where nothing is, or nobody asked yet. */
  lacks(place: string): DossierView['missing'][number] | null {
    return this.tried ? (this.missing.find((each) => each.place === place) ?? null) : null;
  }

  /** The place of the next missing thing, round and round. */
  nextMissing(): string | null {
    const places = this.missing.map((each) => each.place).filter((place) => place !== null);
    if (places.length === 0) return null;
    this.#at = (this.#at + 1) % places.length;
    return places[this.#at] ?? null;
  }

  async flush(): Promise<void> {
    await Promise.all([this.saving.flush(), this.savingNotes.flush()]);
  }

  async declare(declaration: 'none' | 'conflict' | 'unsure' | 'recused', kind: string, note: string): Promise<boolean> {
    return this.act.run(async () => {
      await backend.declare(this.application, declaration, kind, note);
      await this.view.load();
    });
  }

  /** Hands the application back: it cannot be read, and there is no conflict. */
  async handBack(reason: string): Promise<boolean> {
    await this.flush();
    return this.act.run(async () => {
      await backend.handBack(this.application, reason);
      await this.view.load();
    });
  }

  /** Marks it to be read again, or takes the mark away. */
  async markAgain(again: boolean): Promise<void> {
    await this.act.run(async () => {
      await backend.markAgain(this.application, again);
      await this.view.load();
    });
  }

  #point(key: string, pin: PinView | null): void {
    if (pin === null) delete this.draft.pins[key];
    else this.draft.pins[key] = pin;
    this.saving.change();
  }

  #nameOf(pin: PinView): string {
    if (pin.kind === 'field') return this.dossier?.sections.find((section) => section.field === pin.field)?.label ?? t('pin.gone');
    const file = this.dossier?.files.find((each) => each.contents === pin.file);
    return file === undefined ? t('pin.gone') : t('pin.page', { name: file.name, page: pin.page });
  }

  /** Of two laptops' values, this one stays; the other stays in the history. */
  async settle(field: string, value: string): Promise<boolean> {
    await this.flush();
    return this.act.run(async () => {
      // Both are read: what is chosen comes after both.
      await this.view.load();
      this.#choose(field, value);
      await this.saving.mustFlush();
      await this.view.load();
      reopened.set(this.#key, this.#reopened.filter((one) => one.field !== field));
    });
  }

  /** Takes back that a value was chosen: nothing stands there, and the difference is to be chosen again. What was put there since stays. */
  async reopen(difference: Difference, chosen: string): Promise<void> {
    const { field, values } = difference;
    await this.#readAgain();
    if (!this.#says(field, chosen)) throw { code: 'changed-since', message: 'something else was put there since', hint: null, at: null, row: null, column: null };
    const reason = this.answer(field.split('/')[1] ?? '').notApplicable ?? difference.reason ?? '';
    reopened.set(this.#key, [...this.#reopened.filter((one) => one.field !== field), { field, values, reason }]);
    this.#choose(field, null);
    await this.saving.mustFlush();
  }

  /** Calls an amendment off: the draft says again what was submitted. Gives how to take that back; what was written since stays. */
  async callOff(submitted: Draft): Promise<() => Promise<void>> {
    const draft = $state.snapshot(this.draft);
    const said = asSubmitted(draft, submitted, this.#criteria);
    await this.#replace(said, false);
    return () => (held.find(`${this.application} ${this.round}`) ?? this).#resume(draft, said);
  }

  async #resume(draft: Draft, said: Draft): Promise<void> {
    await this.#readAgain();
    await this.#replace(putBack(draft, said, $state.snapshot(this.draft)), true);
  }

  /** Writes another draft; where it cannot be saved, the one before stays. */
  async #replace(draft: Draft, amending: boolean): Promise<void> {
    const before = { draft: $state.snapshot(this.draft), amending: this.amending };
    this.#take(draft, amending);
    try {
      await this.saving.mustFlush();
    } catch (thrown) {
      this.#take(before.draft, before.amending);
      throw thrown;
    }
  }

  #take(draft: Draft, amending: boolean): void {
    this.draft = structuredClone(draft);
    this.amending = amending;
    this.saving.change();
  }

  async #readAgain(): Promise<void> {
    await this.view.load();
    if (this.view.failure !== null) throw this.view.failure;
  }

  get #criteria(): string[] {
    return this.dossier?.criteria.map(({ key }) => key) ?? [];
  }

  get #reopened(): Difference[] {
    return reopened.get(this.#key) ?? [];
  }

  get #key(): string {
    return `${this.saving.whose} ${this.application} ${this.round}`;
  }

  /** Writes a value where two laptops differ, as it is shown there; null: nothing. */
  #choose(field: string, value: string | null): void {
    const [part, key = ''] = field.split('/');
    const reason = this.#reopened.find((one) => one.field === field)?.reason ?? '';
    if (part === 'answer') this.draft.answers[key] = value === '' ? { score: null, notApplicable: reason } : { score: value, notApplicable: null };
    else if (part === 'reason') this.draft.answers[key] = { score: null, notApplicable: value };
    else if (part === 'confidence') this.draft.confidence = value;
    else if (part === 'attestation') this.draft.attested = value === 'true';
    this.saving.change();
  }

  /** Whether a value that was chosen is what stands there. */
  #says(field: string, value: string): boolean {
    const [part, key = ''] = field.split('/');
    const { score, notApplicable } = this.answer(key);
    if (part === 'confidence') return this.draft.confidence === value;
    if (part === 'attestation') return String(this.draft.attested) === value;
    if (part === 'reason') return notApplicable === value;
    return value === '' ? notApplicable !== null : score === value;
  }

  #stands(field: string): boolean {
    const [part, key = ''] = field.split('/');
    const { score, notApplicable } = this.answer(key);
    if (part === 'confidence') return this.draft.confidence !== null;
    if (part === 'attestation') return this.draft.attested;
    return score !== null || notApplicable !== null;
  }

  async submit(reason: string | null): Promise<Outcome> {
    let outcome: Outcome = 'failed';
    await this.flush();
    if (this.saving.failure !== null) return outcome;
    await this.act.run(async () => {
      const result = await backend.submit(this.application, this.round, reason);
      outcome = result.kind;
      this.tried = result.kind === 'missing';
      if (result.kind === 'missing') {
        this.missing = result.missing;
        this.#at = -1;
      } else if (result.kind !== 'needs-reason') {
        this.amending = false;
        await this.view.load();
      }
    });
    return outcome;
  }

  /** Reads the dossier; what is being written is never put aside for it. */
  async #read(): Promise<DossierView> {
    // What is being saved is read with the rest.
    await Promise.all([this.saving.ended(), this.savingNotes.ended()]);
    const [draft, notes] = [this.saving.since(), this.savingNotes.since()];
    const read = await backend.dossier(this.application, this.round);
    if (draft()) {
      this.draft = structuredClone(read.draft);
      this.#before = read.draft;
      this.#seen = read.draftHeads;
      this.total = read.total;
      this.missing = read.missing;
    }
    if (notes()) this.notes = this.#notesBefore = read.notes;
    const criteria = read.criteria.map(({ key }) => key);
    if (read.submitted !== null && isAmended($state.snapshot(this.draft), read.submitted.draft, criteria)) this.amending = true;
    return read;
  }
}

/** The score that a key means for a criterion: digits where they name one. */
export function scoreOfKey(criterion: CriterionView, key: string): string | null {
  return criterion.scores.find((score) => Number(score) === Number(key) && /^\d$/.test(key)) ?? null;
}
