// A review that a coordinator takes down: whose, by which way, the card, what it would come to. What is typed is kept in the home, for
// each reader apart, until it is taken down. Not the rules: Rust judges the card.
import { backend } from '../../lib/backend';
import type { AnswerValue, DossierView, Draft, Failure, RecordCard, RecordChoices, RecordForm, RecordReader, RecordResult } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';
import { failure } from '../../lib/state/failure';
import type { Card } from '../reviewer/card';
import { SaveQueue } from '../reviewer/save-queue.svelte';

export type Source = 'paper' | 'phone' | 'mail';
const EMPTY: Draft = { answers: {}, comments: {}, pins: {}, overall: '', confidence: null, attested: false };
const BLANK: AnswerValue = { score: null, notApplicable: null };

/** One card: a reader's, in a round. */
type Whose = Pick<RecordForm, 'member' | 'round'>;

export class Recording implements Card {
  readonly locked = false;
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
    this.keeping = new SaveQueue(() => backend.keepRecords(application, this.#typed));
  }

  /** Begins with what was typed last and not taken down, where there is something. */
  async open(choices: RecordChoices): Promise<void> {
    this.#typed = choices.typed;
    const last = choices.typed.findLast(({ member }) => choices.readers.some((reader) => reader.member === member));
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

  /** Forgets what is typed on this card; gives how to put it back. */
  discard(): () => Promise<void> {
    const form = this.#form();
    const put = (back: RecordForm[]) => {
      this.#typed = [...this.#others(form), ...back];
      this.keeping.change();
      if (this.card !== null) this.#show(this.card);
    };
    put([]);
    return async () => {
      put([form]);
      await this.keeping.flush();
    };
  }

  lacks(place: string): DossierView['missing'][number] | null {
    return this.tried ? (this.told?.missing.find((each) => each.place === place) ?? null) : null;
  }

  /** Says what it would come to. */
  async check(): Promise<void> {
    await this.acting.run(async () => {
      this.told = await backend.recordPreview(this.#form());
      this.tried = true;
    });
  }

  /** Takes it down; whether it is taken down now. */
  async take(): Promise<boolean> {
    let done = false;
    await this.keeping.flush();
    await this.acting.run(async () => {
      this.told = await backend.record(this.#form());
      done = this.told.revision > 0;
    });
    if (done) {
      this.#typed = this.#others(this);
      this.keeping.change();
    }
    return done;
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
