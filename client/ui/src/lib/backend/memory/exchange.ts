// Exchange with a relay and by bundle over the invented world, and search in it.
import type { Backend, BundleIn, BundleLook, Progress } from '../contract';
import { COUNTRIES, ORGANISATIONS } from './names';
import { PAGE_TEXT, files, sections } from './dossiers';
import { DAY, HOUR, type World } from './world';

type Part = Pick<
  Backend,
  'exchangeState' | 'exchangePlan' | 'exchange' | 'cancel' | 'onProgress' | 'bundleOut' | 'bundleIn' | 'inspectBundles' | 'stopBundle' | 'search'
>;

const STEPS: Progress['phase'][] = ['connecting', 'sending', 'receiving', 'reading', 'files', 'done'];

export function exchange(world: World): Part {
  const hearers = new Set<(progress: Progress) => void>();
  let stopped = false;
  let wake = () => {};
  /** Waits a step, or until somebody had enough. */
  const step = () =>
    new Promise<void>((done) => {
      const timer = setTimeout(done, world.stepMs);
      wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  /** Tells of a bundle on its way; whether somebody had enough. */
  async function carried(phase: 'writing' | 'taking' | 'looking', bytesTotal: number): Promise<boolean> {
    for (const part of [0, 0.35, 0.7, 1]) {
      for (const hear of hearers) hear({ phase, bytesDone: bytesTotal * part, bytesTotal, secondsLeft: null });
      if (hearers.size > 0 && part < 1 && !stopped) await step();
      if (stopped) return true;
    }
    return false;
  }
  const outbox = () => world.tasks.filter((task) => task.state === 'in-outbox').length;
  return {
    exchangeState: () =>
      Promise.resolve({ outbox: outbox(), lastExchangeMs: world.lastExchangeMs, relayKnown: world.scenario !== 'rehearsal', running: false }),
    exchangePlan: () => {
      const fresh = world.lastExchangeMs !== null && Date.now() - world.lastExchangeMs < HOUR;
      return Promise.resolve({
        packsUp: outbox(), bytesUp: outbox() * 9_400, packsDown: fresh ? 0 : 14, bytesDown: fresh ? 0 : 1_180_000, files: 31,
        filesBytes: 62_400_000, light: 9, lightBytes: 1_310_000,
      });
    },
    exchange: async (options) => {
      world.cancelled = false;
      for (const [at, phase] of STEPS.entries()) {
        for (const hear of hearers) hear({ phase, bytesDone: at * 240_000, bytesTotal: 1_200_000, secondsLeft: at === 0 ? null : (STEPS.length - at) * 8 });
        await new Promise((done) => setTimeout(done, world.stepMs));
        if (world.cancelled) throw cancelled();
      }
      const sent = outbox();
      world.tasks = world.tasks.map((task) => (task.state === 'in-outbox' ? { ...task, state: 'held-by-relay' } : task));
      for (const application of world.declarations.keys()) world.told.add(application);
      world.lastExchangeMs = Date.now();
      world.changed();
      const came = options.files === 'none' ? 0 : options.files === 'light' ? 9 : 12;
      return {
        relay: 'relay.seminar.example', newPacks: 14, receipts: sent, waiting: 0, refused: 0, outbox: 0, filesSent: 0,
        filesReceived: came, filesLeft: 31 - came, bytesUp: sent * 9_400, bytesDown: 1_180_000, leftBytes: came === 0 ? 62_400_000 : 38_100_000,
        warnings: [],
      };
    },
    cancel: () => {
      world.cancelled = true;
      return Promise.resolve();
    },
    onProgress: (hear) => {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    bundleOut: async (to, files) => {
      stopped = false;
      const bytes = files ? 8_200_000 : 41_000;
      if (await carried('writing', bytes)) throw cancelled();
      return { path: typeof to === 'string' ? '/media/usb/parcel.tessera' : '/media/usb/person.tessera', parts: files ? 3 : 1, bytes, packs: 6 };
    },
    bundleIn: async (paths) => {
      stopped = false;
      const taken: BundleIn[] = [];
      for (const path of paths ?? ['/media/usb/from-coordinator.tessera']) {
        if (await carried('taking', 2_400_000)) {
          if (taken.length === 0) throw cancelled();
          break;
        }
        // A file that is called so is no whole bundle here.
        if (path.includes('damaged')) taken.push({ path, failure: damaged(path), newPacks: 0, known: 0, refused: 0, waiting: 0, receipts: 0, warnings: [] });
        else taken.push({ path, failure: null, newPacks: 9, known: 3, refused: 0, waiting: 0, receipts: 4, warnings: [] });
      }
      world.changed();
      return taken;
    },
    inspectBundles: async (paths) => {
      stopped = false;
      if (await carried('looking', 2_400_000)) throw cancelled();
      return (paths ?? ['/media/usb/from-coordinator.tessera', '/media/usb/youth-justice.tessera']).map((path) => look(world, path));
    },
    stopBundle: () => {
      stopped = true;
      wake();
      return Promise.resolve();
    },
    search: (text) => Promise.resolve(find(world, text)),
  };
}

/** A bundle of a coordinator; one whose name says so is another programme's. */
function look(world: World, path: string): BundleLook {
  const ours = !path.includes('youth');
  return {
    path, ours, from: ours ? 'Nguyễn Thị Hoa' : null, device: ours ? '5b1f0c9de2a84f6c9d0e7a31b2c4d5e6' : 'c07d11f2a3b44c5d8e9f0a1b2c3d4e5f', addressee: ours ? (world.me?.name ?? '') : null,
    forOther: false, part: 1, parts: 1, packs: 12, fresh: ours ? 9 : 12, packBytes: 186_000, files: 4, fileBytes: 2_210_000, writtenMs: world.now - DAY, afterMs: ours ? world.now - 2 * DAY : null,
    authors: ours ? [{ name: 'Nguyễn Thị Hoa', packs: 9 }, { name: '陈思远', packs: 2 }, { name: null, packs: 1 }] : [{ name: null, packs: 12 }],
  };
}

const damaged = (at: string) => ({ code: 'forged', message: 'the bundle is damaged or not whole', hint: null, at, row: null, column: null });
const cancelled = () => ({ code: 'cancelled', message: 'ended on request', hint: null, at: null, row: null, column: null });

/** A word, with some of what stands before and after it. */
function around(whole: string, at: number, end: number) {
  const [start, stop] = [Math.max(0, at - 60), Math.min(whole.length, end + 90)];
  return { before: (start > 0 ? '…' : '') + whole.slice(start, at), word: whole.slice(at, end), after: whole.slice(end, stop) + (stop < whole.length ? '…' : '') };
}

/** Plain search without accents and case; the real one is an index. */
function find(world: World, text: string): Awaited<ReturnType<Backend['search']>> {
  const wanted = plain(text.trim());
  if (wanted === '') return [];
  const hits: Awaited<ReturnType<Backend['search']>> = [];
  for (const task of world.tasks.filter((each) => each.readable)) {
    const places: [string, string, string][] = [
      ['card', 'Organisation', ORGANISATIONS[task.place - 1] ?? ''],
      ['card', 'Country', COUNTRIES[task.place - 1] ?? ''],
      ['note', '', world.notes.get(task.application) ?? ''],
      ...sections(task.place - 1).map((section): [string, string, string] => ['dossier', section.label, section.text]),
    ];
    for (const [kind, field, whole] of places) {
      const at = plain(whole).indexOf(wanted);
      if (at < 0) continue;
      const end = at + wanted.length;
      hits.push({
        application: task.application, label: task.label, round: task.round, kind, field, member: null, memberId: null,
        ...around(whole, at, end), file: null,
      });
    }
    for (const [nth, file] of files(task.place - 1).entries()) {
      const pages = nth === 0 ? PAGE_TEXT : (world.typed.get(file.handle)?.pages ?? []);
      for (const [index, whole] of pages.entries()) {
        const at = plain(whole).indexOf(wanted);
        if (at < 0) continue;
        const end = at + wanted.length;
        hits.push({
          application: task.application, label: task.label, round: task.round, kind: 'file', field: file.slotLabel, member: null, memberId: null,
          ...around(whole, at, end),
          file: { name: file.name, page: index + 1, contents: file.contents },
        });
      }
    }
  }
  return hits;
}

function plain(text: string): string {
  return [...text].map((sign) => sign.normalize('NFD')[0]?.toLowerCase() ?? sign).join('');
}
