// A review that a coordinator takes down: whose, by which way, the card, what it would come to. What is typed is kept in the home, for
// each reader apart, until it is taken down. Not the rules: Rust judges the card.
import { backend } from '../../lib/backend';
import type { AnswerValue, DossierView, Draft, Failure, RecordCard, RecordChoices, RecordForm, RecordReader, RecordResult } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';
import { failure } from '../../lib/state/failure';
import { View } from '../../lib/state/view.svelte';
import type { Card } from '../reviewer/card';
import { EMPTY, putBack, wordsOf } from '../reviewer/drafts';
import { Held, SaveQueue } from '../reviewer/save-queue.svelte';

export type Source = 'paper' | 'phone' | 'mail';
const BLANK: AnswerValue = { score: null, notApplicable: null };

/** One card: a reader's, in a round. */
type Whose = Pick<RecordForm, 'member' | 'round'>;

const held = new Held<Recording>();

export class Recording implements Card {
  readonly locked = false;
  readonly view = new View(() => backend.recordChoices(this.application));
  draft = $state<Draft>(structuredClone(EMPTY));
  tried = $state(false);
  member = $state('');
  round = $state('');
  source = $state<Source>('paper');
  reason = $state('');
  card = $state.raw<RecordCard | null>(null);
  /** Why the card could not be read. */
  failure = $state.raw<Failure | null>(null);
  /** Whether the card began with what was typed before. */
  resumed = $state(false);
  /** What the card as it stands comes to; none since it was changed. */
  told = $state.raw<RecordResult | null>(null);
  acting = new Act();
  readonly keeping: SaveQueue;
  /** What is typed and not taken down, by reader and round; what was typed last comes last. */
  #typed: RecordForm[] = [];
  #turn = 0;

