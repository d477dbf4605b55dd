// What readers of the invented world declared, and ruling on it: what waits on the merge desk waits here, and ends there.
import type { Backend, ConflictRow, RulingForm } from '../contract';
import { deskOf } from './desk';
import { PEOPLE } from './names';
import { refused, type World } from './world';

type Part = Pick<Backend, 'conflicts' | 'ruleConflict'>;
type Ruled = Pick<ConflictRow, 'ruling' | 'reason'>;
type Declared = Ruled & Pick<ConflictRow, 'on' | 'declaration' | 'kind' | 'note' | 'reads'> & { n: number; reader: number };

/** Declarations by what the merge desk calls them. */
const WAITING: Declared[] = [
  { on: '6b13', n: 18, reader: 3, declaration: 'conflict', kind: 'teacher', note: 'She was my student.', reads: true, ruling: null, reason: '' },
  { on: '6b14', n: 26, reader: 7, declaration: 'handed-back', kind: '', note: 'The letters are scans in a script that I cannot read.', reads: true, ruling: null, reason: '' },
  { on: '6b12', n: 30, reader: 11, declaration: 'unsure', kind: 'colleague', note: 'We sat on one panel in Nairobi in 2023 and have written to each other since.', reads: true, ruling: null, reason: '' },
];
const OTHERS: Declared[] = [
  { on: 'c1', n: 10, reader: 5, declaration: 'recused', kind: '', note: 'I supervised the thesis until 2022.', reads: false, ruling: 'upheld', reason: 'A supervisor does not read.' },
  { on: 'c2', n: 13, reader: 8, declaration: 'conflict', kind: 'other', note: 'We met at a conference.', reads: true, ruling: 'lifted', reason: 'They met once, at a conference.' },
  { on: 'c3', n: 22, reader: 2, declaration: 'contested', kind: '', note: '', reads: true, ruling: null, reason: '' },
  { on: 'c4', n: 41, reader: 9, declaration: 'conflict', kind: 'rival', note: 'We apply to one fund.', reads: false, ruling: null, reason: '' },
];

export function conflicts(world: World): Part {
  const kept = { of: world.applications, rulings: new Map<string, Ruled>() };
  // Another world knows nothing of what was ruled in the one before.
  const rulings = () => {
    if (kept.of !== world.applications) Object.assign(kept, { of: world.applications, rulings: new Map<string, Ruled>() });
    return kept.rulings;
  };
  const all = () => (world.applications.length === 0 ? [] : rows(world, rulings()));
  return {
    conflicts: () => Promise.resolve(all()),
    ruleConflict: (form) => {
      if (form.reason.trim() === '') return refused('reason-needed', 'a ruling needs a reason');
      const row = all().find((each) => each.application === form.application && each.member === form.member);
      if (row === undefined || row.on !== form.on || row.declaration === 'none') return refused('declared-anew', 'the reader declared something else meanwhile');
      rule(world, rulings(), form);
      world.changed();
      return Promise.resolve();
    },
  };
}

function rule(world: World, rulings: Map<string, Ruled>, { on, lift, reason }: RulingForm) {
  const { queue } = deskOf(world);
  rulings.set(on, { ruling: lift ? 'lifted' : 'upheld', reason: reason.trim() });
  const item = queue.waiting.find(({ id }) => id === on);
  if (item === undefined) return;
  queue.waiting = queue.waiting.filter(({ id }) => id !== on);
  queue.decided = [{ item, verdict: lift ? 'accept' : 'set-aside', reason: reason.trim(), by: world.me?.name ?? '' }, ...queue.decided];
}

function rows(world: World, rulings: Map<string, Ruled>): ConflictRow[] {
  const decided = deskOf(world).queue.decided;
  const clear = world.applications.slice(0, 12).flatMap((_, at) => [3, 8].map((by): Declared => (
    { on: `n${at}-${by}`, n: at + 1, reader: (at + by) % PEOPLE.length, declaration: 'none', kind: '', note: '', reads: true, ruling: null, reason: '' }
  )));
  const made = [...WAITING, ...OTHERS, ...clear].map((one): ConflictRow => {
    const { n, reader, ...said } = one;
    const application = `a-${String(n).padStart(4, '0')}`;
    const desk = decided.find(({ item }) => item.id === one.on && WAITING.includes(one));
    const ruled = rulings.get(one.on) ?? (desk === undefined ? one : { ruling: desk.verdict === 'accept' ? 'lifted' : 'upheld', reason: desk.reason });
    const found = world.applications.find(({ id }) => id === application);
    const bars = one.declaration !== 'none' && ruled.ruling !== 'lifted';
    const reads = one.reads && ruled.ruling !== 'upheld';
    return {
      ...said, application, key: found?.key ?? application, title: found?.name ?? '', member: `m-${reader + 1}`, name: PEOPLE[reader] ?? '',
      ruling: ruled.ruling, reason: ruled.reason, bars, reads, waits: bars && ruled.ruling === null && (reads || one.declaration === 'unsure'),
    };
  });
  return made.sort((one, other) => one.key.localeCompare(other.key) || one.name.localeCompare(other.name));
}
