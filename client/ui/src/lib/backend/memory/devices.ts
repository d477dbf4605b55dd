// One's own devices and what administrators sign together, in the invented world. They last as long as that world.
import type { Backend, DeviceLine, ProposalLine } from '../contract';
import { PEOPLE } from './names';
import { DAY, refused, type World } from './world';

type Part = Pick<Backend, 'ownDevices' | 'devicePass' | 'savePass' | 'deviceRequest' | 'addDevice' | 'removeDevice' | 'proposals' | 'signProposal'>;

const SHELVES = new WeakMap<object, { devices: DeviceLine[]; proposals: ProposalLine[] }>();
const WORDS = ['meadow', 'copper', 'ninety', 'harvest', 'pencil', 'island'];

/** A device of somebody, by itself one that was added a month ago and has sent nothing. */
export function line(world: World, device: string, more: Partial<DeviceLine>): DeviceLine {
  return { device, paper: false, active: true, addedBy: 'own', here: false, sinceMs: world.now - 30 * DAY, lastMs: null, parcels: 0, ...more };
}

/** A change about a person that two of three administrators must sign. */
export function proposal(id: string, code: string, about: number, text: string, signed: string[]): ProposalLine {
  const name = PEOPLE[about] ?? '';
  const missing = [0, 1, 2].map((at) => PEOPLE[at] ?? '').filter((one) => !signed.includes(one));
  const byMe = signed.includes(PEOPLE[0] ?? '');
  return { id, changes: [{ code: `change-${code}`, text: `${name} ${text}`, params: { name } }], signed, missing, needed: 2, byMe, maySign: !byMe };
}

/** What waits to be signed in this world; others of the office propose too. */
export function shelfOf(world: World): { devices: DeviceLine[]; proposals: ProposalLine[] } {
  const found = SHELVES.get(world.applications) ?? {
    devices: [
      line(world, '4f02a9c17be3', { addedBy: 'invitation', here: true, sinceMs: world.now - 61 * DAY, lastMs: world.lastExchangeMs, parcels: 214 }),
      line(world, '9d71b04c22fa', { paper: true }),
      line(world, '0c5e88d1a7f4', { active: false, lastMs: world.now - 40 * DAY, parcels: 12 }),
    ],
    proposals: world.scenario === 'admin' ? [
      proposal('c-1', 'drop-coordinator', 2, 'stops being a coordinator', [PEOPLE[1] ?? '']),
      proposal('c-2', 'add-coordinator', 4, 'becomes coordinator', [PEOPLE[0] ?? '']),
    ] : [],
  };
  SHELVES.set(world.applications, found);
  return found;
}

export function devices(world: World): Part {
  const shelf = () => shelfOf(world);
  const done = <T>(value: T): Promise<T> => {
    world.changed();
    return Promise.resolve(value);
  };
  return {
    ownDevices: () => Promise.resolve({ devices: [...shelf().devices], mayAdd: true }),
    devicePass: () => Promise.resolve(`tessera://pass/${'k2Vw9sQx4mTb'.repeat(40)}`),
    savePass: () => Promise.resolve('/media/usb/second-device.pass'),
    deviceRequest: () => Promise.resolve({ path: '/media/usb/answer', name: world.me?.name ?? '', checkWords: WORDS }),
    addDevice: (_path, words) => {
      if (words !== WORDS.join(' ')) return refused('words-differ', 'these are not the words of the device that asks');
      shelf().devices = [...shelf().devices, line(world, '7a3304ee51cd', {})];
      return done(true);
    },
    removeDevice: (device) => {
      shelf().devices = shelf().devices.map((one) => (one.device === device ? { ...one, active: false } : one));
      return done(true);
    },
    proposals: () => Promise.resolve([...shelf().proposals]),
    signProposal: (id) => {
      shelf().proposals = shelf().proposals.filter((one) => one.id !== id);
      return done(true);
    },
  };
}
