// Applications that may be one person's, exports and reviews that are taken down, over the invented world. Not the acts of intake.
import type { Backend, Compared, ComparedRow, DossierRequest, ExportRequest, PairSide, PairView, PastExport, RecordForm, RecordReader, RecordResult, TakenDownView } from '../contract';
import type { Invented } from './applications';
import { ROUNDS } from './applications';
import { deskOf, row as boardRow, withdrawal } from './desk';
import { CRITERIA, sections } from './dossiers';
import { FORM } from './intake-table';
import { PEOPLE } from './names';
import { DAY, refused, type World } from './world';

type Part = Pick<Backend, 'duplicates' | 'comparePair' | 'judgePair' | 'exports' | 'export' | 'exportDossiers' | 'recordChoices' | 'keepRecords' | 'recordCard' | 'recordPreview' | 'record'>;
type Verdict = Pick<PairView, 'verdict' | 'keep' | 'contested' | 'reason' | 'by'>;
type Draft = Parameters<Backend['record']>[0]['draft'];

const UNDECIDED: Verdict = { verdict: null, keep: null, contested: false, reason: '', by: [] };

/** What was decided, exported and taken down, as long as the world lasts. */
interface Kept {
  pairs: { one: string; other: string; alike: string[]; said: Verdict }[];
  past: PastExport[];
  down: Map<string, { draft: Draft; view: TakenDownView }>;
  /** What is typed and not taken down, by application. */
  typed: Map<string, RecordForm[]>;
}
const KEPT = new WeakMap<object, Kept>();

function keptOf(world: World): Kept {
  const key = deskOf(world);
  const kept = KEPT.get(key) ?? begin(world);
  KEPT.set(key, kept);
  return kept;
}

function begin(world: World): Kept {
  if (world.applications.length < 40) return { pairs: [], past: [], down: new Map(), typed: new Map() };
  const pair = (one: string, other: string, alike: string[], said: Verdict = UNDECIDED) => ({ one, other, alike, said });
  const [amara = '', hoa = ''] = PEOPLE;
  return {
    pairs: [
      pair('a-0001', 'a-0021', ['E-mail address', 'Full name, as in your passport', 'Date of birth']),
      pair('a-0011', 'a-0031', ['letter-1.pdf']),
      pair('a-0015', 'a-0035', ['E-mail address'], { ...UNDECIDED, contested: true, reason: 'One address of a law office, two lawyers.', by: [amara, hoa] }),
      pair('a-0005', 'a-0025', ['Full name, as in your passport', 'Date of birth'], { verdict: 'different', keep: null, contested: false, reason: 'Two passports, two faces; the day of birth is 1 January in both.', by: [hoa] }),
      pair('a-0008', 'a-0028', ['E-mail address'], { verdict: 'same', keep: 'a-0028', contested: false, reason: 'She wrote that the second form holds.', by: [amara] }),
    ],
    past: [
      { atMs: world.now - 2 * DAY, what: 'report', form: 'pdf', parts: ['scores', 'names'], applications: 60, reviews: 84 },
      { atMs: world.now - 9 * DAY, what: 'applications', form: 'xlsx', parts: ['identity', 'eligibility'], applications: 60, reviews: 0 },
    ],
    down: new Map([['a-0006 m-4 reading', { draft: { answers: { practice: { score: '4', notApplicable: null } }, comments: {}, pins: {}, overall: '', confidence: null, attested: false }, view: { by: [hoa], source: 'phone', revision: 1 } }]]),
    typed: new Map(),
  };
}

/** Who took a review down; null where its reader wrote it. */
export function takenDown(world: World, application: string, member: string, round: string): TakenDownView | null {
  return keptOf(world).down.get(`${application} ${member} ${round}`)?.view ?? null;
}

/** Applications that may be the same person's as this one. */
export function twinsOf(world: World, id: string): PairSide[] {
  const mine = keptOf(world).pairs.filter((pair) => (pair.one === id || pair.other === id) && pair.said.verdict !== 'different');
  return mine.map((pair) => sideOf(world, pair.one === id ? pair.other : pair.one));
}

function sideOf(world: World, id: string): PairSide {
  const one = world.applications.find((each) => each.id === id);
  return { application: id, key: one?.key ?? id, title: one?.name ?? '' };
}

