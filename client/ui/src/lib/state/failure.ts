// A failure in the hand of the interface, and the words of one that no place on the page shows. Not those of one that stands where
// the work is (`ErrorNote.svelte`).
import type { Failure } from '../backend/contract';
import { say, t } from '../i18n/i18n.svelte';
import { toasts } from './toasts.svelte';

/** Makes a failure of whatever was thrown; nothing is lost in silence. */
export function failure(thrown: unknown): Failure {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) return thrown as Failure;
  return { code: 'unexpected', message: String(thrown), hint: null, at: null, row: null, column: null };
}

/** Why something failed, in the reader's words where there are any. */
export function why(thrown: unknown): string {
  const { code, message } = failure(thrown);
  return say(`error.${code}`) ?? message;
}

/** Says at the foot of the window, once, what did not work: for `act().catch(sayFailure(…))`. */
export function sayFailure(what: 'common.failed' | 'settings.not-kept' | 'shell.not-locked'): (thrown: unknown) => void {
  return (thrown) => {
    const text = t(what, { why: why(thrown) });
    if (!toasts.shown.some((toast) => toast.text === text)) toasts.say(text, 'bad');
  };
}
