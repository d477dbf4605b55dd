// The chase list as text: what is asked of one applicant, and the list of all. Not what is missing: Rust says so.
import type { ChaseLacks, ChaseRow } from '../../lib/backend/contract';
import type { Speaker } from '../../lib/i18n/i18n.svelte';

export type Wanted = 'all' | 'files' | 'answers';

export function fits(row: ChaseRow, wanted: Wanted, text: string): boolean {
  const folded = (word: string) => word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const all = folded(`${row.key} ${row.title} ${row.contact ?? ''} ${row.lacks.files.map((file) => file.label).join(' ')}`);
  const kind = wanted === 'all' || (wanted === 'files' ? row.lacks.files.length > 0 : row.lacks.answers.length > 0);
  return kind && folded(text).split(/\s+/).every((word) => all.includes(word));
}

/** What is missing, one thing after the other. */
export function named({ files, answers }: ChaseLacks, t: Speaker['t']): string[] {
  return [...files.map((file) => t('missing.file', { count: file.more, label: file.label })), ...answers];
}

/** A mail to one applicant, in the language of the programme. */
export function mail(row: ChaseRow, programme: string, sender: string, { t }: Speaker): string {
  const name = row.title === '' ? row.key : row.title;
  const wanted = named(row.asked, t).map((one) => `– ${one}`);
  return [t('missing.letter.dear', { name }), '', t('missing.letter.body', { programme, key: row.key }), '', ...wanted, '', t('missing.letter.end'), '', sender].join('\n');
}

/** One line for each application, to paste into a spreadsheet. */
export function lines(rows: ChaseRow[], lacks: (row: ChaseRow) => string): string {
  const clean = (cell: string) => cell.replace(/[\t\r\n\u2068\u2069]+/g, ' ').trim();
  return rows.map((row) => [row.key, row.title, row.contact ?? '', lacks(row)].map(clean).join('\t')).join('\n');
}
