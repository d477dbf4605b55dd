// The coordinator's acts over the invented world: board, applications, queue, ranking.
import type { Backend, AppStage, BoardRow } from '../contract';
import { files, sections } from './dossiers';
import { PEOPLE } from './names';
import { refused, type World } from './world';

type Part = Pick<
  Backend,
  'board' | 'boardPage' | 'application' | 'judge' | 'askException' | 'decideException' | 'queue' | 'decide' | 'ranking' | 'agreement' | 'severity'
>;

const STAGES: AppStage[] = ['read', 'assigned', 'assigned', 'eligible', 'received', 'read', 'ineligible', 'contested', 'assigned', 'withdrawn'];

export function coordinator(world: World): Part {
  const rows = (): BoardRow[] =>
    world.applications.map(({ id, key, name, country, n }) => {
      const stage = STAGES[n % STAGES.length] ?? 'received';
      const reads = stage === 'read' ? 3 : stage === 'assigned' ? n % 3 : 0;
      return { application: id, key, title: name, stage, readers: stage === 'assigned' || stage === 'read' ? 3 : 0, wanted: 3, reviews: reads, files: 4, lacks: n % 7 === 3 ? ['letters'] : [], answers: { country } };
    });
  return {
    board: () => {
      const all = rows();
      const stages: AppStage[] = ['received', 'eligible', 'ineligible', 'contested', 'withdrawn', 'assigned', 'read'];
      return Promise.resolve({
        stages: stages.map((stage) => ({ stage, count: all.filter((row) => row.stage === stage).length })),
        total: all.length,
        reads: { done: all.reduce((sum, row) => sum + row.reviews, 0), wanted: all.reduce((sum, row) => sum + row.readers, 0) },
        readers: PEOPLE.slice(0, 9).map((name, at) => ({ member: `m-${at + 1}`, name, assigned: 12, submitted: (at * 5) % 13 })),
        queue: 0,
        lastExchangeMs: world.lastExchangeMs,
        filters: [],
      });
    },
    boardPage: (query) => {
      const found = rows().filter((row) => (query.stage === null || row.stage === query.stage) && `${row.key} ${row.title}`.toLowerCase().includes(query.text.toLowerCase()));
      return Promise.resolve({ total: found.length, rows: found.slice(query.offset, query.offset + query.limit) });
    },
    application: (id) => {
      const row = rows().find((each) => each.application === id);
      if (row === undefined) return refused('not-found', 'There is no such application.');
      const n = Number(id.slice(2)) - 1;
      return Promise.resolve({
        application: id, key: row.key, title: row.title, outcome: 'undecided', withdrawn: null, sections: sections(n),
        identity: [{ field: 'name', label: 'Name', value: row.title }], files: files(n), lacks: row.lacks, gates: [], exception: null,
        readers: [], openTo: [], duplicates: [],
      });
    },
    judge: () => Promise.resolve(),
    askException: () => Promise.resolve(),
    decideException: () => Promise.resolve(),
    queue: () => Promise.resolve({ waiting: [], notices: [], decided: [] }),
    decide: () => Promise.resolve(),
    ranking: (round) => {
      const advice = { sentence: { code: 'none', text: '', params: {} }, act: { code: 'none', text: '', params: {} } };
      return Promise.resolve({ round, rounds: [], rows: [], seats: 20, advice, warnings: [] });
    },
    agreement: () => refused('not-enough', 'Too few reviews are here.'),
    severity: () => refused('not-enough', 'Too few reviews are here.'),
  };
}
