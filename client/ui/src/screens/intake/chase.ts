// The chase list as text: what is asked of one applicant, and the list of all. Not what is missing: Rust says so.
import type { ChaseRow } from '../../lib/backend/contract';
import { t } from '../../lib/i18n/i18n.svelte';

export type Wanted = 'all' | 'files' | 'answers';

export function fits(row: ChaseRow, wanted: Wanted, text: string): boolean {
  const folded = (word: string) => word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const all = folded(`${row.key} ${row.title} ${row.contact ?? ''} ${row.files.map((file) => file.label).join(' ')}`);
  const kind = wanted === 'all' || (wanted === 'files' ? row.files.length > 0 : row.answers.length > 0);
  return kind && folded(text).split(/\s+/).every((word) => all.includes(word));
}

/** A mail to one applicant. */
export function mail(row: ChaseRow, programme: string, sender: string, lacks: string): string {
  const name = row.title === '' ? row.key : row.title;
  return [t('missing.letter.dear', { name }), '', t('missing.letter.body', { programme, key: row.key }), '', `– ${lacks}`, '', t('missing.letter.end'), '', sender].join('\n');
}

/** One line for each application, to paste into a spreadsheet. */
export function lines(rows: ChaseRow[], lacks: (row: ChaseRow) => string): string {
  const clean = (cell: string) => cell.replace(/[\t\r\n\u2068\u2069]+/g, ' ').trim();
  return rows.map((row) => [row.key, row.title, row.contact ?? '', lacks(row)].map(clean).join('\t')).join('\n');
}
