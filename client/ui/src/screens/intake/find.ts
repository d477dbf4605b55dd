// Finding one application by its number. Not a search in texts.
import type { Backend, BoardRow } from '../../lib/backend/contract';

/** The application of this number; null where there is none. */
export async function findByKey(backend: Backend, key: string): Promise<BoardRow | null> {
  const wanted = key.trim();
  if (wanted === '') return null;
  const { rows } = await backend.boardPage({ text: wanted, stage: null, field: null, value: null, sort: 'key', descending: false, offset: 0, limit: 100 });
  const same = (row: BoardRow) => row.key.toLowerCase() === wanted.toLowerCase();
  return rows.find(same) ?? (rows.length === 1 ? (rows[0] ?? null) : null);
}
