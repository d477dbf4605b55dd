// What coordinators have judged and decided in the invented world, as long as that world lasts. Not the acts.
import type { AppStage, BoardRow, EntryTyped, ExceptionView, Filter, GateView, ModerationVerdict, QueueItem, QueueView } from '../contract';
import { ROUNDS, type Invented } from './applications';
import { asksFurther, FIRST, reasons } from './further';
import { COUNTRIES, PEOPLE } from './names';
import { invented as inventedQueue } from './queue';
import type { World } from './world';

export interface Desk {
  gates: Map<string, GateView[]>;
  exceptions: Map<string, ExceptionView>;
  queue: QueueView;
  /** Withdrawals noted since, by application; null: it stands again. */
  withdrawn: Map<string, string | null>;
  /** Verdicts on reviews, by application and round. */
  verdicts: Map<string, ModerationVerdict>;
  /** By which way they were said. */
  withdrawnBy: Map<string, string | null>;
  /** What was taken off the merge desk with something else, or only seen. */
  gone: Map<string, QueueItem>;
  /** What is typed into forms of applicants, by application; null: a new one. */
  typed: Map<string | null, EntryTyped>;
}

const DESKS = new WeakMap<object, Desk>();

/** The desk of a world; a world that begins anew has a new one. */
export function deskOf(world: World): Desk {
  let desk = DESKS.get(world.applications);
  if (desk === undefined) {
    desk = {
      gates: new Map(), exceptions: new Map(), queue: inventedQueue(world.scenario), withdrawn: new Map(), withdrawnBy: new Map(), gone: new Map(), typed: new Map(), verdicts: invented(world),
    };
    DESKS.set(world.applications, desk);
  }
  return desk;
}

export function verdictKey(application: string, round: string): string {
  return `${application} ${round}`;
}

/** The verdicts on an application's reviews. */
export function verdictsOn(world: World, one: Invented): ModerationVerdict[] {
  return ROUNDS.flatMap(({ key: round }) => deskOf(world).verdicts.get(verdictKey(one.id, round)) ?? []);
}

/** Verdicts that were given before: one stands, one has other scores beside it by now, two contradict one another. */
function invented(world: World): Desk['verdicts'] {
  if (world.applications.length < 40) return new Map();
  const [amara = '', hoa = ''] = PEOPLE;
  const given = (application: string, verdict: string | null, reason: string, rest: Partial<ModerationVerdict> = {}): [string, ModerationVerdict] => [
    verdictKey(application, 'reading'),
    { round: 'reading', roundLabel: ROUNDS[0]?.label ?? '', verdict, reason, by: [hoa], said: [], outdated: false, ...rest },
  ];
  return new Map([
    ...VERDICTS.map(([application, verdict, reason]) => given(application, verdict, reason)),
    given(OUTDATED, 'another-reader', 'The two readers come from the same office.', { outdated: true }),
    given(CONTESTED, null, 'The low score rests on one letter alone.\nThe meeting should hear both readers.', {
      by: [amara, hoa], said: [{ by: amara, verdict: 'keep' }, { by: hoa, verdict: 'meeting' }],
    }),
  ]);
}

const VERDICTS: [string, string, string][] = [
  ['a-0030', 'keep', 'Three readers, one order of thoughts; the rubric leaves no doubt.'],
  ['a-0053', 'meeting', 'The clinic is new, and the letters say two things about it.'],
  ['a-0057', 'keep', 'The high total rests on the network alone; both others agree.'],
];
const OUTDATED = 'a-0060';
const CONTESTED = 'a-0016';

export const GATES: Omit<GateView, 'verdict' | 'evidenceGiven' | 'reason' | 'by' | 'said'>[] = [
  { gate: 'target-group', question: 'Does the applicant belong to one of the four target groups?', evidence: 'Curriculum vitae; a letter of the employer where it does not say it.', liftable: true },
  { gate: 'media', question: 'Is there at least one item of media coverage?', evidence: 'An article, a broadcast or a page that names the applicant’s work.', liftable: true },
  { gate: 'english', question: 'Is proficiency in written English shown?', evidence: 'The four answers, or a certificate.', liftable: false },
  { gate: 'age', question: 'Is the applicant between 18 and 45 on the day of the deadline?', evidence: null, liftable: true },
];
const REASONS: Record<string, string> = {
  'target-group': 'Heads the legal clinic of the faculty since 2016; the letter of the dean confirms it.',
  media: 'Radio interview of 14 minutes, in the attachments.',
  english: 'The answers were written in clear English.',
  age: 'Born in 1989, by the application form.',
};
const EVIDENCE: Record<string, string> = { 'target-group': 'letter-1.pdf, page 1', media: 'interview-radio.mp3, from minute 3 on' };
/** How far each is: most wait for readers, some for a verdict. */
const PLAN: AppStage[] = ['read', 'assigned', 'assigned', 'eligible', 'received', 'read', 'ineligible', 'contested', 'assigned', 'withdrawn'];

export function plan(n: number): AppStage {
  return PLAN[(n + Math.floor(n / 10) * 3) % PLAN.length] ?? 'received';
}

/** Why it was withdrawn; null where it stands. */
export function withdrawal(world: World, one: Invented): string | null {
  const noted = deskOf(world).withdrawn.get(one.id);
  if (noted !== undefined) return noted;
  return !one.fresh && plan(one.n) === 'withdrawn' ? 'Wrote on 3 February that she has taken a post abroad.' : null;
}

/** How far it is, withdrawals aside. */
function stageOf(one: Invented): AppStage {
  return one.fresh ? 'received' : plan(one.n);
}

