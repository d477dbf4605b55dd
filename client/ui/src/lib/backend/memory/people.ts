// The admin's acts over the invented world: people, invitations, access, removal. They last as long as that world.
import type { AccessRow, Backend, InvitationRow, PersonRow } from '../contract';
import { plan, row } from './desk';
import { PEOPLE } from './names';
import { refused, type World } from './world';

type Part = Pick<Backend, 'people' | 'invite' | 'saveInvitation' | 'admit' | 'setReading' | 'confirmWords' | 'removal' | 'suspend' | 'lift' | 'remove' | 'access'>;

interface Office { people: PersonRow[]; invitations: InvitationRow[] }

const OFFICES = new WeakMap<object, Office>();
const WORDS = ['ribbon', 'mountain', 'eleven', 'quiet', 'saddle', 'lantern'];

function invented(world: World): Office {
  const people = PEOPLE.slice(0, 18).map((name, at): PersonRow => ({
    member: `m-${at + 1}`, name, contact: `person${at + 1}@example.org`, roles: at === 0 ? ['admin', 'coordinator'] : at < 3 ? ['coordinator'] : ['reviewer'],
    standing: at === 6 ? 'suspended' : at === 9 ? 'removed' : at === 16 ? 'waiting' : 'active', checked: at % 5 !== 4 && at !== 16,
    checkWords: at % 5 === 4 ? WORDS : null, devices: at === 9 ? 0 : at % 7 === 3 ? 2 : 1, papers: at % 2, me: at === 0,
    reading: { region: at % 3 === 0 ? 'africa' : '', languages: at % 2 === 0 ? ['en', 'fr'] : ['en'], competences: [], min: null, max: at === 4 ? 12 : null },
  }));
  return { people: world.scenario === 'coordinator-empty' ? people.slice(0, 1) : people, invitations: world.scenario === 'coordinator-empty' ? [] : [{ id: 'i-1', name: PEOPLE[18] ?? '' }, { id: 'i-2', name: PEOPLE[19] ?? '' }] };
}

export function people(world: World): Part {
  const office = (): Office => {
    const found = OFFICES.get(world.applications) ?? invented(world);
    OFFICES.set(world.applications, found);
    return found;
  };
  const change = (member: string, to: Partial<PersonRow>): Promise<void> => {
    office().people = office().people.map((person) => (person.member === member ? { ...person, ...to } : person));
    world.changed();
    return Promise.resolve();
  };
  const admin = () => world.me?.roles.includes('admin') ?? false;
  return {
    people: () => Promise.resolve({ people: [...office().people], invitations: [...office().invitations], regions: [{ key: 'africa', label: 'Africa' }, { key: 'asia', label: 'Asia' }], mayInvite: admin() ? ['reviewer', 'coordinator', 'admin'] : ['reviewer'], mayRemove: true }),
    invite: (name) => {
      if (name.trim() === '') return refused('name-missing', 'the name is empty');
      const id = `i-${office().invitations.length + 1}`;
      office().invitations = [...office().invitations, { id, name }];
      world.changed();
      return Promise.resolve({ id, link: `tessera:invitation/${'3q9fk7d2w8xm'.repeat(28)}` });
    },
    saveInvitation: (_link, name) => Promise.resolve(`/media/usb/${name}.invitation`),
    admit: () => {
      const first = office().invitations[0];
      if (first === undefined) return Promise.resolve(null);
      office().invitations = office().invitations.slice(1);
      const person: PersonRow = { member: 'm-30', name: first.name, contact: 'new@example.org', roles: ['reviewer'], standing: 'active', checked: false, checkWords: WORDS, devices: 1, papers: 0, reading: { region: '', languages: [], competences: [], min: null, max: null }, me: false };
      office().people = [...office().people, person];
      world.changed();
      return Promise.resolve(person);
    },
    setReading: async (member, profile) => {
      const before = office().people.find((each) => each.member === member)?.reading;
      if (!before) return refused('not-found', 'this member is not here');
      await change(member, { reading: profile });
      return before;
    },
    confirmWords: (member) => change(member, { checked: true }),
    removal: (member) => {
      const person = office().people.find((each) => each.member === member);
      if (person === undefined) return refused('not-found', 'this member is not here');
      return Promise.resolve({ name: person.name, devices: person.devices, dossiers: 12, assignments: 5, reviews: 7, needsOthers: person.roles.includes('coordinator') });
    },
    suspend: (member) => change(member, { standing: 'suspended' }),
    lift: (member) => change(member, { standing: 'active' }),
    remove: (member) => change(member, { standing: 'removed', devices: 0 }),
    access: () => Promise.resolve(office().people.filter((person) => person.standing !== 'waiting').flatMap((person, at) => access(world, person, at))),
  };
}

function access(world: World, person: PersonRow, at: number): AccessRow[] {
  const now = person.standing === 'active';
  const { member, name } = person;
  const line = (what: string, count: number, applications: string[] = []): AccessRow => ({ member, name, what, count, applications, now });
  const all = world.applications.map((one) => one.key);
  if (person.roles.includes('coordinator')) {
    const desk = [line('programme', 1), line('dossiers', all.length, all), line('files', all.length, all), line('reviews', PEOPLE.length), line('people', 1), line('office', 1), line('desk', 3), line('intake', 1)];
    return person.roles.includes('admin') ? [...desk, line('keys', 1)] : desk;
  }
  const read = world.applications.filter((one) => ['read', 'assigned'].includes(plan(one.n)) && row(world, one).readers > 0 && (one.n + at) % 3 === 0).map((one) => one.key);
  return [line('programme', 1), line('dossiers', read.length, read), line('reviews', 1), line('letters', 1)].filter((each) => each.count > 0);
}
