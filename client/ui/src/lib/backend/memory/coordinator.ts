// The coordinator's acts over the invented world: board, applications, merge desk, figures.
import type { AppStage, Backend, BoardQuery, BoardRow, QueueVerdict, ReaderView, WhyLine, WhyReader } from '../contract';
import type { Invented } from './applications';
import { arrivals } from './arrivals';
import { deskOf, exception, FILTERS, gates, give, outcome, row, verdictsOn, withdrawal } from './desk';
import { CRITERIA, files, sections } from './dossiers';
import { agreement, ranking, severity, shares } from './figures';
import { PEOPLE } from './names';
import { pace } from './pace';
import { takenDown, twinsOf } from './pairs';
import { read, renditions, seen } from './renditions';
import { ruled } from './ruled';
import { withTyped } from './typed';
import { DAY, refused, type World } from './world';

type Part = Pick<
  Backend,
  | 'board' | 'pace' | 'boardPage' | 'boardAround' | 'application' | 'explainApplication' | 'judge' | 'askException' | 'decideException' | 'takeBackException' | 'queue' | 'arrivals' | 'queueSize' | 'decide'
  | 'ranking' | 'rank' | 'ruled' | 'agreement' | 'severity' | 'stopSeverity' | 'shares'
>;

const STAGES: AppStage[] = ['received', 'contested', 'ineligible', 'eligible', 'assigned', 'read', 'moderated', 'withdrawn'];

