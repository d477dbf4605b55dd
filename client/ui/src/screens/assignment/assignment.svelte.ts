// The assignment of one round: what is shown, what was proposed last, and the acts on the draft. The search goes on while the person
// looks at something else, and is stopped from here. Not how it is shown.
import { backend } from '../../lib/backend';
import type { AssignmentRules, AssignmentTable, ProposalView } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';
import { app } from '../../lib/state/app.svelte';
import { View } from '../../lib/state/view.svelte';
import { TypedRules } from './rules.svelte';

/** What a search found, for which round, and whether it was for further readers. */
interface Found {
  round: string;
  proposal: ProposalView;
  further: boolean;
}

export class Assigning {
  round = $state<string | null>(null);
  /** What is asked for, as it is typed; null until it was read. */
  typed = $state.raw<TypedRules | null>(null);
  found = $state.raw<Found | null>(null);
  /** Whether the search that was made last was for further readers. */
  further = $state(false);
  taken = $state.raw<AssignmentTable | null>(null);
  readonly view = new View(() => backend.assignment(this.round));
  readonly light = new View(() => backend.assignmentLight(this.round ?? this.view.value?.round ?? ''));
  readonly search = new Act();
  readonly act = new Act();
  #stopping = false;

  /** Shows another round; what was asked for in this one is forgotten here, and kept by the device. */
  async show(round: string): Promise<void> {
    this.round = round;
    this.typed = null;
    this.#forgetFailures();
    await this.load();
  }

  async load(): Promise<void> {
    await this.view.load();
    // What was typed stays typed when something else changes.
    if (this.typed === null && this.view.value !== null) this.typed = new TypedRules(this.view.value.rules);
    if (this.view.value !== null) await this.light.load();
  }

  follow(): () => void {
    this.#forgetFailures();
    void this.load();
    return backend.onChanged(() => void this.load());
  }

  /** Forgets everything: whoever comes next begins anew. */
  forget(): void {
    this.#stopping = true;
    this.round = null;
    this.typed = null;
    this.found = null;
    this.further = false;
    this.taken = null;
    this.view.value = null;
    this.light.value = null;
    this.#forgetFailures();
  }

  /** What failed is of no use on another screen, or for another round. */
  #forgetFailures(): void {
    this.search.failure = null;
    this.act.failure = null;
  }

  get here(): string {
    return this.view.value?.round ?? '';
  }

  /** What was found for the round that is shown. */
  get proposal(): ProposalView | null {
    return this.found?.round === this.here ? this.found.proposal : null;
  }

  get ofFurther(): boolean {
    return this.found?.further ?? false;
  }

  /** What is asked for; where a number that is typed is none, what was asked for before. */
  get rules(): AssignmentRules | null {
    return this.typed?.value ?? this.view.value?.rules ?? null;
  }

  /** Searches, for first readers or for further ones. What is not whole becomes the draft only where `partial` says so. */
  async propose(partial: boolean, further = false): Promise<void> {
    const { typed, here: round } = this;
    if (typed === null) return;
    typed.tried = true;
    const rules = typed.value;
    if (rules === null) return;
    await this.search.run(async () => {
      this.#stopping = false;
      this.further = further;
      const proposal = await (further ? backend.proposeFurther(round, rules, partial) : backend.propose(round, rules, partial));
      this.found = { round, proposal, further };
    });
    // Whoever stopped it knows.
    if (this.#stopping && this.search.failure?.code === 'stopped') this.search.failure = null;
  }

  stop(): Promise<void> {
    this.#stopping = true;
    return backend.stopProposal();
  }

  async swap(application: string, out: string | null, into: string | null, reason = ''): Promise<boolean> {
    return this.act.run(() => backend.swapReader(this.here, application, out, into, reason));
  }

  async discard(): Promise<void> {
    await this.act.run(async () => {
      await backend.discardDraft();
      this.found = null;
    });
  }

  async import(): Promise<void> {
    await this.act.run(async () => {
      this.taken = await backend.importAssignment(this.here);
    });
  }
}

/** The one that the screen shows: it outlasts the screen, and nobody else's unlocking. */
export const assigning = new Assigning();

$effect.root(() => {
  $effect(() => {
    if (app.me === null) assigning.forget();
  });
});
