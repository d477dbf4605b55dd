// The calculation of severity, which takes seconds on many reads: it is begun when somebody asks, goes on while that person looks
// elsewhere, and is marked once what it was made from has changed. Not how it is shown.
import { backend } from '../../lib/backend';
import type { Failure, SeverityView } from '../../lib/backend/contract';
import { app } from '../../lib/state/app.svelte';
import { failure } from '../../lib/state/failure';

class Severity {
  value = $state.raw<SeverityView | null>(null);
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
    this.value = null;
    this.failure = null;
    this.busy = false;
    this.stale = false;
  }

  async calculate(round: string | null): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    this.failure = null;
    try {
      const value = await backend.severity(round);
      if (turn !== this.#turn) return;
      this.value = value;
      this.stale = false;
    } catch (thrown) {
      if (turn === this.#turn) this.failure = failure(thrown);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}

export const severity = new Severity();