export function pairs(world: World): Part {
  const known = (id: string) => world.applications.find((one) => one.id === id);
  const view = (pair: Kept['pairs'][number]): PairView => ({ one: sideOf(world, pair.one), other: sideOf(world, pair.other), alike: pair.alike, ...pair.said });
  const open = (pair: PairView) => pair.verdict === null || pair.contested;
  return {
    duplicates: () => {
      const all = keptOf(world).pairs.map(view);
      return Promise.resolve([...all.filter(open), ...all.filter((pair) => !open(pair))]);
    },
    comparePair: (one, other) => {
      const both = [known(one), known(other)];
      const [first, second] = both;
      if (first === undefined || second === undefined) return refused('not-found', 'this application is not here');
      const found = keptOf(world).pairs.find((pair) => [pair.one, pair.other].includes(one) && [pair.one, pair.other].includes(other));
      const pair = view(found ?? { one, other, alike: [], said: UNDECIDED });
      return Promise.resolve(compare(world, first, second, pair));
    },
    judgePair: (one, other, verdict, keep, reason) => {
      const kept = keptOf(world);
      const said: Verdict = verdict === 'open' ? UNDECIDED : { verdict, keep, contested: false, reason, by: [world.me?.name ?? ''] };
      const at = kept.pairs.findIndex((pair) => [pair.one, pair.other].includes(one) && [pair.one, pair.other].includes(other));
      if (at < 0) kept.pairs.push({ one, other, alike: [], said });
      else kept.pairs = kept.pairs.map((pair, place) => (place === at ? { ...pair, said } : pair));
      world.changed();
      return Promise.resolve();
    },
    exports: () =>
      Promise.resolve({
        applications: world.applications.length, reviews: world.applications.length === 0 ? 0 : 84, readers: world.applications.length === 0 ? 0 : 12, rounds: ROUNDS,
        identity: FORM.filter(({ seen }) => seen.kind !== 'everybody').map((field) => field.label), dossier: FORM.filter(({ seen }) => seen.kind === 'everybody').map((field) => field.label), past: keptOf(world).past,
      }),
    export: (request) => {
      const kept = keptOf(world);
      const reviews = request.what !== 'applications' || request.scores ? 84 : 0;
      kept.past = [{ atMs: Date.now(), what: request.what, form: request.form, parts: inside(request), applications: world.applications.length, reviews }, ...kept.past];
      world.changed();
      return Promise.resolve(`/home/amara/Documents/${request.what}.${request.form}`);
    },
    exportDossiers: (request) => {
      const kept = keptOf(world);
      const all = request.which === 'named' ? request.applications.flatMap((id) => known(id) ?? []) : world.applications;
      if (all.length === 0) return refused('not-found', 'such an application is not here');
      const reviews = request.scores ? all.reduce((sum, one) => sum + boardRow(world, one).reviews, 0) : 0;
      kept.past = [{ atMs: Date.now(), what: 'dossier', form: request.form, parts: insideDossiers(request), applications: all.length, reviews }, ...kept.past];
      world.changed();
      const name = request.each ? 'dossiers' : `${all.length === 1 ? (all[0]?.key ?? '') : 'dossiers'}.${request.form}`;
      return Promise.resolve(`/home/amara/Documents/${name}`);
    },
    recordChoices: (id) => {
      const one = known(id);
      if (one === undefined) return refused('not-found', 'this application is not here');
      const line = boardRow(world, one);
      const assigned = Array.from({ length: line.readers }, (_, at) => 2 + ((one.n * 3 + at * 5) % 14));
      const readers = PEOPLE.slice(2, 16).map((name, at): RecordReader => {
        const member = `m-${at + 3}`;
        const place = assigned.indexOf(at + 2);
        const down = takenDown(world, id, member, 'reading');
        return { member, name, rounds: place >= 0 ? ['reading'] : [], submitted: place >= 0 && place < line.reviews && down === null ? ['reading'] : [], takenDown: down === null ? {} : { reading: down } };
      });
      readers.sort((a, b) => b.rounds.length - a.rounds.length);
      return Promise.resolve({ application: id, key: one.key, title: one.name, rounds: ROUNDS, readers, typed: structuredClone(keptOf(world).typed.get(id) ?? []) });
    },
    keepRecords: (id, forms) => {
      keptOf(world).typed.set(id, structuredClone(forms));
      return Promise.resolve();
    },
    recordCard: (id, member, round) => {
      const before = keptOf(world).down.get(`${id} ${member} ${round}`);
      const draft = before?.draft ?? { answers: {}, comments: {}, pins: {}, overall: '', confidence: null, attested: false };
      const criteria = CRITERIA.map((criterion) => ({ ...criterion, weight: criterion.weight ?? '1' }));
      return Promise.resolve({ criteria, confidence: { min: 1, max: 5 }, draft: structuredClone(draft), takenDown: before?.view ?? null });
    },
    recordPreview: (form) => Promise.resolve(judged(world, form)),
    record: (form) => {
      const result = judged(world, form);
      const { typed } = keptOf(world);
      if (result.revision > 0) typed.set(form.application, (typed.get(form.application) ?? []).filter(({ member, round }) => member !== form.member || round !== form.round));
      if (result.revision > 0 && result.became !== 'same') {
        const key = `${form.application} ${form.member} ${form.round}`;
        keptOf(world).down.set(key, { draft: structuredClone(form.draft), view: { by: [world.me?.name ?? ''], source: form.source, revision: result.revision } });
        world.changed();
      }
      return Promise.resolve(result);
    },
  };
}

