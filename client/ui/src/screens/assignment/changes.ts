// What a draft changes, for lists. Not the draft itself.
import type { ReadBy, ReaderLoad } from '../../lib/backend/contract';

/** Whether a draft gives or takes a reader here. */
export function changed(row: ReadBy): boolean {
  return row.readers.some(({ state }) => state !== 'kept');
}

/** What is to be said of a load: too few, too many, nothing came yet. */
export function remark(reader: ReaderLoad): 'unable' | 'over' | 'under' | 'silent' | null {
  if (reader.unable !== null) return 'unable';
  if (reader.load > reader.max) return 'over';
  if (reader.load < reader.min) return 'under';
  return reader.load - reader.added > 0 && reader.read === 0 ? 'silent' : null;
}