export function gates(world: World, one: Invented): GateView[] {
  const stage = stageOf(one);
  return (
    deskOf(world).gates.get(one.id) ??
    GATES.map((gate, at) => {
      const failed = stage === 'ineligible' && at === (one.n % 2 === 0 ? 3 : 1);
      const left = (stage === 'received' && at > one.n % 3) || (stage === 'contested' && at === 0);
      const by = stage === 'contested' && at === 0 ? ['Amara Diallo', 'Nguyễn Thị Hoa'] : left ? [] : [at % 2 === 0 ? 'Amara Diallo' : 'Nguyễn Thị Hoa'];
      const said = by.length > 1 ? by.map((name, place) => ({ by: name, verdict: place === 0 ? 'met' : 'not-met' })) : [];
      if (left) return { ...gate, verdict: null, evidenceGiven: '', reason: '', by, said };
      const reason = failed ? (at === 3 ? 'Born in 1971; the form says 55 years.' : 'No coverage was sent, and none was found by name.') : (REASONS[gate.gate] ?? '');
      return { ...gate, verdict: failed ? 'not-met' : 'met', evidenceGiven: failed ? '' : (EVIDENCE[gate.gate] ?? ''), reason, by, said };
    })
  );
}

/** Puts a verdict on a condition, or takes the one that stands back. */
export function give(world: World, one: Invented, key: string, said: Pick<GateView, 'verdict' | 'evidenceGiven' | 'reason' | 'by'>): void {
  const judged = gates(world, one).map((gate): GateView => (gate.gate === key ? { ...gate, ...said, said: [] } : gate));
  deskOf(world).gates.set(one.id, judged);
}

export function exception(world: World, one: Invented): ExceptionView {
  const asked = stageOf(one) === 'ineligible' && one.n % 20 === 6;
  return (
    deskOf(world).exceptions.get(one.id) ?? {
      asked: asked ? 'Twenty years before the supreme court; two members of the jury of last year vouch for the work.' : null,
      askedBy: asked ? 'Nguyễn Thị Hoa' : null,
      granted: null,
      decidedBy: null,
      mayGrant: true,
    }
  );
}

/** What follows from the verdicts, in the engine's words. */
export function outcome(of: GateView[], granted: boolean): string {
  if (of.some((gate) => gate.verdict === null && gate.by.length > 1)) return 'contested';
  if (of.some((gate) => gate.verdict === 'not-met' && !(granted && gate.liftable))) return 'not-eligible';
  if (of.some((gate) => gate.verdict !== 'met' && gate.verdict !== 'not-met')) return 'undecided';
  return of.some((gate) => gate.verdict === 'not-met') ? 'by-exception' : 'eligible';
}

export function row(world: World, one: Invented): BoardRow {
  const word = outcome(gates(world, one), exception(world, one).granted === true);
  const planned = stageOf(one);
  const staged = asksFurther(world);
  const first = planned === 'read' || planned === 'assigned' ? (staged || one.n % 11 === 2 ? FIRST : 3) : 0;
  const reviews = planned === 'read' ? first : planned === 'assigned' ? one.n % first : 0;
  const readers = first + (world.askedFurther.has(one.id) ? 1 : 0);
  const judged: AppStage = word === 'contested' ? 'contested' : word === 'not-eligible' ? 'ineligible' : word === 'undecided' ? 'received' : 'eligible';
  return {
    application: one.id, key: one.key, title: one.name,
    stage: withdrawal(world, one) !== null ? 'withdrawn' : readers > 0 && judged === 'eligible' ? (world.askedFurther.has(one.id) ? 'assigned' : planned === 'read' && settled(world, one) ? 'moderated' : planned) : judged,
    readers, wanted: staged ? FIRST : 3, reviews, further: planned === 'read' && judged === 'eligible' && reasons(world, one).length > 0, files: one.files ?? (one.n % 7 === 3 ? 3 : 4),
    lacks: one.fresh ? lacksOf(one) : one.n % 7 === 3 ? ['1 × Recommendation letters'] : one.n % 13 === 5 ? ['Year of birth', '1 × Media coverage'] : [],
    answers: { country: key(one.country), group: GROUPS[one.n % GROUPS.length]?.key ?? '', route: one.n % 4 === 1 ? 'mail' : 'web' },
  };
}

/** Whether nothing is left to do about its reviews. */
function settled(world: World, one: Invented): boolean {
  return verdictsOn(world, one).some(({ verdict, outdated }) => (verdict === 'keep' || verdict === 'meeting') && !outdated);
}

/** What a new one lacks. */
export function lacksOf(one: Invented): string[] {
  const files = one.files ?? 0;
  return files === 0 ? ['2 × Recommendation letters', '1 × Curriculum vitae'] : files < 3 ? ['1 × Recommendation letters'] : [];
}

export const GROUPS = [
  { key: 'lawyer', label: 'Child protection lawyer' },
  { key: 'manager', label: 'Senior management of an organisation' },
  { key: 'clinic', label: 'Head of a university’s legal clinic' },
  { key: 'other', label: 'Other, with projects of legal protection' },
];

function key(word: string): string {
  return word.toLowerCase();
}

export const FILTERS: Filter[] = [
  { field: 'country', label: 'Country', options: [...new Set(COUNTRIES)].sort().map((label) => ({ key: key(label), label })) },
  { field: 'group', label: 'Target group', options: GROUPS },
  { field: 'route', label: 'Came in by', options: [{ key: 'web', label: 'Link' }, { key: 'mail', label: 'Mail' }] },
];
