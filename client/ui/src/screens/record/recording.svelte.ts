// A review that a coordinator takes down: whose, by which way, the card, what it would come to. Nothing is written before the
// last act. Not the rules: Rust judges the card.
import { backend } from '../../lib/backend';
import type { AnswerValue, DossierView, Draft, RecordCard, RecordChoices, RecordReader, RecordResult } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';
import type { Card } from '../reviewer/card';

export type Source = 'paper' | 'phone' | 'mail';
const EMPTY: Draft = { answers: {}, comments: {}, pins: {}, overall: '', confidence: null, attested: false };
const BLANK: AnswerValue = { score: null, notApplicable: null };

export class Recording implements Card {
  readonly locked = false;
  draft = $state<Draft>(structuredClone(EMPTY));
  tried = $state(false);
  member = $state('');
  round = $state('');
  source = $state<Source>('paper');
  reason = $state('');
  card = $state.raw<RecordCard | null>(null);
  /** What the card as it stands comes to; none since it was changed. */
  told = $state.raw<RecordResult | null>(null);
  touched = $state(false);
  loading = new Act();
  acting = new Act();

  constructor(readonly application: string) {}

  get ready(): boolean {
    return this.member !== '' && this.round !== '' && this.card !== null;
  }

  /** Chooses whose review it is; the round follows where there is only one. */
  async choose(choices: RecordChoices, member: string, round: string | null = null): Promise<void> {
    const reader = choices.readers.find((each) => each.member === member);
    this.member = member;
    this.round = round ?? reader?.rounds[0] ?? (choices.rounds.length === 1 ? (choices.rounds[0]?.key ?? '') : '');
    this.card = null;
    this.told = null;
    this.tried = false;
    this.touched = false;
    if (member === '' || this.round === '') return;
    await this.loading.run(async () => {
      const card = await backend.recordCard(this.application, this.member, this.round);
      this.card = card;
      this.draft = structuredClone(card.draft) as Draft;
      if (card.takenDown?.source) this.source = card.takenDown.source as Source;
    });
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

  left(): void {
    // Nothing is kept before it is taken down.
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
    await this.acting.run(async () => {
      this.told = await backend.record(this.#form());
      done = this.told.revision > 0;
      if (done) this.touched = false;
    });
    return done;
  }

  #form() {
    const { application, member, round, source } = this;
    return { application, member, round, source, reason: this.reason.trim() === '' ? null : this.reason.trim(), draft: $state.snapshot(this.draft) };
  }

  #changed(): void {
    this.touched = true;
    this.told = this.told?.became === 'missing' ? this.told : null;
  }
}

/** Whether this reader sent a review of the round by an own hand. */
export function ownReview(reader: RecordReader | undefined, round: string): boolean {
  return reader?.submitted.includes(round) ?? false;
}
