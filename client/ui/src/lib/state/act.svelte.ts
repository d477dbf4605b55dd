// An act that takes a moment: whether it is under way, and how it failed. Not what it does.
import { untrack } from 'svelte';
import type { Failure } from '../backend/contract';
import { failure } from './failure';

let running = 0;

/** Whether any act is under way: nothing locks by itself before it is through. */
export const anythingRunning = () => running > 0;

export class Act {
  busy = $state(false);
  failure = $state.raw<Failure | null>(null);

  /** Does it, once at a time; whether it succeeded. */
  async run(work: () => Promise<void>): Promise<boolean> {
    // An effect that starts an act must not run again because the act ended.
    if (untrack(() => this.busy)) return false;
    this.busy = true;
    this.failure = null;
    running += 1;
    try {
      await work();
      return true;
    } catch (thrown) {
      this.failure = failure(thrown);
      return false;
    } finally {
      this.busy = false;
      running -= 1;
    }
  }
}
