// A programme's definition as the form and the reading view handle it: the parts that they show. What they do not name stays in it
// untouched. Not its rules: Rust says what it lacks.
import type { FindingLine } from '../../lib/backend/contract';

/** One text for all languages, or one for each. */
export type Words = string | Record<string, string> | null;
export interface Level { value: string; label?: Words; text: Words }
export interface Criterion { key: string; label?: Words; help?: Words; kind: 'score' | 'advantage' | 'gate'; weight?: string | null; required: boolean; level: Level[] }
export interface Gate { key: string; question: Words; evidence?: Words; exception: boolean }
export type GoesTo = 'identity' | 'open' | 'dossier';
export interface Option { key: string; label: Words }
export interface FormField { key: string; label?: Words; help?: Words; kind: 'text' | 'number' | 'date' | 'choice' | 'file' | 'essay'; required: boolean; words?: number | null; options: Option[]; many: boolean; goes_to: GoesTo; card: boolean }
export interface Attachment { key: string; label?: Words; kind: string; min: number; max?: number | null; exception_only: boolean; from: 'applicant' | 'referee' | 'either'; formats: string[]; max_mb?: number | null; goes_to: GoesTo }
export interface Round { key: string; label?: Words; kind: 'reading' | 'interview'; opens?: string | null; closes?: string | null; blind: boolean; reads?: number | null; conflict: 'before-key' | 'on-device'; criteria: string[]; further?: Further | null }
/** Who is asked beside the first readers: at most so many in all, from how many tenths of the scale on, how near the seat line. */
export interface Further { up_to: number; apart?: number | null; near?: number | null }
export interface Quota { name: Words; field: string; value: string; min: number; max?: number | null }
export interface Decision { key: string; question: Words; value?: Words; reason?: Words }
export interface Exception { proof: Words; proposed_by: string[]; granted_by: string[]; second_person: boolean; max: number | null }
export interface Scoring { order: string; centre: 'mean' | 'median' | 'trimmed'; trim: number; combine: string; min_weight: string; round: Record<string, number | null>; add: string[]; subtract: string[]; ties: string[]; absent: string[] }
export interface Definition {
  name: Words; summary: Words; organiser: Words; languages: string[]; time_zone: string | null; demo: boolean;
  call: { opens: string | null; closes: string | null; routes: string[]; on_behalf: boolean; contact: Words } | null;
  scale: { min: string | null; max: string | null; step: string | null; best: 'high' | 'low' } | null;
  criterion: Criterion[];
  scoring: Scoring | null;
  seats: { n: number; quotas: Quota[] } | null;
  waitlist: { n: number; rule: Words } | null;
  gate: Gate[];
  exception: Exception | null;
  field: FormField[]; attachment: Attachment[]; round: Round[];
  retention: { not_selected_until: string | null; selected_until: string | null; reviews_until: string | null; note: Words } | null;
  decision: Decision[];
}

export function parse(json: string): Definition {
  return JSON.parse(json) as Definition;
}

/** A text in a language where it is written in it, else in the programme's first, else in any. */
export function said(words: Words | undefined, definition: Definition, language: string): string {
  if (words === null || words === undefined) return '';
  if (typeof words === 'string') return words;
  return words[language] ?? words[definition.languages[0] ?? ''] ?? Object.values(words)[0] ?? '';
}

/** Whether reviewers score it: everything but a condition without weight. */
export const isScored = (one: Criterion): boolean => one.kind !== 'gate' || Number(one.weight ?? 0) !== 0;

/** Tenths of the scale from which on readers lie far apart, unless a round says others. */
export const TENTHS = 3;

/** Places on either side of the seat line that are near it: what a round says, else a fifth of the seats. */
export const nearLine = (definition: Definition, further: Further): number => further.near ?? Math.ceil((definition.seats?.n ?? 0) / 5);

/** What is found at a place. */
export function foundAt(findings: FindingLine[], at: string): FindingLine | undefined {
  return findings.find((finding) => finding.at === at);
}

/** The kind of a place: parts by key become a star. */
export function kindOf(at: string): string {
  const [section = '', ...rest] = at.split('.');
  if (!['criterion', 'gate', 'field', 'attachment', 'round', 'decision'].includes(section) || rest.length === 0) return at;
  if (section === 'field' && ['card', 'goes_to'].includes(rest[0] ?? '') && rest.length === 1) return at;
  return [section, '*', ...(rest[1] === undefined ? [] : [rest[1]]), ...(rest[2] === undefined ? [] : ['*'])].join('.');
}