function inside(request: ExportRequest): string[] {
  if (['ranking', 'calibration', 'selection', 'snapshot'].includes(request.what)) return ['figures'];
  if (request.what === 'report') return ['scores', 'names'];
  const parts = (['identity', 'dossier', 'eligibility', 'scores'] as const).filter((part) => request.what === 'scores' ? part === 'scores' : request[part]);
  return request.names && parts.includes('scores') ? [...parts, 'names'] : parts;
}

function insideDossiers(request: DossierRequest): string[] {
  const all = { identity: request.identity, dossier: true, scores: request.scores, names: request.scores && request.names, rulings: request.rulings };
  return Object.entries(all).flatMap(([part, on]) => (on ? [part] : []));
}

function judged(world: World, form: Parameters<Backend['record']>[0]): RecordResult {
  const { answers } = form.draft;
  const missing = CRITERIA.filter((criterion) => criterion.required && (answers[criterion.key]?.score ?? null) === null && (answers[criterion.key]?.notApplicable ?? '') === '')
    .map((criterion) => ({ place: `answer/${criterion.key}`, code: 'missing-answer', text: `${criterion.label}: neither a score nor N/A` }));
  const points = CRITERIA.reduce((sum, criterion) => sum + Number(answers[criterion.key]?.score ?? 0) * Number(criterion.weight ?? 0), 0);
  const total = missing.length > 0 ? null : String(points);
  if (missing.length > 0) return { became: 'missing', revision: 0, total, missing };
  const before = keptOf(world).down.get(`${form.application} ${form.member} ${form.round}`);
  if (before === undefined) return { became: 'submitted', revision: 1, total, missing };
  if (JSON.stringify(before.draft) === JSON.stringify(form.draft)) return { became: 'same', revision: before.view.revision, total, missing };
  if (form.reason === null) return { became: 'needs-reason', revision: 0, total, missing };
  return { became: 'amended', revision: before.view.revision + 1, total, missing };
}

function compare(world: World, first: Invented, second: Invented, pair: PairView): Compared {
  const same = pair.alike;
  const of = (one: Invented): [string, string, boolean][] => [
    ['Full name, as in your passport', one.name, false], ['E-mail address', same.includes('E-mail address') ? 'rahimi.n@example.org' : `applicant${one.n + 1}@example.org`, false],
    ['Date of birth', same.includes('Date of birth') ? '1984-01-01' : `${1976 + (one.n % 25)}-05-03`, false], ['Organisation', one.organisation, false], ['Country', one.country, true],
    ...sections(one.n).map(({ label, text }): [string, string, boolean] => [label, text, true]),
  ];
  const others = of(second);
  const answers = of(first).map(([label, one, read], at): ComparedRow => {
    const other = others[at]?.[1] ?? '';
    return { label, one, other, same: one === other, telling: same.includes(label), read };
  });
  const files: ComparedRow[] = [
    { label: 'Recommendation letters', one: 'letter-1.pdf', other: same.includes('letter-1.pdf') ? 'recommendation.pdf' : '', same: same.includes('letter-1.pdf'), telling: same.includes('letter-1.pdf'), read: false },
    { label: 'Curriculum vitae', one: 'curriculum-vitae.txt', other: '', same: false, telling: false, read: false },
    { label: 'Curriculum vitae', one: '', other: 'cv-2027.pdf', same: false, telling: false, read: false },
  ];
  const rows = [boardRow(world, first), boardRow(world, second)];
  return {
    pair, answers, files, reviews: [rows[0]?.reviews ?? 0, rows[1]?.reviews ?? 0], readers: [rows[0]?.readers ?? 0, rows[1]?.readers ?? 0],
    withdrawn: [withdrawal(world, first) !== null, withdrawal(world, second) !== null],
  };
}
