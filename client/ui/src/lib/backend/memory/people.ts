// The admin's acts over the invented world: people, invitations, access, removal. They last as long as that world.
import type { AccessDayRow, AccessRow, Backend, DeviceLine, GuestTable, InvitationRow, PersonRow, PersonView, Role } from '../contract';
import { plan, row } from './desk';
import { line, shelfOf } from './devices';
import { PEOPLE } from './names';
import { DAY, HOUR, refused, type World } from './world';

type Part = Pick<
  Backend,
  | 'people' | 'person' | 'invite' | 'saveInvitation' | 'guestTable' | 'inviteGuests' | 'withdrawInvitation' | 'admit' | 'setReading' | 'confirmWords'
  | 'removal' | 'suspend' | 'lift' | 'remove' | 'deciding' | 'giveRoles' | 'takeRoles' | 'setRemovalNeeds' | 'access' | 'accessOn'
>;

/** People, invitations, how many must agree to a removal, and coordinators who were not given what coordinators read. */
interface Office { people: PersonRow[]; invitations: InvitationRow[]; removalNeeds: number; keyless: Set<string> }

const OFFICES = new WeakMap<object, Office>();
const WORDS = ['ribbon', 'mountain', 'eleven', 'quiet', 'saddle', 'lantern'];

function invented(world: World): Office {
  const people = PEOPLE.slice(0, 18).map((name, at): PersonRow => ({
    member: `m-${at + 1}`, name, contact: `person${at + 1}@example.org`, roles: at < 3 ? ['coordinator', 'admin'] : ['reviewer'],
    standing: at === 6 ? 'suspended' : at === 9 ? 'removed' : at === 16 ? 'waiting' : 'active', checked: at % 5 !== 4 && at !== 16,
    checkWords: at % 5 === 4 ? WORDS : null, devices: at === 9 ? 0 : at % 7 === 3 ? 2 : 1, papers: at % 2, me: at === 0,
    reading: { region: at % 3 === 0 ? 'africa' : '', languages: at % 2 === 0 ? ['en', 'fr'] : ['en'], competences: [], min: null, max: at === 4 ? 12 : null },
  }));
  const alone = world.scenario === 'coordinator-empty';
  return {
    people: alone ? people.slice(0, 1) : people, removalNeeds: 1, keyless: new Set(alone ? [] : ['m-3']),
    invitations: alone ? [] : [{ id: 'i-1', name: PEOPLE[18] ?? '' }, { id: 'i-2', name: PEOPLE[19] ?? '' }],
  };
}

/** A table with a row that is wrong and a name that is known. */
const GUESTS: GuestTable = {
  path: '/media/usb/readers.xlsx', seal: '5e41',
  guests: [
    { row: 2, name: 'Ana Beatriz Rocha', roles: ['reviewer'], email: 'ana@example.org', known: null },
    { row: 3, name: 'سارة الخطيب', roles: ['reviewer'], email: 'sara@example.org', known: null },
    { row: 5, name: 'Tavita Leota', roles: ['coordinator'], email: '', known: 'invited' },
  ],
  refused: [{ row: 4, column: 'role', sentence: { code: 'guest-unknown-role', text: '`chair` is no role', params: {} } }],
};

