// Looking after the invented device, and coming back on it: a check that finds something for coordinators, a backup, a wipe, the words
// of a sheet on another computer.
import type { Backend, CareProgress, ChosenFile, FoundLine } from '../contract';
import { PASSPHRASE, RECOVERY } from './session';
import { PROGRAMME, refused, type World } from './world';

type Part = Pick<
  Backend,
  | 'recoveryLines' | 'saveRecoveryLines' | 'inspectRecoveryWords' | 'inspectRecoveryLines' | 'chooseRecoveryLines' | 'chooseRecoveryBundle'
  | 'recoverElsewhere' | 'chooseBackup' | 'restoreBackup' | 'checkDevice' | 'repairDevice' | 'onCareProgress' | 'supportReport' | 'saveReport'
  | 'lastBackup' | 'backUp' | 'wiping' | 'wipe'
>;

export const LINES = [
  `Recovery sheet: ${PROGRAMME}`, 'programme 7c1e90b2a4d85f3367e1c09b5a2d4478', 'member    01d4a9c17be34f028c55e0b7d9a3362f', 'device    4f02a9c17be38d41a0c65b9e23f7d118',
  'relay     https://relay.seminar.example', 'relay key 3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
];
const BUNDLE: ChosenFile = { path: '/media/usb/amara-diallo.tessera', name: 'amara-diallo.tessera', bytes: 2_140_000 };
const BACKUP: ChosenFile = { path: '/media/usb/seminar.backup', name: 'seminar.backup', bytes: 18_600_000 };
const PACKS = 1180;
const STEPS = 4;

interface Home { damaged: FoundLine[]; backedUpMs: number | null }
const HOMES = new WeakMap<object, Home>();

export function care(world: World): Part {
  const hearers = new Set<(progress: CareProgress) => void>();
  const home = (): Home => {
    const found = HOMES.get(world.applications) ?? {
      damaged: world.scenario.startsWith('coordinator') ? [{ kind: 'lists', count: 12 }, { kind: 'parcels', count: 1 }] : [],
      backedUpMs: world.scenario === 'admin' ? world.now - 20 * 86_400_000 : null,
    };
    HOMES.set(world.applications, found);
    return found;
  };
  /** Reads everything again, in a few steps; `cancel` ends it, as it ends an exchange. */
  const reading = async () => {
    world.cancelled = false;
    for (let step = 0; step <= STEPS; step += 1) {
      for (const hear of hearers) hear({ done: Math.round((PACKS * step) / STEPS), of: PACKS });
      await new Promise((done) => setTimeout(done, world.stepMs));
      if (world.cancelled) throw { code: 'cancelled', message: 'ended on request', hint: null, at: null };
    }
  };
  const back = (label: string) => {
    world.me = { ...world.person(), state: 'active', checked: true, recoveryKept: false, inKeychain: false };
    world.programmes = [...world.programmes, { folder: 'programme-9', label: label || PROGRAMME, lastOpenedMs: world.now, inKeychain: false }];
    return Promise.resolve(world.me);
  };
  const isSheet = (lines: string) => /programme\s+\S/i.test(lines) && /member\s+\S/i.test(lines);
  const words = (typed: string[]) => typed.every((word, at) => RECOVERY[at] !== undefined && word.slice(0, 4) === RECOVERY[at].slice(0, 4));
  return {
    recoveryLines: () => Promise.resolve([...LINES]),
    saveRecoveryLines: () => Promise.resolve('/media/usb/recovery-lines.txt'),
    inspectRecoveryWords: (typed) => (words(typed) ? Promise.resolve() : refused('paper-wrong', 'the checksum does not fit')),
    inspectRecoveryLines: (lines) => {
      if (!isSheet(lines)) return refused('no-sheet', 'these are not the lines of a recovery sheet');
      const relay = /relay\s+(https?:\S+)/i.exec(lines)?.[1];
      if (relay === undefined) return refused('sheet-without-relay', 'these lines name no relay');
      return Promise.resolve({ programme: /^Recovery sheet:\s*(.*)$/m.exec(lines)?.[1] ?? '', relays: [relay] });
    },
    chooseRecoveryLines: () => Promise.resolve(LINES.join('\n')),
    chooseRecoveryBundle: () => Promise.resolve(BUNDLE),
    recoverElsewhere: (form) => (words(form.words) ? back(form.label) : refused('no-such-paper', 'these words belong to no device of this programme')),
    chooseBackup: () => Promise.resolve(BACKUP),
    restoreBackup: (form) => (form.passphrase === PASSPHRASE ? back(form.label) : refused('wrong-passphrase', 'The passphrase does not open this programme.')),
    checkDevice: async () => {
      await reading();
      return { packs: PACKS, documents: 412, found: [...home().damaged], missing: world.scenario === 'reviewer' ? 2 : 0 };
    },
    repairDevice: async () => {
      const before = home().damaged;
      await reading();
      home().damaged = [];
      world.changed();
      const parcels = before.find(({ kind }) => kind === 'parcels')?.count ?? 0;
      return { found: before.reduce((sum, line) => sum + line.count, 0), left: [], putAway: parcels, lost: 0, asksAgain: parcels > 0 };
    },
    onCareProgress: (hear) => {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    supportReport: () =>
      Promise.resolve(
        [
          ['version', '0.1.0'], ['system', 'linux x86_64'], ['demonstration', 'no'], ['continuity', 'continues'], ['active', 'yes'], ['coordinator', 'no'], ['admin', 'no'],
          ['read-only', 'no'], ['members active', '16'], ['members suspended', '1'], ['members removed', '1'], ['devices', '21'], ['rounds closed', '0'], ['unsealed', '0'],
          ['outbox', '4'], ['packs for-others', '38'], ['packs opened', '1142'], ['draft on-device', '5'], ['review held-by-relay', '3'], ['review opened-by-coordinator', '6'],
          ['packs missing', '2'], ['last exchange', '2027-02-07T09:30:00Z'],
        ].map(([fact = '', value = '']) => `${fact.padEnd(28)}  ${value}\n`).join(''),
      ),
    saveReport: () => Promise.resolve('/home/amara/tessera-report.txt'),
    lastBackup: () => Promise.resolve(home().backedUpMs),
    backUp: (passphrase) => {
      if (passphrase === 'wrong') return refused('wrong-passphrase', 'The passphrase does not open this programme.');
      home().backedUpMs = world.now;
      world.changed();
      return Promise.resolve({ path: BACKUP.path, bytes: BACKUP.bytes });
    },
    wiping: () => {
      const drafts = world.tasks.filter((task) => task.state === 'on-device').length;
      const outbox = world.tasks.filter((task) => task.state === 'in-outbox').length;
      return Promise.resolve({ name: world.me?.programme ?? '', drafts, unsealed: 0, outbox, computers: 0, papers: world.me?.recoveryKept ? 1 : 0, lastCoordinator: world.scenario === 'admin' });
    },
    wipe: (name) => {
      if (name.trim() !== world.me?.programme) return refused('name-differs', 'this is not the name of the programme');
      const { folder, inKeychain } = world.me;
      world.programmes = world.programmes.filter((each) => each.folder !== folder);
      world.me = null;
      return Promise.resolve(inKeychain && world.keychainHolds);
    },
  };
}
