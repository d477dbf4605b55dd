// Exchange with a relay and by bundle: the plan, one run at a time with its progress, the reports. Lives on while other screens
// are shown. Decides nothing about what is sent.
import { backend } from '../../lib/backend';
import type { BundleIn, BundleLook, BundleOut, BundleTo, ExchangePlan, ExchangeReport, Progress } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';
import { app } from '../../lib/state/app.svelte';
import { View } from '../../lib/state/view.svelte';

export type Files = 'none' | 'light' | 'assigned' | 'all';
export type To = Exclude<BundleTo, object> | 'person';

/** What will travel by a choice of files, and how long that takes at the speed of the last time; null: not known. */
export function estimate(plan: ExchangePlan, files: Files, budgetBytes: number | null, bytesPerSecond: number | null): { bytes: number; ms: number | null } {
  const wanted = files === 'none' ? 0 : files === 'light' ? plan.lightBytes : plan.filesBytes;
  const evidence = Math.min(wanted, budgetBytes ?? wanted);
  const bytes = plan.bytesUp + plan.bytesDown + evidence;
  return { bytes, ms: bytesPerSecond === null ? null : (bytes / bytesPerSecond) * 1000 };
}

/** So little says nothing of how fast a link is. */
const TELLING_BYTES = 20_000;

type Way = 'writing' | 'taking' | 'looking';
const WAYS: Progress['phase'][] = ['writing', 'taking', 'looking'];
const ofBundle = ({ phase }: Progress) => WAYS.includes(phase);

class Exchange {
  plan = new View(() => backend.exchangePlan());
  files = $state<Files>('light');
  budgetBytes = $state<number | null>(null);
  progress = $state.raw<Progress | null>(null);
  report = $state.raw<ExchangeReport | null>(null);
  /** How fast the last exchange was since the window was opened; null: not known. */
  bytesPerSecond = $state<number | null>(null);
  act = new Act();
  to = $state<To>('relay');
  /** Whom a bundle for one person is for; empty: not chosen. */
  member = $state('');
  withFiles = $state(false);
  out = $state.raw<BundleOut | null>(null);
  taken = $state.raw<BundleIn[]>([]);
  /** What was looked into before it is taken in. */
  looked = $state.raw<BundleLook[]>([]);
  bundling = new Act();
  /** How far a bundle is that is written or taken in. */
  carried = $state.raw<Progress | null>(null);
  /** What came of stopping one: nothing was written or taken in, or some files were taken in and others not at all. */
  stopped = $state<Way | 'some' | null>(null);
  #ended = false;
  #of = '';
  #next: string[] = [];

  /** What is told belongs to one person of one programme. */
  belongTo(member: string): void {
    if (this.#of === member) return;
    this.#of = member;
    Object.assign(this, { report: null, out: null, taken: [], looked: [], stopped: null, files: 'light', budgetBytes: null, to: 'relay', member: '' });
    this.act.failure = null;
    this.bundling.failure = null;
  }

  async run(): Promise<void> {
    this.report = null;
    const stop = backend.onProgress((progress) => {
      if (!ofBundle(progress)) this.progress = progress;
    });
    const begun = performance.now();
    await this.act.run(async () => {
      const report = await backend.exchange({ files: this.files, budgetBytes: this.files === 'none' ? null : this.budgetBytes });
      const bytes = report.bytesUp + report.bytesDown;
      if (bytes >= TELLING_BYTES) this.bytesPerSecond = (bytes / (performance.now() - begun)) * 1000;
      this.report = report;
    });
    stop();
    this.progress = null;
    await app.refresh();
    await this.plan.load();
  }

  cancel(): void {
    void backend.cancel();
  }

  async writeBundle(): Promise<void> {
    await this.#carry('writing', async () => {
      this.out = (await backend.bundleOut(this.to === 'person' ? { member: this.member } : this.to, this.withFiles)) ?? this.out;
    });
  }

  /** Ends the bundle that is under way; nothing half is left. */
  stopBundle(): void {
    this.#ended = true;
    void backend.stopBundle();
  }

  /** Writes or takes in, with the progress shown; being stopped is no failure. */
  async #carry(way: Way, work: () => Promise<void>): Promise<void> {
    this.stopped = null;
    this.#ended = false;
    const stop = backend.onProgress((progress) => {
      if (ofBundle(progress)) this.carried = progress;
    });
    await this.bundling.run(work);
    stop();
    this.carried = null;
    if (this.#ended && this.bundling.failure?.code === 'cancelled') {
      this.bundling.failure = null;
      this.stopped = way;
      // What came of an earlier one would seem to have come of this one.
      if (way === 'writing') this.out = null;
      else if (way === 'taking') this.taken = [];
    }
  }

  /** Looks into bundles that the system asks for; nothing is taken in. */
  async lookAt(): Promise<void> {
    await this.#carry('looking', async () => {
      this.looked = (await backend.inspectBundles(null)) ?? this.looked;
    });
  }

  /** Takes in what was looked into, as far as it is this programme's. */
  async takeLooked(): Promise<void> {
    const paths = this.looked.filter(({ ours }) => ours).map(({ path }) => path);
    this.looked = [];
    await this.takeBundles(paths);
  }

  /** Takes bundles in by their paths; null: the system asks which. */
  async takeBundles(paths: string[] | null): Promise<void> {
    if (this.bundling.busy && paths !== null) {
      this.#next.push(...paths);
      return;
    }
    await this.#carry('taking', async () => {
      const taken = await backend.bundleIn(paths);
      this.taken = taken ?? this.taken;
      // Stopped too late for a file, it was taken in; where it was the last one, nothing is left out.
      if (this.#ended && taken !== null && (paths === null || taken.length < paths.length)) this.stopped = 'some';
    });
    await app.refresh();
    // What was opened meanwhile.
    const next = this.#next.splice(0);
    if (next.length > 0) await this.takeBundles(next);
  }
}

export const exchanger = new Exchange();
