// Where files of an import go, in words: what is asked of a person about each, and what a person may answer. Which file fits
// where, Rust says.
import type { FiledView, IntakeRow, SlotView } from '../../lib/backend/contract';
import { say, t } from '../../lib/i18n/i18n.svelte';

/** What nobody asked for, and coordinators alone see. */
export const UNASKED = 'unasked';
/** A choice: the file is left out. On its way to Rust it is empty. */
export const LEAVE_OUT = '@out';

/** A file about which somebody has to say something: it fits no application, or nothing that is asked for. */
export function asks({ outcome }: FiledView): boolean {
  return outcome === UNASKED || outcome === 'no-application' || outcome === 'row-refused' || outcome === 'not-in-table';
}

/** A file that stays out though nothing is wrong with it. */
export function staysOut(file: FiledView): boolean {
  return file.outcome === 'left-out' || (asks(file) && file.outcome !== UNASKED);
}

/** What a file can be, for a list of choices; `first` says what nothing chosen means. */
export function kinds(slots: SlotView[], first: string): { value: string; label: string }[] {
  return [{ value: '', label: first }, ...slots.map(({ key, label }) => ({ value: key, label })), { value: UNASKED, label: t('placing.unasked') }];
}

/** What a choice is called: an attachment, what nobody asked for, or left out. */
export function called(slots: SlotView[], slot: string): string {
  if (slot === '') return t('placing.out');
  return slot === UNASKED ? t('placing.unasked') : (slots.find(({ key }) => key === slot)?.label ?? slot);
}

/** What became of a file; an unknown word stands for itself. */
export function fate({ outcome }: FiledView): string {
  return say(`placing.fate.${outcome}`) ?? outcome;
}

/** The row that is meant by a number or a name: the one of that number, else the only one that has what was typed. */
export function meant(rows: IntakeRow[], typed: string): IntakeRow | null {
  const wanted = typed.trim().toLowerCase();
  if (wanted === '') return null;
  const same = rows.find(({ key }) => key.toLowerCase() === wanted);
  if (same !== undefined) return same;
  const found = rows.filter(({ key, title }) => key.toLowerCase().includes(wanted) || title.toLowerCase().includes(wanted));
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** Files and what became of them, to paste into a mail or a spreadsheet. */
export function asLines(files: FiledView[]): string {
  return files.map((file) => [file.at, file.application ?? '', fate(file)].join('\t')).join('\n');
}
