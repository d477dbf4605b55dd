// One application in the hands of its reader: the dossier, the draft as it is on screen, saving, what is missing, submitting.
// Not the looks, and no rule of the programme: total and missing things come from the engine.
import { backend } from '../../lib/backend';
import type { AnswerValue, CriterionView, DossierView, Draft, PinView } from '../../lib/backend/contract';
import { t } from '../../lib/i18n/i18n.svelte';
import { Act } from '../../lib/state/act.svelte';
import { View } from '../../lib/state/view.svelte';
import type { Card, Pins } from './card';
import { SaveQueue } from './save-queue.svelte';

const BLANK: AnswerValue = { score: null, notApplicable: null };
const EMPTY: Draft = { answers: {}, comments: {}, pins: {}, overall: '', confidence: null, attested: false };

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
  #at = -1;

  constructor(application: string, round: string) {
    this.application = application;
    this.round = round;
    this.view = new View(() => this.#read());
    this.saving = new SaveQueue(async () => {
      const saved = await backend.saveDraft(application, round, $state.snapshot(this.draft));
      this.total = saved.total;
      this.missing = saved.missing;
    });
    this.savingNotes = new SaveQueue(() => backend.saveNote(application, round, this.notes));
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
  async settle(field: string, value: string): Promise<void> {
    await this.flush();
    await this.act.run(async () => {
      await backend.settleDraft(this.application, this.round, field, value);
      await this.view.load();
    });
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
    const [draft, notes] = [this.saving.since(), this.savingNotes.since()];
    const read = await backend.dossier(this.application, this.round);
    if (draft()) {
      this.draft = structuredClone(read.draft);
      this.total = read.total;
      this.missing = read.missing;
    }
    if (notes()) this.notes = read.notes;
    if (read.submitted !== null && read.state === 'on-device') this.amending = true;
    return read;
  }
}

/** The score that a key means for a criterion: digits where they name one. */
export function scoreOfKey(criterion: CriterionView, key: string): string | null {
  return criterion.scores.find((score) => Number(score) === Number(key) && /^\d$/.test(key)) ?? null;
}
