// Acts that can be taken back: what was done is said with a way back, and so is how going back went, wherever the person is by then.
// Not the acts themselves.
import { t } from '../i18n/i18n.svelte';
import { why } from './failure';
import { toasts, type Toast } from './toasts.svelte';

/** Says what was done, and offers to take it back; `said` are the words once that is done. */
export function sayUndoable(text: Toast['text'], back: () => Promise<unknown>, more: { said?: Toast['text']; tone?: Toast['tone'] } = {}): void {
  toasts.say(text, more.tone ?? 'good', () => void takeBack(back, more.said));
}

async function takeBack(back: () => Promise<unknown>, said: Toast['text'] | undefined): Promise<void> {
  try {
    await back();
    toasts.say(said ?? t('common.undone'));
  } catch (thrown) {
    toasts.say(t('common.not-undone', { why: why(thrown) }), 'bad');
  }
}
