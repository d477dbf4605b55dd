// Saves what is being written: half a second after the last key at the latest, at once where the person leaves, one saving at a
// time, the newest contents last; a failure is tried again by itself. Not what is saved.
import type { Failure } from '../../lib/backend/contract';
import { failure } from '../../lib/state/failure';

export const SAVE_AFTER_MS = 400;
export const RETRY_AFTER_MS = 3000;

/** What was written and is not saved, of every queue that there is. */
const waiting = new Set<SaveQueue>();

/** True while something was written that is not saved. */
export const anythingUnsaved = (): boolean => waiting.size > 0;

export class SaveQueue {
  /** When something was last saved; null: nothing yet since the screen was opened. */
  savedMs = $state<number | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Something was changed and is not saved yet. */
  dirty = $state(false);
  #save: () => Promise<void>;
  #changes = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #running: Promise<void> | null = null;

  constructor(save: () => Promise<void>) {
    this.#save = save;
  }

  /** Asks, once contents were read that were asked for now, whether they are the newest: nothing was written meanwhile. */
  since(): () => boolean {
    const before = this.#changes;
    const settled = () => !this.dirty && this.#running === null;
    const quiet = settled();
    return () => quiet && settled() && before === this.#changes;
  }

  /** Something changed. The first change starts the clock: typing on does not put saving off. */
  change(): void {
    this.dirty = true;
    this.#changes += 1;
    waiting.add(this);
    this.#timer ??= setTimeout(() => void this.flush(), SAVE_AFTER_MS);
  }

  /** Saves what is not saved yet; comes back once it is, or failed. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#running !== null) await this.#running;
    if (!this.dirty) return;
    this.#running = this.#once();
    await this.#running;
    this.#running = null;
  }

  /** Flushes whenever the window is left; gives back how to stop. */
  watch(): () => void {
    const flush = () => void this.flush();
    const events = [
      [window, 'blur'],
      [window, 'pagehide'],
      [document, 'visibilitychange'],
    ] as const;
    for (const [target, name] of events) target.addEventListener(name, flush);
    return () => {
      for (const [target, name] of events) target.removeEventListener(name, flush);
      flush();
    };
  }

  async #once(): Promise<void> {
    // What is written from here on is a change of its own.
    this.dirty = false;
    try {
      await this.#save();
      this.savedMs = Date.now();
      this.failure = null;
      if (!this.dirty) waiting.delete(this);
    } catch (thrown) {
      this.dirty = true;
      this.failure = failure(thrown);
      this.#timer ??= setTimeout(() => void this.flush(), RETRY_AFTER_MS);
    }
  }
}
