// Saves what is being written: half a second after the last key at the latest, at once where the person leaves, one saving at a
// time, the newest contents last; a failure is tried again by itself. Not what is saved.
import { SvelteSet } from 'svelte/reactivity';
import type { Failure } from '../../lib/backend/contract';
import { failure } from '../../lib/state/failure';

export const SAVE_AFTER_MS = 400;
export const RETRY_AFTER_MS = 3000;

/** What was written and is not saved, of every queue that there is. */
const waiting = new SvelteSet<SaveQueue>();

/** True while something was written that is not saved. */
export const anythingUnsaved = (): boolean => waiting.size > 0;

/** Why something could not be saved; null where nothing failed. */
export const whyUnsaved = (): Failure | null => [...waiting].find((queue) => queue.failure !== null)?.failure ?? null;

/** Tries to save all of it. */
export async function saveAll(): Promise<void> {
  await Promise.all([...waiting].map((queue) => queue.flush()));
}

export class SaveQueue {
  /** When something was last saved; null: nothing yet since the screen was opened. */
  savedMs = $state<number | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Something was changed and is not saved yet. */
  dirty = $state(false);
  #save: () => Promise<void>;
  #changes = 0;
  /** How many of the changes are saved. */
  #saved = 0;
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

  /** Whether something of it is not saved, or is being saved. */
  get unsaved(): boolean {
    return waiting.has(this);
  }

  /** Comes back once no saving is under way. */
  async ended(): Promise<void> {
    await this.#running;
  }

  /** Saves what is not saved yet; comes back once all that was written by now is saved, or failed. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const all = this.#changes;
    while (this.#saved < all) {
      await (this.#running ??= this.#once());
      if (this.failure !== null) return;
    }
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
    const all = this.#changes;
    this.dirty = false;
    try {
      await this.#save();
      this.#saved = all;
      this.savedMs = Date.now();
      this.failure = null;
      if (!this.dirty) waiting.delete(this);
    } catch (thrown) {
      this.dirty = true;
      this.failure = failure(thrown);
      this.#timer ??= setTimeout(() => void this.flush(), RETRY_AFTER_MS);
    } finally {
      this.#running = null;
    }
  }
}