export function coordinator(world: World): Part {
  const kept = new WeakMap<object, BoardRow[]>();
  const rows = (): BoardRow[] => {
    const before = kept.get(world.applications);
    const found = before?.length === world.applications.length ? before : world.applications.map((one) => row(world, one));
    kept.set(world.applications, found);
    return found;
  };
  let calculating = 0;
  const known = (id: string): Invented | undefined => world.applications.find((one) => one.id === id);
  world.onChanged(() => kept.delete(world.applications));
  const done = (): Promise<void> => {
    world.changed();
    return Promise.resolve();
  };
  const fitting = (query: BoardQuery) => {
    const folded = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
    const words = folded(query.text).split(/\s+/).filter(Boolean);
    const found = rows().filter(
      (each) =>
        (words.length === 0 || words.every((word) => folded(`${each.key} ${each.title}`).includes(word))) &&
        (query.stage === null || each.stage === query.stage) &&
        (query.field === null || query.value === null || each.answers[query.field] === query.value),
    );
    const by = (each: BoardRow) => (query.sort === 'stage' ? STAGES.indexOf(each.stage) : each[query.sort]);
    const sign = query.descending ? -1 : 1;
    found.sort((a, b) => (by(a) < by(b) ? -sign : by(a) > by(b) ? sign : a.key.localeCompare(b.key)));
    return found;
  };
  return {
    board: () => {
      const all = rows();
      const readers = PEOPLE.slice(2, 14).map((name, at) => ({ member: `m-${at + 3}`, name, assigned: all.length === 0 ? 0 : 12, submitted: [0, 12, 9, 0, 12, 4, 11, 7, 12, 0, 12, 10][at] ?? 0 }));
      readers.sort((a, b) => b.assigned - b.submitted - (a.assigned - a.submitted));
      return Promise.resolve({
        stages: STAGES.map((stage) => ({ stage, count: all.filter((each) => each.stage === stage).length })).filter(({ count }) => count > 0),
        total: all.length,
        reads: { done: readers.reduce((sum, each) => sum + each.submitted, 0), wanted: readers.reduce((sum, each) => sum + each.assigned, 0), further: all.filter(({ further }) => further).length },
        readers: all.length === 0 ? [] : readers,
        lastExchangeMs: world.lastExchangeMs,
        filters: FILTERS,
      });
    },
    pace: () => Promise.resolve(pace(world)),
    boardPage: (query) => {
      const found = fitting(query);
      return Promise.resolve({ total: found.length, rows: found.slice(query.offset, query.offset + query.limit) });
    },
    boardAround: (query, application) => {
      const found = fitting(query);
      const at = found.findIndex((each) => each.application === application);
      const place = { previous: found[at - 1]?.application ?? null, next: found[at + 1]?.application ?? null, place: at + 1, of: found.length };
      return Promise.resolve(at < 0 ? null : place);
    },
    application: (id) => {
      const one = known(id);
      if (one === undefined) return refused('not-found', 'this application is not here');
      const judged = gates(world, one);
      const asked = exception(world, one);
      const line = row(world, one);
      return Promise.resolve({
        application: id, key: one.key, title: one.name, outcome: outcome(judged, asked.granted === true),
        withdrawn: withdrawal(world, one), withdrawnBy: withdrawal(world, one) === null ? null : (deskOf(world).withdrawnBy.get(id) ?? 'mail'),
        sections: read(one), seen: seen(one), renditions: renditions(one),
        identity: [
          { field: 'name', label: 'Name', value: one.name }, { field: 'email', label: 'E-mail', value: `applicant${one.n + 1}@example.org` },
          { field: 'born', label: 'Year of birth', value: String(1976 + (one.n % 25)) },
        ],
        files: withTyped(world, files(one.n)), lacks: line.lacks, gates: judged, exception: asked, readers: readers(world, one, line), moderation: verdictsOn(world, one),
        openTo: ['Amara Diallo', 'Nguyễn Thị Hoa', ...readers(world, one, line).filter((reader) => reader.state === 'assigned').map((reader) => reader.name)],
        duplicates: twinsOf(world, id), criteria: CRITERIA.map(({ key, label }) => ({ key, label })), route: one.answers?.route ?? 'import', onBehalf: one.answers?.route !== undefined,
      });
    },
    explainApplication: (id) => {
      const one = known(id);
      if (one === undefined) return refused('not-found', 'this application is not here');
      const withdrawn = withdrawal(world, one) !== null;
      const all = readers(world, one, row(world, one)).map((reader, at) => whyOf(world, reader, at));
      return Promise.resolve({ application: [said(withdrawn ? 'application-withdrawn' : 'application-here')], readers: all.sort((a, b) => Number(b.lacks) - Number(a.lacks)) });
    },
    judge: (id, key, verdict, evidenceGiven, reason) => {
      const one = known(id);
      if (one === undefined) return refused('not-found', 'this application is not here');
      give(world, one, key, verdict === 'none' ? { verdict: null, evidenceGiven: '', reason: '', by: [] } : { verdict, evidenceGiven, reason, by: [world.me?.name ?? ''] });
      return done();
    },
    askException: (id, reason) => {
      const one = known(id);
      if (one === undefined) return refused('not-found', 'this application is not here');
      deskOf(world).exceptions.set(id, { asked: reason, askedBy: world.me?.name ?? '', granted: null, decidedBy: null, mayGrant: false });
      return done();
    },
    decideException: (id, granted) => {
      const one = known(id);
      if (one === undefined) return refused('not-found', 'this application is not here');
      deskOf(world).exceptions.set(id, { ...exception(world, one), granted, decidedBy: world.me?.name ?? '' });
      return done();
    },
    takeBackException: (id, decision) => {
      const one = known(id);
      if (one === undefined) return refused('not-found', 'this application is not here');
      const stands = exception(world, one);
      const own = decision ? stands.decidedBy : stands.granted === null ? stands.askedBy : null;
      if (own !== (world.me?.name ?? '')) return refused('not-permitted', 'only what is one’s own is taken back');
      deskOf(world).exceptions.set(id, decision ? { ...stands, granted: null, decidedBy: null } : { asked: null, askedBy: null, granted: null, decidedBy: null, mayGrant: true });
      return done();
    },
    arrivals: () => Promise.resolve(arrivals(world)),
    queue: () => Promise.resolve(structuredClone(deskOf(world).queue)),
    queueSize: () => Promise.resolve(deskOf(world).queue.waiting.length),
    decide: (ids, verdict, reason) => {
      decide(world, ids, verdict, reason);
      return done();
    },
    ranking: (round) => Promise.resolve(ranking(world, round)),
    rank: (id) => {
      const { rows, seats } = ranking(world, null);
      const found = rows.find((each) => each.application === id && each.rank !== null);
      return Promise.resolve(found === undefined ? null : { row: found, of: rows.filter((each) => each.rank !== null).length, seats });
    },
    ruled: (id) => {
      const one = known(id);
      return one === undefined ? refused('not-found', 'this application is not here') : Promise.resolve(ruled(world, one));
    },
    agreement: () => Promise.resolve(agreement()),
    severity: async () => {
      const turn = ++calculating;
      await new Promise((passed) => setTimeout(passed, world.stepMs));
      return turn === calculating ? severity(world) : refused('stopped', 'the calculation was stopped');
    },
    stopSeverity: () => {
      calculating += 1;
      return Promise.resolve();
    },
    shares: (least) => Promise.resolve(shares(world, least)),
  };
}

