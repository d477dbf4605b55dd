// A failure in the hand of the interface. Not its words (`ErrorNote.svelte`).
import type { Failure } from '../backend/contract';

/** Makes a failure of whatever was thrown; nothing is lost in silence. */
export function failure(thrown: unknown): Failure {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) return thrown as Failure;
  return { code: 'unexpected', message: String(thrown), hint: null, at: null, row: null, column: null };
}
