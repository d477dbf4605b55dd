// The calculation of severity, which takes seconds on many reads: it is begun when somebody asks, goes on while that person looks
// elsewhere, is stopped from here, and is marked once what it was made from has changed. One round's at a time. Not how it is shown.
import { backend } from '../../lib/backend';
import type { Failure, SeverityView } from '../../lib/backend/contract';
import { app } from '../../lib/state/app.svelte';
import { failure } from '../../lib/state/failure';

class Severity {
  /** The round that is calculated, or was; null: all. */
  round = $state<string | null>(null);
  /** What was calculated last, and of which round: it stays until another one's is here. */
  value = $state.raw<SeverityView | null>(null);
  of = $state<string | null>(null);
  failure = $state.raw<Failure | null>(null);
  busy = $state(false);
  stale = $state(false);
  #turn = 0;

  constructor() {
    backend.onChanged(() => (this.stale = this.value !== null));
    $effect.root(() => {
      $effect(() => {
        if (app.me === null) this.forget();
      });
    });
  }

  forget(): void {
    this.#turn += 1;
    this.round = null;
    this.value = null;
    this.of = null;
    this.failure = null;
    this.busy = false;
    this.stale = false;
  }

  /** Calculates a round's; what was under way of another one ends. */
  async calculate(round: string | null): Promise<void> {
    const turn = ++this.#turn;
    this.round = round;
    this.busy = true;
    this.failure = null;
    try {
      const value = await backend.severity(round);
      if (turn !== this.#turn) return;
      this.value = value;
      this.of = round;
      this.stale = false;
    } catch (thrown) {
      if (turn === this.#turn) this.failure = failure(thrown);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }

  /** Ends what is under way; what was calculated before stays. */
  async stop(): Promise<void> {
    this.#turn += 1;
    this.busy = false;
    try {
      await backend.stopSeverity();
    } catch (thrown) {
      this.failure = failure(thrown);
    }
  }
}

export const severity = new Severity();