/** The devices of somebody, with times that follow from the place in the list. */
function devicesOf(world: World, person: PersonRow, at: number): DeviceLine[] {
  const active = person.standing !== 'removed';
  const laptop = (n: number) => line(world, `${(at * 7919 + n * 104729 + 0x4f02a9).toString(16)}c17b`, {
    active, addedBy: n > 0 ? 'own' : at < 3 ? 'charter' : 'invitation', here: person.me && n === 0, sinceMs: world.now - (60 - at - n) * DAY,
    lastMs: at % 6 === 5 ? null : world.now - at * 31 * HOUR, parcels: at % 6 === 5 ? 3 : 200 - at * 9,
  });
  const papers = Array.from({ length: person.papers }, (_, n) => line(world, `9d71b0${at}${n}22fa`, { paper: true, active, sinceMs: world.now - 50 * DAY }));
  return [...Array.from({ length: Math.max(1, person.devices) }, (_, n) => laptop(n)), ...papers];
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
  const admins = () => office().people.filter(({ roles, standing }) => roles.includes('admin') && standing === 'active');
  /** Signed by whoever is here; counts at once where that is more than half. */
  const propose = (code: string, text: string, params: Record<string, string>, count: () => void): Promise<boolean> => {
    const needed = Math.floor(admins().length / 2) + 1;
    if (needed === 1) count();
    else {
      const shelf = shelfOf(world);
      const missing = admins().filter(({ me }) => !me).map(({ name }) => name);
      shelf.proposals = [...shelf.proposals, { id: `p-${shelf.proposals.length + 1}`, changes: [{ code, text, params }], signed: [PEOPLE[0] ?? ''], missing, needed, byMe: true, maySign: false }];
    }
    world.changed();
    return Promise.resolve(needed === 1);
  };
  const view = (person: PersonRow): PersonView => {
    const has = (role: Role) => person.roles.includes(role);
    const proposals = shelfOf(world).proposals.filter(({ changes }) => changes.some(({ params }) => params['name'] === person.name));
    const both: Role[] = ['coordinator', 'admin'];
    const may = admin() && person.standing === 'active' && proposals.length === 0;
    return {
      devices: devicesOf(world, person, office().people.indexOf(person)), proposals, lost: [], needed: Math.floor(admins().length / 2) + 1, lacksKeys: office().keyless.has(person.member),
      mayGive: may ? both.filter((role) => !has(role)) : [], mayTake: may ? both.filter((role) => has(role) && (role !== 'admin' || admins().length > 1)) : [], removedBy: [], removalNeeds: office().removalNeeds,
    };
  };
  return {
    person: (member) => {
      const person = office().people.find((each) => each.member === member);
      return person === undefined ? refused('not-found', 'this member is not here') : Promise.resolve(view(person));
    },
    guestTable: () => Promise.resolve(GUESTS),
    inviteGuests: () => {
      const files = GUESTS.guests.map(({ name }, at) => ({ name, file: `${at + 1}.invitation` }));
      office().invitations = [...office().invitations, ...GUESTS.guests.map(({ name }, at) => ({ id: `g-${at}`, name }))];
      world.changed();
      return Promise.resolve({ folder: '/media/usb/invitations', files, failure: null });
    },
    withdrawInvitation: (id) => {
      if (office().invitations.every((each) => each.id !== id)) return refused('not-found', 'an open invitation of this device is not here');
      office().invitations = office().invitations.filter((each) => each.id !== id);
      world.changed();
      return Promise.resolve();
    },
    deciding: () =>
      Promise.resolve({
        admins: admins().map(({ name }) => name), coordinators: office().people.filter(({ roles }) => roles.includes('coordinator')).map(({ name }) => name),
        majority: Math.floor(admins().length / 2) + 1, removalNeeds: office().removalNeeds, frozen: false, mayPropose: admin(),
      }),
    giveRoles: (member, roles) => {
      const person = office().people.find((each) => each.member === member);
      if (person === undefined) return refused('not-found', 'this member is not here');
      const code = `change-add-${roles.includes('admin') ? 'admin' : 'coordinator'}`;
      return propose(code, `${person.name} becomes ${roles.join(' and ')}`, { name: person.name }, () => void change(member, { roles: [...new Set([...roles, ...person.roles])].filter((role) => role !== 'reviewer') }));
    },
    takeRoles: (member, roles) => {
      const person = office().people.find((each) => each.member === member);
      if (person === undefined) return refused('not-found', 'this member is not here');
      const left = person.roles.filter((role) => !roles.includes(role));
      return propose(`change-drop-${roles[0]}`, `${person.name} is no ${roles.join(' and ')} any more`, { name: person.name }, () => void change(member, { roles: left.length > 0 ? left : ['reviewer'] }));
    },
    setRemovalNeeds: (needed) => {
      if (needed < 1 || needed > admins().length) return refused('no-such-threshold', 'a removal can need one admin at least, and all of them at most');
      return propose('change-removal-needs', `a removal needs ${needed} admins`, { count: String(needed) }, () => void (office().removalNeeds = needed));
    },
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
    confirmWords: (member) => {
      office().keyless.delete(member);
      return change(member, { checked: true });
    },
    removal: (member) => {
      const person = office().people.find((each) => each.member === member);
      if (person === undefined) return refused('not-found', 'this member is not here');
      return Promise.resolve({ name: person.name, devices: person.devices, dossiers: 12, assignments: 5, reviews: 7, needsOthers: person.roles.includes('coordinator') });
    },
    suspend: (member) => change(member, { standing: 'suspended' }),
    lift: (member) => change(member, { standing: 'active' }),
    remove: (member) => change(member, { standing: 'removed', devices: 0 }),
    access: () => Promise.resolve(office().people.filter((person) => person.standing !== 'waiting').flatMap((person, at) => access(world, person, at))),
    accessOn: (application, fromMs, toMs) => {
      const read = office().people.filter((person) => person.standing !== 'waiting');
      const rows = read.flatMap((person, at) => (access(world, person, at).some((row) => row.applications.includes(application)) ? [onDay(world, person, at, fromMs, toMs)] : []));
      const order = ['could', 'unknown', 'before', 'later'];
      const firstMs = world.now - 40 * DAY;
      const people = rows.map((row) => (firstMs >= toMs ? { ...row, standing: 'later' } : row)).sort((a, b) => order.indexOf(a.standing) - order.indexOf(b.standing));
      return Promise.resolve({ application, firstMs, people });
    },
  };
}

