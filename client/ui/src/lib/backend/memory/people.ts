// The admin's acts over the invented world: people, invitations, access, removal.
import type { Backend } from '../contract';
import { PEOPLE } from './names';
import { refused, type World } from './world';

type Part = Pick<Backend, 'people' | 'invite' | 'saveInvitation' | 'admit' | 'confirmWords' | 'removal' | 'suspend' | 'lift' | 'remove' | 'access'>;

export function people(_world: World): Part {
  return {
    people: () =>
      Promise.resolve({
        people: PEOPLE.map((name, at) => ({
          member: `m-${at + 1}`, name, contact: `person${at + 1}@example.org`, roles: at < 2 ? ['coordinator'] : ['reviewer'],
          standing: at === 6 ? 'suspended' : at === 9 ? 'removed' : 'active', checked: at % 4 !== 3, checkWords: null,
          devices: 1, papers: at % 2, me: at === 0,
        })),
        invitations: [],
        mayInvite: ['reviewer', 'coordinator'],
        mayRemove: true,
      }),
    invite: () => Promise.resolve({ id: 'i-1', link: 'tessera://invitation/invented' }),
    saveInvitation: (_link, name) => Promise.resolve(`/media/usb/${name}.invitation`),
    admit: () => Promise.resolve(null),
    confirmWords: () => Promise.resolve(),
    removal: () => refused('not-found', 'There is no such person.'),
    suspend: () => Promise.resolve(),
    lift: () => Promise.resolve(),
    remove: () => Promise.resolve(),
    access: () => Promise.resolve([]),
  };
}
