// The programme's relays in the invented world. One answers at each address that begins with https, under the key that is known
// there; an address with "gone" in it does not answer.
import type { Backend, RelayLine } from '../contract';
import { shelfOf } from './devices';
import { refused, HOUR, DAY, type World } from './world';

type Part = Pick<Backend, 'relays' | 'relayKey' | 'setRelayAddress' | 'addRelay' | 'dropRelay'>;

export const KEY = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';
const SPARE = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
/** The key of what answers at an address that nobody named yet. */
export const OTHER = '3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29';
const NAMED = new WeakMap<object, RelayLine[]>();

export function relays(world: World): Part {
  const named = (): RelayLine[] => {
    const found = NAMED.get(world.applications) ?? (world.scenario === 'rehearsal' || world.scenario === 'coordinator-empty' ? [] : [
      { key: KEY, spare: false, addresses: ['https://relay.seminar.example'], reachedMs: world.lastExchangeMs },
      ...(world.scenario === 'admin' ? [{ key: OTHER, spare: false, addresses: ['https://relay.second.example:8443', 'https://old.second.example'], reachedMs: world.now - 19 * DAY - HOUR }] : []),
      { key: SPARE, spare: true, addresses: [], reachedMs: null },
    ]);
    NAMED.set(world.applications, found);
    return found;
  };
  const admin = () => world.me?.roles.includes('admin') ?? false;
  const coordinator = () => world.me?.roles.includes('coordinator') ?? false;
  const change = (lines: RelayLine[]) => {
    NAMED.set(world.applications, lines);
    world.changed();
  };
  /** What several administrators must sign waits among the proposals. */
  const propose = (code: string, text: string, key: string): Promise<boolean> => {
    const shelf = shelfOf(world);
    shelf.proposals = [...shelf.proposals, { id: `r-${shelf.proposals.length + 1}`, changes: [{ code, text, params: { key: key.slice(0, 8) } }], signed: [world.me?.name ?? ''], missing: [], needed: 2, byMe: true, maySign: false }];
    world.changed();
    return Promise.resolve(false);
  };
  const wrong = (address: string) => (/^https:\/\/[^/\s]+$|^http:\/\/(localhost|127\.)/.test(address) ? null : address.startsWith('http://') ? 'insecure-address' : 'bad-address');
  return {
    relays: () =>
      Promise.resolve({
        relays: [...named()], mayPropose: admin(), tellsEverybody: coordinator(),
        waiting: shelfOf(world).proposals.filter(({ changes }) => changes.some(({ code }) => code.endsWith('relay'))).length,
      }),
    relayKey: (address) => {
      const code = wrong(address.trim());
      if (code !== null) return refused(code, 'not an address of a relay');
      if (address.includes('gone')) return refused('unreachable', 'the relay cannot be reached');
      return Promise.resolve(named().find(({ addresses }) => addresses.includes(address.trim()))?.key ?? OTHER);
    },
    setRelayAddress: (key, address) => {
      const code = wrong(address.trim());
      if (code !== null) return refused(code, 'not an address of a relay');
      if (address.includes('gone')) return refused('unreachable', 'the relay cannot be reached');
      change(named().map((line) => (line.key === key ? { ...line, addresses: [address.trim()], reachedMs: Date.now() } : line)));
      return Promise.resolve(coordinator());
    },
    addRelay: ({ address, key }, spare) => {
      const code = spare && address === '' ? null : wrong(address.trim());
      if (code !== null) return refused(code, 'not an address of a relay');
      if (named().some((line) => line.key === key.trim())) return refused('relay-named', 'the programme names this relay already');
      return propose(spare ? 'change-add-spare-relay' : 'change-add-relay', `one more relay: ${key.slice(0, 8)}`, key);
    },
    dropRelay: (key) => propose('change-drop-relay', `a relay is taken out: ${key.slice(0, 8)}`, key),
  };
}
