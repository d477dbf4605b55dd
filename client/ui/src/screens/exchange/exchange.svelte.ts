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
  /** What came of each file that was to be taken in. */
  taken = $state.raw<BundleIn[]>([]);
  /** What was looked into before it is taken in. */
  looked = $state.raw<BundleLook[]>([]);
  writing = new Act();
  taking = new Act();
  looking = new Act();
  /** Whether a bundle is written, or some are taken in or looked into. */
  carrying = $state(false);
  /** How far a bundle is that is written, taken in or looked into. */
  carried = $state.raw<Progress | null>(null);
  /** What came of stopping one: nothing was written or taken in, or some files were taken in and others not at all. */
  stopped = $state<Way | 'some' | null>(null);
  #ended = false;
  #of = '';
  /** Files that were dropped or opened while another was carried. */
  #waiting: string[] = [];

  /** What is told belongs to one person of one programme. */
  belongTo(member: string): void {
    if (this.#of === member) return;
    this.#of = member;
    this.#waiting = [];
    Object.assign(this, { report: null, out: null, taken: [], looked: [], stopped: null, files: 'light', budgetBytes: null, to: 'relay', member: '' });
    this.act.failure = null;
    this.writing.failure = null;
    this.taking.failure = null;
    this.looking.failure = null;
  }

  /** Exchanges with the relay; whether it succeeded. */
  async run(files = this.files): Promise<boolean> {
    this.report = null;
    const stop = backend.onProgress((progress) => {
      if (!ofBundle(progress)) this.progress = progress;
    });
    const begun = performance.now();
    const done = await this.act.run(async () => {
      const report = await backend.exchange({ files, budgetBytes: files === 'none' ? null : this.budgetBytes });
      const bytes = report.bytesUp + report.bytesDown;
      if (bytes >= TELLING_BYTES) this.bytesPerSecond = (bytes / (performance.now() - begun)) * 1000;
      this.report = report;
    });
    stop();
    this.progress = null;
    await app.refresh();
    return done;
  }

  cancel(): void {
    void backend.cancel();
  }

  async writeBundle(): Promise<void> {
    if (this.carrying) return;
    await this.#alone(async () => {
      const done = await this.#carry('writing', async () => {
        this.out = (await backend.bundleOut(this.to === 'person' ? { member: this.member } : this.to, this.withFiles)) ?? this.out;
      });
      // What came of an earlier one would seem to have come of this one.
      if (!done) this.out = null;
    });
  }

  /** Takes bundles in by their paths; null: the system asks which. While one is carried they wait for it. */
  async takeBundles(paths: string[] | null): Promise<void> {
    if (this.carrying) this.#waiting.push(...(paths ?? []));
    else await this.#alone(() => this.#take(paths, []));
  }

  /** Looks into bundles that the system asks for; nothing is taken in. */
  async lookAt(): Promise<void> {
    if (this.carrying) return;
    await this.#alone(async () => {
      await this.#carry('looking', async () => {
        this.looked = (await backend.inspectBundles(null)) ?? this.looked;
      });
    });
  }

  /** Takes in what was looked into, as far as it is this programme's. */
  async takeLooked(): Promise<void> {
    const paths = this.looked.filter(({ ours }) => ours).map(({ path }) => path);
    this.looked = [];
    await this.takeBundles(paths);
  }

  /** Ends the bundle that is under way; nothing half is left. */
  stopBundle(): void {
    this.#ended = true;
    void backend.stopBundle();
  }

  /** Does one thing at a time; what was dropped meanwhile comes after it. */
  async #alone(work: () => Promise<void>): Promise<void> {
    this.carrying = true;
    this.stopped = null;
    await work();
    while (this.#waiting.length > 0) await this.#take(this.#waiting.splice(0), this.taken);
    this.carrying = false;
  }

  /** Takes them in, and tells of them after those that came before. */
  async #take(paths: string[] | null, before: BundleIn[]): Promise<void> {
    const done = await this.#carry('taking', async () => {
      const taken = await backend.bundleIn(paths);
      if (taken === null) return;
      this.taken = [...before, ...taken];
      // Stopped too late for a file, it was taken in; where it was the last one, nothing is left out.
      if (this.#ended && (paths === null || taken.length < paths.length)) this.stopped = 'some';
    });
    if (!done) this.taken = before;
    await app.refresh();
  }

  /** Writes, takes in or looks into, with the progress shown; being stopped is no failure. Whether it succeeded. */
  async #carry(way: Way, work: () => Promise<void>): Promise<boolean> {
    this.#ended = false;
    const stop = backend.onProgress((progress) => {
      if (ofBundle(progress)) this.carried = progress;
    });
    const act = this[way];
    const done = await act.run(work);
    stop();
    this.carried = null;
    if (this.#ended && act.failure?.code === 'cancelled') {
      act.failure = null;
      this.stopped = way;
    }
    return done;
  }
}

export const exchanger = new Exchange();
