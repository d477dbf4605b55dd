// A check of everything on this device and the repair of what it found: one at a time, with how far it is. Not the words.
import { backend } from '../../lib/backend';
import type { CareProgress, CheckView, FoundLine, RepairView } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';

export class Care {
  act = new Act();
  progress = $state.raw<CareProgress | null>(null);
  checked = $state.raw<CheckView | null>(null);
  repaired = $state.raw<RepairView | null>(null);
  /** What is under way, or was done last. */
  doing = $state<'check' | 'repair'>('check');

  /** True where somebody ended it; nothing was changed then. */
  get ended(): boolean {
    return this.act.failure?.code === 'cancelled';
  }

  check(): Promise<void> {
    return this.#run('check', async () => {
      this.checked = await backend.checkDevice();
    });
  }

  repair(): Promise<void> {
    return this.#run('repair', async () => {
      this.repaired = await backend.repairDevice();
    });
  }

  stop(): void {
    void backend.cancel();
  }

  async #run(doing: Care['doing'], work: () => Promise<void>): Promise<void> {
    if (this.act.busy) return;
    Object.assign(this, { doing, checked: null, repaired: null });
    const stop = backend.onCareProgress((progress) => (this.progress = progress));
    await this.act.run(work);
    stop();
    this.progress = null;
  }
}

/** How many of all kinds together. */
export function sum(lines: FoundLine[]): number {
  return lines.reduce((all, line) => all + line.count, 0);
}
