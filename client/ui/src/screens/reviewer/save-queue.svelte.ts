// Saves what is being written: half a second after the last key at the latest, at once where the person leaves, one saving at a
// time, the newest contents last; a failure is tried again by itself. It is saved for whoever wrote it, in the programme it was
// written in, and nowhere else. Not what is saved.
import { SvelteSet } from 'svelte/reactivity';
import type { Failure } from '../../lib/backend/contract';
import { app } from '../../lib/state/app.svelte';
import { failure } from '../../lib/state/failure';

export const SAVE_AFTER_MS = 400;
export const RETRY_AFTER_MS = 3000;

/** What was written and is not saved, of every queue that there is. */
const waiting = new SvelteSet<SaveQueue>();

/** True while something was written that is not saved. */
export const anythingUnsaved = (): boolean => waiting.size > 0;

/** The code of what is not saved because another programme is open, or somebody else is here: trying again does not help. */
export const ELSEWHERE = 'elsewhere';

/** Why something could not be saved, first what trying again may help; null where nothing failed. */
export function whyUnsaved(): Failure | null {
  const failures = [...waiting].map((queue) => queue.failure).filter((failure) => failure !== null);
  return failures.find(({ code }) => code !== ELSEWHERE) ?? failures[0] ?? null;
}

/** What fails again and again of whoever is here. */
const stuck = (): SaveQueue[] => [...waiting].filter(({ failure, whose }) => failure !== null && whose === whoIsHere());

/** What was typed and could not be saved, of whoever is here alone. */
export const unsavedWords = (): string => stuck().flatMap((queue) => queue.words()).filter((words) => words.trim() !== '').join('\n\n');

/** Gives up what could not be saved, of whoever is here alone: nothing of it is written any more. */
export async function putAway(): Promise<void> {
  await Promise.all(stuck().map((queue) => queue.putAway()));
}

/** Tries to save all of it. */
export async function saveAll(): Promise<void> {
  await Promise.all([...waiting].map((queue) => queue.flush()));
}

/** Who is here, in which programme. */
export const whoIsHere = (): string => `${app.me?.programmeId ?? ''} ${app.me?.memberId ?? ''}`;

/** What was opened last, and all that holds something unsaved: whoever comes back to it finds it. */
export class Held<T extends { readonly unsaved: boolean }> {
  readonly #held = new Map<string, T>();

  /** The one of this name that holds something unsaved, else a new one. */
  at(name: string, make: () => T): T {
    for (const [key, one] of this.#held) if (!one.unsaved) this.#held.delete(key);
    const one = this.find(name) ?? make();
    this.#held.set(keyOf(name), one);
    return one;
  }

  /** The one of this name that is open, or was opened last, or holds something unsaved. */
  find(name: string): T | undefined {
    return this.#held.get(keyOf(name));
  }
}

const keyOf = (name: string): string => `${whoIsHere()} ${name}`;

export class SaveQueue {
  /** Whose it is, and in which programme. */
  readonly whose = whoIsHere();
  /** When something was last saved; null: nothing yet since the screen was opened. */
  savedMs = $state<number | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Something was changed and is not saved yet. */
  dirty = $state(false);
  #save: () => Promise<void>;
  /** What is typed, to be read by whoever typed it. */
  readonly words: () => string[];
  #afterMs: number | null;
  #changes = 0;
  /** How many of the changes are saved. */
  #saved = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #running: Promise<void> | null = null;

  /** Saves so long after a change; null: where it is flushed only. */
  constructor(save: () => Promise<void>, words: () => string[] = () => [], afterMs: number | null = SAVE_AFTER_MS) {
    this.#save = save;
    this.words = words;
    this.#afterMs = afterMs;
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
    if (this.#afterMs !== null) this.#timer ??= setTimeout(() => void this.flush(), this.#afterMs);
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

  /** Saves it like `flush`, and throws what failed. */
  async mustFlush(): Promise<void> {
    await this.flush();
    if (this.failure !== null) throw this.failure;
  }

  /** Gives up what is not saved. */
  async putAway(): Promise<void> {
    await this.ended();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#saved = this.#changes;
    this.dirty = false;
    this.failure = null;
    waiting.delete(this);
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

  async #saveHere(): Promise<void> {
    if (whoIsHere() !== this.whose) throw { code: ELSEWHERE, message: 'it belongs to another programme, or to somebody else', hint: null, at: null, row: null, column: null };
    await this.#save();
  }

  async #once(): Promise<void> {
    // What is written from here on is a change of its own.
    const all = this.#changes;
    this.dirty = false;
    try {
      await this.#saveHere();
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
