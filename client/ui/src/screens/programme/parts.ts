// The parts that a definition is made of: a new one with a key of its own, and what stands on one that is there. Not its rules: Rust says
// what it lacks.
import { isScored } from './definition';
import type { Attachment, Criterion, Definition, FormField, Further, Gate, Option, Round, Scoring } from './definition';

export type Section = 'criterion' | 'gate' | 'field' | 'attachment' | 'round';
const LONGEST_KEY = 40;
/** Words that files of scores, or what separates totals, use for themselves. */
export const RESERVED = ['application', 'reviewer', 'round', 'revision', 'confidence', 'criteria', 'draw'];

/** A key from what people call something: plain letters, digits and hyphens, one that nothing there has; a number where no letter is left. */
export function keyFor(label: string, stem: string, taken: string[]): string {
  const plain = label.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+/, '').slice(0, LONGEST_KEY).replace(/-+$/, '');
  if (plain !== '' && !taken.includes(plain)) return plain;
  const base = plain || stem;
  for (let number = plain === '' ? 1 : 2; ; number++) if (!taken.includes(`${base}-${number}`)) return `${base}-${number}`;
}

export const isKey = (text: string): boolean => /^[a-z][a-z0-9_-]{0,63}$/.test(text);

/** Scoring as it is where a definition says nothing of it. */
export const scoring = (it: Definition): Scoring =>
  (it.scoring ??= { order: 'review-first', centre: 'mean', trim: 1, combine: 'mean', min_weight: '0', round: { criterion: null, product: null, total: null }, add: [], subtract: [], ties: [], absent: [] });

export function criterion(key: string, label: string, kind: Criterion['kind']): Criterion {
  return { key, label, help: null, kind, weight: kind === 'gate' ? null : '1', required: kind === 'score', level: [] };
}

export function gate(key: string, question: string): Gate {
  return { key, question, evidence: null, exception: false };
}

export function field(key: string, label: string, kind: FormField['kind'], options: Option[]): FormField {
  return { key, label, help: null, kind, required: false, words: null, options, many: false, goes_to: 'dossier', card: false };
}

export function attachment(key: string, label: string, kind: string): Attachment {
  return { key, label, kind, min: 0, max: 1, exception_only: false, from: 'applicant', formats: ['pdf'], max_mb: 10, goes_to: 'open' };
}

export function round(key: string, label: string, kind: Round['kind']): Round {
  return { key, label, kind, opens: null, closes: null, blind: false, reads: null, conflict: 'on-device', criteria: [] };
}

/** One more reader than read first, by the limits that moderation has. */
export function further(round: Round): Further {
  return { up_to: (round.reads ?? 2) + 1, apart: null, near: null };
}

/** Answers that somebody typed, one a line, each with a key. */
export function options(lines: string): Option[] {
  const made: Option[] = [];
  for (const line of lines.split('\n').map((text) => text.trim()).filter(Boolean)) made.push({ key: keyFor(line, 'answer', made.map(({ key }) => key)), label: line });
  return made;
}

/** A criterion that is not scored any more separates no totals and is scored in no round. */
export function unscored(it: Definition, one: Criterion): void {
  if (isScored(one)) return;
  if (it.scoring) it.scoring.ties = it.scoring.ties.filter((key) => key !== one.key);
  for (const round of it.round) round.criteria = round.criteria.filter((key) => key !== one.key);
}

/** The parts that name this one, by section and key: while there are any it cannot go. */
export function namedBy(it: Definition, section: Section, key: string): { section: string; name: string }[] {
  if (section === 'criterion') {
    return [
      ...(it.scoring?.ties.includes(key) ? [{ section: 'ties', name: '' }] : []),
      ...it.round.filter((one) => one.criteria.includes(key)).map((one) => ({ section: 'round', name: one.key })),
    ];
  }
  if (section === 'gate') return it.criterion.filter((one) => one.key === key && one.kind === 'gate').map((one) => ({ section: 'criterion', name: one.key }));
  if (section === 'field') return (it.seats?.quotas ?? []).filter((one) => one.field === key).map(() => ({ section: 'seats', name: '' }));
  if (section === 'attachment') return it.field.filter((one) => one.key === key && one.kind === 'file').map((one) => ({ section: 'field', name: one.key }));
  return [];
}
