// A view model of the backend on a screen: read at once, read again when something changed. Not a cache: each screen has its own.
import { backend } from '../backend';
import type { Failure } from '../backend/contract';
import { failure } from './failure';

export class View<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  busy = $state(false);
  #read: () => Promise<T>;
  #turn = 0;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** Reads the view; of two readings under way only the later one counts. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    try {
      const value = await this.#read();
      if (turn !== this.#turn) return;
      this.value = value;
      this.failure = null;
    } catch (thrown) {
      if (turn === this.#turn) this.failure = failure(thrown);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }

  /** Loads it and follows changes while the component lives: for `$effect(() => view.follow())`. */
  follow(): () => void {
    void this.load();
    return backend.onChanged(() => void this.load());
  }
}
