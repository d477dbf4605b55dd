// Drafts of a review beside one another: what of one is otherwise in another, and what is put back of one. Not how they are saved.
import type { Draft } from '../../lib/backend/contract';

export const EMPTY: Draft = { answers: {}, comments: {}, pins: {}, overall: '', confidence: null, attested: false };

/** What is written in a draft, in words: no scores. */
export function wordsOf({ answers, comments, overall }: Draft): string[] {
  return [...Object.values(answers).map(({ notApplicable }) => notApplicable ?? ''), ...Object.values(comments), overall];
}

/** Whether two things say the same; what says nothing is as what is not there. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(told(one)) === JSON.stringify(told(other));
}

/** A thing without what says nothing, in one order; undefined where nothing is left. */
function told(value: unknown): unknown {
  if (value === null || value === undefined || value === false) return undefined;
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value !== 'object') return value;
  const parts = Object.entries(value).map(([key, part]) => [key, told(part)] as const).filter(([, part]) => part !== undefined);
  return parts.length === 0 ? undefined : parts.sort(([one], [other]) => (one < other ? -1 : 1));
}

/** A draft that says again what was submitted; what it says of criteria of other rounds stays. */
export function asSubmitted(draft: Draft, submitted: Draft, criteria: string[]): Draft {
  const elsewhere = <T>(all: Record<string, T>) => Object.fromEntries(Object.entries(all).filter(([key]) => !criteria.includes(key)));
  return {
    ...submitted,
    answers: { ...elsewhere(draft.answers), ...submitted.answers }, comments: { ...elsewhere(draft.comments), ...submitted.comments },
    pins: { ...elsewhere(draft.pins), ...submitted.pins },
  };
}

/** Whether a draft says something else than what was submitted, other rounds' criteria apart. One that says nothing is none. */
export function isAmended(draft: Draft, submitted: Draft, criteria: string[]): boolean {
  return told(draft) !== undefined && !isSame(draft, asSubmitted(draft, submitted, criteria));
}

/** What is written now with what was put away back in it, wherever it still says what it said `then`, once that was put away. */
export function putBack(away: Draft, then: Draft, now: Draft): Draft {
  const pick = <T>(away: T, then: T, now: T): T => (isSame(then, now) ? away : now);
  const each = <T>(away: Record<string, T>, then: Record<string, T>, now: Record<string, T>): Record<string, T> =>
    Object.fromEntries([...new Set([...Object.keys(away), ...Object.keys(now)])].flatMap((key) => {
      const value = pick(away[key], then[key], now[key]);
      return value === undefined ? [] : [[key, value]];
    }));
  return {
    answers: each(away.answers, then.answers, now.answers), comments: each(away.comments, then.comments, now.comments),
    pins: each(away.pins, then.pins, now.pins), overall: pick(away.overall, then.overall, now.overall),
    confidence: pick(away.confidence, then.confidence, now.confidence), attested: pick(away.attested, then.attested, now.attested),
  };
}
