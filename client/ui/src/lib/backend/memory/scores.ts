// Tables of scores over the invented world: one with a mistake, and the same put right.
import type { Backend, ProblemView, ScoresReport, ScoresWay, TableChoices, TableView } from '../contract';
import { ROUNDS } from './applications';
import { CRITERIA } from './dossiers';
import { PEOPLE } from './names';
import { refused, type World } from './world';

type Part = Pick<Backend, 'chooseScores' | 'scoresTable' | 'scoresReaders' | 'previewScores' | 'takeScores'>;

const HEAD = ['No.', ...CRITERIA.map(({ label }) => label), 'Read on'];
const ROWS: [key: string, scores: string[]][] = [
  ['GLS-0001', ['4', '4', '3', '5', '1', '1']], ['GLS-0003', ['2', '3', '3', '4', '0', '1']], ['GLS-0009', ['5', '4', '4', '4', '2', '1']],
];
const MISTAKE: [key: string, scores: string[]] = ['GLS-0999', ['3', '3', '3', '3', '1', '1']];

interface Kept {
  of: unknown;
  /** How often a table was chosen; the first one has the mistake. */
  chosen: number;
  remembered: TableChoices | null;
  /** What was taken, by whose it is. */
  taken: Set<string>;
}

export function scores(world: World): Part {
  const kept: Kept = { of: null, chosen: 0, remembered: null, taken: new Set() };
  // Another world knows nothing of what was chosen in the one before.
  const here = () => {
    if (kept.of !== world.applications) Object.assign(kept, { of: world.applications, chosen: 0, remembered: null, taken: new Set() });
    return kept;
  };
  return {
    chooseScores: () => {
      here().chosen += 1;
      return Promise.resolve(true);
    },
    scoresTable: (sheet) => Promise.resolve(here().chosen === 0 ? null : table(here(), sheet)),
    scoresReaders: () => Promise.resolve(PEOPLE.slice(2, 14).map((name, at) => ({ member: `m-${at + 3}`, name }))),
    previewScores: (choices, way) => told(world, here(), choices, way),
    takeScores: async (choices, way) => {
      const report = await told(world, here(), choices, way);
      const [first] = report.refused;
      if (first !== undefined) return refused(first.code, first.text);
      for (const row of report.rows) here().taken.add(name(row.key, way));
      here().remembered = structuredClone(choices);
      world.changed();
      return { ...report, done: true };
    },
  };
}

/** Whose scores of an application, and whether they are a draft. */
function name(key: string, way: ScoresWay): string {
  return `${key} ${way.member ?? ''} ${way.member === null && !way.submit}`;
}

const rowsOf = (kept: Kept) => (kept.chosen > 1 ? ROWS : [...ROWS, MISTAKE]);

function table(kept: Kept, sheet: string | null): TableView {
  const rows = rowsOf(kept);
  return {
    file: kept.chosen > 1 ? 'scores-put-right.xlsx' : 'scores.xlsx', rows: rows.length, sheets: ['Scores', 'Notes'], sheet: sheet ?? 'Scores', remembered: kept.remembered !== null, values: {},
    parts: [...['application', 'reviewer', 'round', 'revision', 'confidence'].map((key) => ({ key, label: null })), ...CRITERIA.map(({ key, label }) => ({ key, label }))],
    columns: HEAD.map((column, at) => {
      const criterion = CRITERIA[at - 1]?.key ?? '';
      const to = kept.remembered?.columns[column] ?? (at === 0 ? 'application' : criterion);
      const cells = rows.map(([key, given]) => (at === 0 ? key : (given[at - 1] ?? '2027-02-09')));
      return { name: column, to, how: to === '' ? null : kept.remembered !== null ? 'remembered' : at === 0 ? 'cells' : 'name', samples: [...new Set(cells)].slice(0, 3), filled: rows.length, unique: at === 0 };
    }),
  };
}

function told(world: World, kept: Kept, choices: TableChoices, way: ScoresWay): Promise<ScoresReport> {
  const parts = Object.values(choices.columns);
  const lacking = ['application', ...CRITERIA.map(({ key }) => key)].find((part) => !parts.includes(part));
  if (lacking !== undefined) return refused('column-missing', `no column ${lacking}`);
  const report: ScoresReport = { done: false, new: 0, changed: 0, same: 0, rows: [], refused: [], refusedCount: 0, declares: 0 };
  for (const [at, [key]] of rowsOf(kept).entries()) {
    const wrong = (code: string): ProblemView => ({ row: at + 2, key, column: HEAD[0] ?? null, code, value: key, text: `${key}: ${code}` });
    const one = world.applications.find((each) => each.key === key);
    const task = way.member === null ? world.tasks.find(({ label }) => label === key) : undefined;
    const revision = task?.revision ?? 0;
    if (one === undefined || (way.member === null && task === undefined)) report.refused.push(wrong('application-unknown'));
    else if (kept.taken.has(name(key, way))) {
      report.same += 1;
      report.rows.push({ row: at + 2, application: one.id, key, round: ROUNDS[0]?.label ?? '', outcome: 'same', became: 'same' });
    } else if (way.submit && revision > 0 && way.reason.trim() === '') report.refused.push(wrong('reason-needed'));
    else {
      const outcome = revision > 0 || (task?.answered ?? 0) > 0 ? 'changed' : 'new';
      const became = way.member === null && !way.submit ? 'drafted' : revision > 0 ? 'amended' : 'submitted';
      report[outcome] += 1;
      if (way.submit && task?.state === 'to-declare') report.declares += 1;
      report.rows.push({ row: at + 2, application: one.id, key, round: ROUNDS[0]?.label ?? '', outcome, became });
    }
  }
  report.refusedCount = report.refused.length;
  return Promise.resolve(report);
}
