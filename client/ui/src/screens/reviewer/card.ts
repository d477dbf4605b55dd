// A scorecard in somebody's hands: what its fields ask of whoever keeps it. A reader's own review is one (`review.svelte.ts`), a
// review that a coordinator takes down is another.
import type { AnswerValue, DossierView, Draft } from '../../lib/backend/contract';

export interface Card {
  readonly draft: Draft;
  /** Nothing can be changed now. */
  readonly locked: boolean;
  /** What is missing is named beside its place. */
  readonly tried: boolean;
  answer(key: string): AnswerValue;
  score(key: string, score: string | null): void;
  notApplicable(key: string, reason: string): void;
  comment(key: string, text: string): void;
  change(change: Partial<Pick<Draft, 'overall' | 'confidence' | 'attested'>>): void;
  lacks(place: string): DossierView['missing'][number] | null;
  /** A field was left: what was typed can be kept. */
  left(): void;
}
