// What a proposal goes by, as it is typed: what is no number is kept, and named as an error. Not the form (`RulesForm.svelte`).
import type { AssignmentRules } from '../../lib/backend/contract';
import { Whole } from '../../lib/state/whole.svelte';

export class TypedRules {
  readonly reads: Whole;
  readonly min: Whole;
  readonly max: Whole;
  readonly region: Whole;
  best = $state<AssignmentRules['best']>('total');
  connected = $state(false);
  /** A search was asked for: what is wrong is named beside its field. */
  tried = $state(false);

  constructor({ reads, minLoad, maxLoad, ownRegionMax, best, connected }: AssignmentRules) {
    this.reads = new Whole(reads, 1);
    this.min = new Whole(minLoad, 0);
    this.max = new Whole(maxLoad, 1);
    this.region = new Whole(ownRegionMax, 0, true);
    this.best = best;
    this.connected = connected;
  }

  get crossed(): boolean {
    return this.min.value !== null && this.max.value !== null && this.min.value > this.max.value;
  }

  /** The rules; null where something is wrong with them. */
  get value(): AssignmentRules | null {
    const [reads, minLoad, maxLoad] = [this.reads.value, this.min.value, this.max.value];
    if (reads === null || minLoad === null || maxLoad === null || this.crossed || this.region.wrong) return null;
    return { reads, minLoad, maxLoad, best: this.best, ownRegionMax: this.region.value, connected: this.connected };
  }
}