  constructor(readonly application: string) {
    this.keeping = new SaveQueue(() => backend.keepRecords(application, this.#typed), () => this.#typed.flatMap(({ draft }) => wordsOf(draft)));
  }

  /** The reviews of an application as they are taken down: what holds something unsaved, else as it is on this device. */
  static at(application: string): Recording {
    return held.at(application, () => new Recording(application));
  }

  /** Whether something that is typed is not kept. */
  get unsaved(): boolean {
    return this.keeping.unsaved;
  }

  /** Reads who may be chosen, and begins with what was typed last and not taken down, where there is something. */
  async open(): Promise<void> {
    await this.keeping.ended();
    const isNewest = this.keeping.since();
    await this.view.load();
    const choices = this.view.value;
    if (choices === null || this.view.failure !== null) return;
    if (isNewest()) this.#typed = choices.typed;
    const last = this.#typed.findLast(({ member }) => choices.readers.some((reader) => reader.member === member));
    if (last !== undefined) await this.choose(choices, last.member, last.round);
  }

  /** Chooses whose review it is; the round follows where there is only one. Of two choices the later one counts. */
  async choose(choices: RecordChoices, member: string, round: string | null = null): Promise<void> {
    const turn = ++this.#turn;
    const reader = choices.readers.find((each) => each.member === member);
    this.member = member;
    this.round = round ?? reader?.rounds[0] ?? (choices.rounds.length === 1 ? (choices.rounds[0]?.key ?? '') : '');
    this.card = null;
    this.failure = null;
    if (member === '' || this.round === '') return;
    try {
      const card = await backend.recordCard(this.application, this.member, this.round);
      if (turn === this.#turn) this.#show(card);
    } catch (thrown) {
      if (turn === this.#turn) this.failure = failure(thrown);
    }
  }

  answer(key: string): AnswerValue {
    return this.draft.answers[key] ?? BLANK;
  }

  score(key: string, score: string | null): void {
    this.draft.answers[key] = { score, notApplicable: null };
    this.#changed();
  }

  notApplicable(key: string, reason: string): void {
    this.draft.answers[key] = { score: null, notApplicable: reason };
    this.#changed();
  }

  comment(key: string, text: string): void {
    this.draft.comments[key] = text;
    this.#changed();
  }

  change(change: Partial<Pick<Draft, 'overall' | 'confidence' | 'attested'>>): void {
    Object.assign(this.draft, change);
    this.#changed();
  }

  /** Notes what stands beside the card: by which way it came, why it is changed. */
  say(change: Partial<Pick<Recording, 'source' | 'reason'>>): void {
    Object.assign(this, change);
    if (this.#typed.some((form) => isSame(form, this))) this.#keep();
  }

  left(): void {
    void this.keeping.flush();
  }

  /** Forgets what is typed on this card; gives how to put it back, wherever nothing was typed since. */
  discard(): () => Promise<void> {
    const form = this.#form();
    this.#put(form, []);
    return () => (held.find(this.application) ?? new Recording(this.application)).#putBack(form);
  }

  lacks(place: string): DossierView['missing'][number] | null {
    return this.tried ? (this.told?.missing.find((each) => each.place === place) ?? null) : null;
  }

  /** Says what it would come to. */
  async check(): Promise<void> {
    const form = this.#form();
    await this.acting.run(async () => {
      this.#tell(form, await backend.recordPreview(form));
      this.tried ||= isSame(form, this);
    });
  }

  /** Takes it down; whether it is taken down now. */
  async take(): Promise<boolean> {
    let done = false;
    const form = this.#form();
    await this.keeping.flush();
    await this.acting.run(async () => {
      const told = await backend.record(form);
      this.#tell(form, told);
      done = told.revision > 0;
    });
    if (done) {
      this.#typed = this.#others(form);
      this.keeping.change();
    }
    return done;
  }

  /** Shows what a card comes to, where it is still the one that is shown. */
  #tell(form: Whose, told: RecordResult): void {
    if (isSame(form, this)) this.told = told;
  }

  /** Writes what is typed on a card, or that nothing is. */
  #put(whose: Whose, typed: RecordForm[]): void {
    this.#typed = [...this.#others(whose), ...typed];
    this.keeping.change();
    if (this.card !== null && isSame(whose, this)) this.#show(this.card);
  }

  async #putBack(form: RecordForm): Promise<void> {
    if (this.view.value === null) await this.open();
    if (this.view.value === null) throw this.view.failure;
    const { draft: then } = await backend.recordCard(this.application, form.member, form.round);
    const since = this.#typed.find((one) => isSame(one, form));
    this.#put(form, [since === undefined ? form : { ...since, reason: since.reason ?? form.reason, draft: putBack(form.draft, then, since.draft) }]);
    await this.keeping.mustFlush();
  }

  #show(card: RecordCard): void {
    const typed = this.#typed.find((form) => isSame(form, this));
    const source = typed?.source ?? card.takenDown?.source;
    this.card = card;
    this.draft = structuredClone(typed?.draft ?? card.draft) as Draft;
    this.reason = typed?.reason ?? '';
    if (source) this.source = source as Source;
    this.resumed = typed !== undefined;
    this.told = null;
    this.tried = false;
  }

  #form(): RecordForm {
    const { application, member, round, source } = this;
    return { application, member, round, source, reason: this.reason.trim() === '' ? null : this.reason.trim(), draft: $state.snapshot(this.draft) };
  }

  #others(than: Whose): RecordForm[] {
    return this.#typed.filter((form) => !isSame(form, than));
  }

  #keep(): void {
    this.#typed = [...this.#others(this), this.#form()];
    this.keeping.change();
  }

  #changed(): void {
    this.told = this.told?.became === 'missing' ? this.told : null;
    this.#keep();
  }
}

function isSame(one: Whose, other: Whose): boolean {
  return one.member === other.member && one.round === other.round;
}

/** Whether this reader sent a review of the round by an own hand. */
export function ownReview(reader: RecordReader | undefined, round: string): boolean {
  return reader?.submitted.includes(round) ?? false;
}
