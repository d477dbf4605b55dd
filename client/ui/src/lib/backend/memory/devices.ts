// One's own devices and what administrators sign together, in the invented world. They last as long as that world.
import type { Backend, DeviceLine, ProposalLine } from '../contract';
import { PEOPLE } from './names';
import { refused, type World } from './world';

type Part = Pick<Backend, 'ownDevices' | 'devicePass' | 'savePass' | 'deviceRequest' | 'addDevice' | 'removeDevice' | 'proposals' | 'signProposal'>;

const SHELVES = new WeakMap<object, { devices: DeviceLine[]; proposals: ProposalLine[] }>();
const WORDS = ['meadow', 'copper', 'ninety', 'harvest', 'pencil', 'island'];

export function devices(world: World): Part {
  const shelf = () => {
    const found = SHELVES.get(world.applications) ?? {
      devices: [
        { device: '4f02a9c17be3', paper: false, active: true, addedBy: 'invitation', here: true },
        { device: '9d71b04c22fa', paper: true, active: true, addedBy: 'own', here: false },
        { device: '0c5e88d1a7f4', paper: false, active: false, addedBy: 'own', here: false },
      ],
      proposals: world.scenario === 'admin' ? [
        { id: 'c-1', changes: [{ code: 'change-drop-coordinator', text: `${PEOPLE[2]} is no coordinator any more`, params: { name: PEOPLE[2] ?? '' } }], signed: [PEOPLE[1] ?? ''], missing: [PEOPLE[0] ?? '', PEOPLE[3] ?? ''], needed: 2, byMe: false, maySign: true },
        { id: 'c-2', changes: [{ code: 'change-add-coordinator', text: `${PEOPLE[4]} becomes coordinator`, params: { name: PEOPLE[4] ?? '' } }], signed: [PEOPLE[0] ?? ''], missing: [PEOPLE[1] ?? '', PEOPLE[3] ?? ''], needed: 2, byMe: true, maySign: false },
      ] : [],
    };
    SHELVES.set(world.applications, found);
    return found;
  };
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
      shelf().devices = [...shelf().devices, { device: '7a3304ee51cd', paper: false, active: true, addedBy: 'own', here: false }];
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