/** The removed lost access ten days ago; a bundle brought everything to the fifth; readers got theirs one after another. */
function onDay(world: World, person: PersonRow, at: number, fromMs: number, toMs: number): AccessDayRow {
  const coordinator = person.roles.includes('coordinator');
  const began = at === 4 ? null : world.now - (coordinator ? 60 : 30 - at) * DAY;
  const until = person.standing === 'active' ? null : world.now - 10 * DAY;
  const standing = until !== null && until < fromMs ? 'before' : began === null ? 'unknown' : began >= toMs ? 'later' : 'could';
  const devices = Array.from({ length: Math.max(1, person.devices) }, (_, n) => ({ device: `${(at + 17).toString(16)}a${n}7c4e9b20d`, paper: false }));
  return { member: person.member, name: person.name, standing, what: [coordinator ? 'keys' : 'dossiers'], devices, fromMs: began, untilMs: until, ended: until !== null };
}

function access(world: World, person: PersonRow, at: number): AccessRow[] {
  const now = person.standing === 'active';
  const { member, name } = person;
  const devices = devicesOf(world, person, at).map(({ device, paper, active }) => ({ device, paper, active }));
  const line = (what: string, count: number, applications: string[] = [], earlier: string[] = []): AccessRow => ({
    member, name, what, devices, sinceMs: at % 6 === 5 ? null : world.now - (58 - at) * DAY,
    count: now ? count : 0, earlier: now ? earlier.length : count + earlier.length, applications: now ? applications : [], earlierApplications: now ? earlier : [...applications, ...earlier],
  });
  const all = world.applications.map((one) => one.key);
  if (person.roles.includes('coordinator')) {
    const desk = [line('programme', 1), line('dossiers', all.length, all), line('files', all.length, all), line('reviews', PEOPLE.length), line('people', 1), line('office', 1), line('desk', 3), line('intake', 1)];
    return person.me ? [...desk, line('keys', 1)] : desk;
  }
  const read = world.applications.filter((one) => ['read', 'assigned'].includes(plan(one.n)) && row(world, one).readers > 0 && (one.n + at) % 3 === 0).map((one) => one.key);
  // One of them was taken back from every fourth reader.
  const earlier = at % 4 === 0 ? read.slice(0, 1) : [];
  const open = read.filter((key) => !earlier.includes(key));
  return [line('programme', 1), line('dossiers', open.length, open, earlier), line('reviews', 1), line('letters', 1)].filter((each) => each.count + each.earlier > 0);
}
