// A scorecard in somebody's hands: what its fields ask of whoever keeps it. A reader's own review is one (`review.svelte.ts`), a
// review that a coordinator takes down is another.
import type { AnswerValue, DossierView, Draft, PinView } from '../../lib/backend/contract';

/** Pointing from a comment to a place of the dossier: only where the dossier is beside the card. */
export interface Pins {
  /** Where the reader is; null: nowhere yet. */
  here(): PinView | null;
  point(key: string, pin: PinView | null): void;
  /** What a place is called. */
  nameOf(pin: PinView): string;
  show(pin: PinView): void;
}

export interface Card {
  readonly draft: Draft;
  readonly pins?: Pins;
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
