// The assignment of one round: what is shown, what was proposed last, and the acts on the draft. The search goes on while the person
// looks at something else, and is stopped from here. Not how it is shown.
import { backend } from '../../lib/backend';
import type { AssignmentRules, AssignmentTable, ProposalView } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';
import { View } from '../../lib/state/view.svelte';

export class Assigning {
  round = $state<string | null>(null);
  rules = $state<AssignmentRules | null>(null);
  proposal = $state.raw<ProposalView | null>(null);
  /** Whether the search that was made last was for further readers, and whether the proposal is of them. */
  further = $state(false);
  ofFurther = $state(false);
  taken = $state.raw<AssignmentTable | null>(null);
  readonly view = new View(() => backend.assignment(this.round));
  readonly light = new View(() => backend.assignmentLight(this.round ?? this.view.value?.round ?? ''));
  readonly search = new Act();
  readonly act = new Act();

  /** Shows another round; what was asked for in this one is forgotten here, and kept by the device. */
  async show(round: string): Promise<void> {
    this.round = round;
    this.rules = null;
    this.proposal = null;
    await this.load();
  }

  async load(): Promise<void> {
    await this.view.load();
    // What was typed stays typed when something else changes.
    if (this.rules === null && this.view.value !== null) this.rules = { ...this.view.value.rules };
    if (this.view.value !== null) await this.light.load();
  }

  follow(): () => void {
    void this.load();
    return backend.onChanged(() => void this.load());
  }

  get here(): string {
    return this.view.value?.round ?? '';
  }

  /** Searches, for first readers or for further ones. What is not whole becomes the draft only where `partial` says so. */
  async propose(partial: boolean, further = false): Promise<void> {
    const { rules } = this;
    if (rules === null) return;
    this.further = further;
    await this.search.run(async () => {
      const asked = [this.here, $state.snapshot(rules), partial] as const;
      this.proposal = await (further ? backend.proposeFurther(...asked) : backend.propose(...asked));
      this.ofFurther = further;
    });
    // Whoever stopped it knows.
    if (this.search.failure?.code === 'stopped') this.search.failure = null;
  }

  stop(): Promise<void> {
    return backend.stopProposal();
  }

  async swap(application: string, out: string | null, into: string | null, reason = ''): Promise<boolean> {
    return this.act.run(() => backend.swapReader(this.here, application, out, into, reason));
  }

  async discard(): Promise<void> {
    await this.act.run(async () => {
      await backend.discardDraft();
      this.proposal = null;
    });
  }

  async import(): Promise<void> {
    await this.act.run(async () => {
      this.taken = await backend.importAssignment(this.here);
    });
  }
}
