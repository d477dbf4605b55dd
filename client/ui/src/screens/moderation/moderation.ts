// What stands at an application's reviews, and which applications a filter shows. Not the rules by which one wants a verdict: the
// engine's.
import type { ModerationLine, ModerationVerdict, ModerationView, Sentence, Settled } from '../../lib/backend/contract';
import { say, t } from '../../lib/i18n/i18n.svelte';
import { figure } from '../figures/figures';

export const SETTLED: Settled[] = ['keep', 'another-reader', 'meeting'];

export const KINDS = ['wide-spread', 'accept-reject', 'seat-line', 'exception-route'] as const;
export type Kind = (typeof KINDS)[number];

/** Of which kind a reason is; one that this window does not know has none. */
export function kindOf({ code }: Sentence): Kind | null {
  return KINDS.find((kind) => code.startsWith(`moderation-${kind}`)) ?? null;
}

/** The verdict that stands on the scores that count; null where there is none, two contradict, or other scores count by now. */
export function standing(verdict: ModerationVerdict | null): string | null {
  return verdict === null || verdict.outdated ? null : verdict.verdict;
}

/** A verdict's word in words; one of a later version as it is. */
export function wordOf(verdict: string): string {
  return say(`moderation.verdict.${verdict}`) ?? verdict;
}

/** What was decided, in words: the verdict, or that there are two. */
export function saidOf(verdict: ModerationVerdict): string {
  return verdict.verdict === null ? t('moderation.contested') : wordOf(verdict.verdict);
}

export function fits(row: ModerationLine, text: string, kind: Kind | null): boolean {
  const plain = (words: string) => words.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const found = plain(`${row.key} ${row.title}`);
  return (kind === null || row.reasons.some((reason) => kindOf(reason) === kind)) && plain(text).split(/\s+/).every((word) => found.includes(word));
}

/** How far apart the scores on a criterion are; null with fewer than two. */
export function apart(row: ModerationLine, criterion: string): number | null {
  const scores = row.reads.map((read) => figure(read.scores[criterion] ?? null)).filter((score) => score !== null);
  return scores.length < 2 ? null : Math.max(...scores) - Math.min(...scores);
}

/** The ends of the axis on which totals are drawn: the scale's, else those of what is drawn. */
export function ends({ low, high, line, rows }: ModerationView): [number, number] {
  const drawn = [line, ...rows.flatMap((row) => [row.total, ...row.reads.map((read) => read.total)])].map(figure).filter((value) => value !== null);
  return [figure(low) ?? Math.min(...drawn), figure(high) ?? Math.max(...drawn)];
}
