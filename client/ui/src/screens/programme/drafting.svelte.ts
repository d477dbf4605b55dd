// The draft of a definition while somebody types: every change is kept on the device, one write at a time, the last one winning; what
// it lacks comes back with each. Not the published programme.
import { untrack } from 'svelte';
import { backend } from '../../lib/backend';
import type { Failure, FindingLine, ProgrammeDraft } from '../../lib/backend/contract';
import { failure } from '../../lib/state/failure';
import { foundAt, parse, type Definition } from './definition';

export class Drafting {
  definition = $state<Definition>(parse('{}'));
  findings = $state.raw<FindingLine[]>([]);
  failure = $state.raw<Failure | null>(null);
  saved = $state(true);
  #written = '';
  #writing = false;

  constructor(draft: ProgrammeDraft) {
    this.take(draft);
  }

  take(draft: ProgrammeDraft): void {
    this.definition = parse(draft.definition);
    this.findings = draft.findings;
    this.#written = JSON.stringify(this.definition);
  }

  /** Keeps what changed: for `$effect(() => drafting.follow())`. */
  follow(): void {
    const now = JSON.stringify(this.definition);
    untrack(() => {
      if (now !== this.#written) void this.#write();
    });
  }

  get blocking(): FindingLine[] {
    return this.findings.filter(({ blocks }) => blocks);
  }

  at(place: string): FindingLine | undefined {
    return foundAt(this.findings, place);
  }

  async #write(): Promise<void> {
    this.saved = false;
    if (this.#writing) return;
    this.#writing = true;
    try {
      for (let now = JSON.stringify(this.definition); now !== this.#written; now = JSON.stringify(this.definition)) {
        const findings = await backend.draftProgramme(now);
        this.findings = findings;
        this.#written = now;
        this.saved = !findings.some(({ code }) => code === 'refused');
        this.failure = null;
      }
    } catch (thrown) {
      this.failure = failure(thrown);
    } finally {
      this.#writing = false;
    }
  }
}