/** Takes items off the desk, with the other sides of their question; a notice is only seen. */
function decide(world: World, ids: string[], verdict: QueueVerdict, reason: string): void {
  const { queue, gone } = deskOf(world);
  const by = world.me?.name ?? '';
  for (const id of ids) {
    const item = queue.waiting.find((each) => each.id === id) ?? queue.decided.find((each) => each.item.id === id)?.item ?? gone.get(id);
    const notice = queue.notices.find((each) => each.id === id);
    if (notice !== undefined) gone.set(id, notice);
    queue.notices = queue.notices.filter((each) => each.id !== id);
    if (item === undefined) continue;
    if (verdict === 'ask') {
      // What was decided waits again; a notice that was seen is shown again.
      gone.delete(id);
      queue.decided = queue.decided.filter((each) => each.item.id !== id);
      if (item.recommended === 'nothing' || item.recommended === 'enrol-again') queue.notices = [item, ...queue.notices];
      else queue.waiting = [...queue.waiting.filter((each) => each.id !== id), { ...item, asked: true }];
      continue;
    }
    for (const side of queue.waiting) if (side.id !== id) gone.set(side.id, side);
    queue.waiting = queue.waiting.filter((each) => each.id !== id && each.question !== item.question && !(item.code === 'two-versions' && each.code === item.code && each.memberId === item.memberId));
    queue.decided = [{ item, verdict, reason, by }, ...queue.decided.filter((each) => each.item.id !== id)];
  }
}

function said(code: string, more: Partial<WhyLine> = {}): WhyLine {
  return { code, text: code, reason: null, count: null, atMs: null, ...more };
}

/** What is known of a reader's review; of those that are not here each second one was heard of. */
function whyOf(world: World, reader: ReaderView, at: number): WhyReader {
  const { member, name } = reader;
  if (reader.counts) return { member, name, lacks: false, lines: [said('review-counts')] };
  if (reader.waits.length > 0) return { member, name, lacks: true, lines: [said('review-does-not-count', { reason: 'after-close' }), said('question', { reason: 'review-after-close' })] };
  if (reader.conflict === 'unsure') return { member, name, lacks: true, lines: [said('not-sent'), said('conflict-of-reader'), said('heard-last', { atMs: world.now - 9 * DAY })] };
  const heard = at % 2 === 0 ? [said('work-missing', { count: 2 }), said('heard-last', { atMs: world.now - 4 * DAY })] : [said('nothing-declared'), said('heard-never')];
  return { member, name, lacks: true, lines: [said('not-sent'), ...heard] };
}

function readers(world: World, one: Invented, line: BoardRow): ReaderView[] {
  return Array.from({ length: line.readers }, (_, at) => {
    const member = 2 + ((one.n * 3 + at * 5) % 14);
    const counts = at < line.reviews;
    const scores = Object.fromEntries(CRITERIA.slice(0, 5).map((criterion, place) => [criterion.key, String(Math.min(Number(criterion.max), 2 + ((one.n + at * 2 + place) % 4)))]));
    const late = counts && one.n % 9 === 5 && at === 2;
    return {
      member: `m-${member + 1}`, name: PEOPLE[member] ?? '', round: 'First reading', roundKey: 'reading', takenDown: takenDown(world, one.id, `m-${member + 1}`, 'reading'), state: one.n % 8 === 2 && at === 1 && !counts ? 'withdrawn' : 'assigned',
      conflict: at === 2 && !counts && one.n % 6 === 2 ? 'unsure' : counts ? 'none' : null, revision: counts && !late ? 1 + (at % 2) : null, counts: counts && !late,
      scores: counts && !late ? scores : {}, ...(counts && !late ? wrote(one.n, at) : { comments: {}, pins: {}, overall: '' }), waits: late ? ['review-after-close'] : [],
    };
  });
}

/** What a reader wrote beside the scores, and where it points. */
function wrote(n: number, at: number): Pick<ReaderView, 'comments' | 'pins' | 'overall'> {
  const [first, second] = CRITERIA;
  const [section] = sections(n);
  const file = files(n).find((each) => each.shown === 'pages');
  if (at > 1 || first === undefined || second === undefined || section === undefined) return { comments: {}, pins: {}, overall: '' };
  return {
    comments: { [first.key]: 'Clear about what she wants to learn, and for whom.', ...(at === 0 ? { [second.key]: 'The letter says more than the form:\nthree years of visits to detained people.' } : {}) },
    pins: { [first.key]: { kind: 'field', field: section.field }, ...(at === 0 && file !== undefined ? { [second.key]: { kind: 'page', file: file.contents, page: 2 } } : {}) },
    overall: at === 0 ? 'I would be glad to see her there.' : '',
  };
}
