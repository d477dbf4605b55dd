// The eligibility desk over the invented world, and a table of verdicts that somebody kept beside it.
import type { Backend, EligibilityQuery, EligibilityRow, GateView, ProblemView, TableChoices, TableView, VerdictsReport, Wanting } from '../contract';
import type { Invented } from './applications';
import { exception, GATES, gates, give, outcome, withdrawal } from './desk';
import type { World } from './world';

type Part = Pick<Backend, 'eligibility' | 'eligibilityPage' | 'chooseVerdicts' | 'verdictsTable' | 'previewVerdicts' | 'takeVerdicts'>;

const WANTINGS: Wanting[] = ['unchecked', 'open', 'not-met', 'contested', 'exception'];
const WORDS: Partial<Record<Wanting, string>> = { unchecked: 'none', open: 'open', 'not-met': 'not-met', contested: 'contested' };

/** What the table says, as its columns have it; the keys fit whatever the world has. */
const HEAD = ['No.', 'Condition', 'Result', 'Why', 'Checked on'];
const LINES: [key: string, condition: string, says: string, why: string][] = [
  ['GLS-0005', 'media', 'yes', 'Two articles, both with her name.'],
  ['GLS-0005', 'english', 'yes', 'Studied in English.'],
  ['GLS-0014', 'age', 'no', 'Born in 1969, by the copy of the passport.'],
  ['GLS-0001', 'media', 'met', 'Radio interview of 14 minutes, in the attachments.'],
  ['GLS-0001', 'english', 'open', 'The panel asks her.'],
  ['GLS-0033', 'age', 'not-met', ''],
  ['GLS-9001', 'age', 'met', 'x'],
  ['GLS-0022', 'height', 'met', 'x'],
];
const SEEN = '2027-02-09';

export function eligibility(world: World): Part {
  const kept = { of: world.applications, chosen: false, remembered: null as TableChoices | null };
  // Another world knows nothing of what was chosen in the one before.
  const here = () => {
    if (kept.of !== world.applications) Object.assign(kept, { of: world.applications, chosen: false, remembered: null });
    return kept;
  };
  return {
    eligibility: () =>
      Promise.resolve({ conditions: GATES.map(({ gate, question, evidence }) => ({ gate, question, evidence })), exception: true, total: world.applications.length }),
    eligibilityPage: (query) => {
      const folded = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
      const words = folded(query.text).split(/\s+/).filter(Boolean);
      const named = world.applications.filter((one) => words.every((word) => folded(`${one.key} ${one.name}`).includes(word))).map((one) => row(world, one));
      const found = named.filter((each) => query.wanting === null || wants(each, query.wanting, query) || query.keep.includes(each.application));
      const counts = WANTINGS.map((wanting) => ({ wanting, count: named.filter((each) => wants(each, wanting, query)).length }));
      return Promise.resolve({ total: found.length, counts, rows: found.slice(query.offset, query.offset + query.limit) });
    },
    chooseVerdicts: () => {
      here().chosen = true;
      return Promise.resolve(true);
    },
    verdictsTable: (sheet) => {
      const { chosen, remembered } = here();
      return Promise.resolve(chosen ? table(sheet, remembered) : null);
    },
    previewVerdicts: (choices) => Promise.resolve(report(world, choices, false)),
    takeVerdicts: (choices) => {
      const done = report(world, choices, true);
      here().remembered = structuredClone(choices);
      world.changed();
      return Promise.resolve(done);
    },
  };
}

function row(world: World, one: Invented): EligibilityRow {
  const judged = gates(world, one);
  const { asked, granted } = exception(world, one);
  const stands = (gate: GateView) => gate.verdict ?? (gate.by.length > 1 ? 'contested' : 'none');
  return {
    application: one.id, key: one.key, title: one.name, outcome: outcome(judged, granted === true), withdrawn: withdrawal(world, one) !== null,
    verdicts: Object.fromEntries(judged.map((gate) => [gate.gate, stands(gate)])), exception: asked === null ? null : granted === null ? 'asked' : granted ? 'granted' : 'refused',
  };
}

function wants(each: EligibilityRow, wanting: Wanting, { gate }: EligibilityQuery): boolean {
  if (each.withdrawn) return false;
  const word = WORDS[wanting];
  if (word === undefined) return each.exception === 'asked';
  return (gate === null ? Object.values(each.verdicts) : [each.verdicts[gate]]).includes(word);
}

function table(sheet: string | null, remembered: TableChoices | null): TableView {
  const cells = (at: number) => LINES.map((line) => line[at] ?? SEEN);
  return {
    file: 'checked.xlsx', rows: LINES.length, sheets: ['Checked', 'Notes'], sheet: sheet ?? 'Checked', remembered: remembered !== null, values: structuredClone(remembered?.values ?? {}),
    parts: [
      ...['application', 'criterion', 'verdict', 'reason', 'evidence'].map((key) => ({ key, label: null })), ...GATES.map(({ gate, question }) => ({ key: `verdict/${gate}`, label: question })),
    ],
    columns: HEAD.map((name, at) => {
      const before = remembered?.columns[name];
      const samples = [...new Set(cells(at))].filter(Boolean).slice(0, 3);
      return {
        name, samples, filled: cells(at).filter(Boolean).length, unique: false, to: before ?? (at === 0 ? 'application' : ''),
        how: before !== undefined && before !== '' ? 'remembered' : before === undefined && at === 0 ? 'cells' : null,
      };
    }),
  };
}

function report(world: World, choices: TableChoices, done: boolean): VerdictsReport {
  const result: VerdictsReport = { done, stopped: false, new: 0, changed: 0, same: 0, rows: [], refused: [], refusedCount: 0, unknown: [] };
  const meant = (part: string, cell: string) => choices.values[part]?.[cell] || cell;
  for (const [at, [key, condition, says, why]] of LINES.entries()) {
    const wrong = (code: string, column: string | undefined, value: string): ProblemView => ({ row: at + 2, key, column: column ?? null, code, value, text: `${value}: ${code}` });
    const one = world.applications.find((each) => each.key === key);
    const gate = one === undefined ? undefined : gates(world, one).find((each) => each.gate === meant('criterion', condition));
    const verdict = meant('verdict', says);
    if (one === undefined) result.refused.push(wrong('application-unknown', HEAD[0], key));
    else if (gate === undefined) result.refused.push(wrong('gate-unknown', HEAD[1], condition));
    else if (!['met', 'not-met', 'open'].includes(verdict)) result.refused.push(wrong('verdict-unknown', HEAD[2], says));
    else if (verdict === 'not-met' && why === '') result.refused.push(wrong('reason-missing', HEAD[3], gate.gate));
    else {
      const before = gate.verdict ?? (gate.by.length > 1 ? 'contested' : 'none');
      const outcome = before === 'none' ? 'new' : before === verdict && gate.reason === why ? 'same' : 'changed';
      result[outcome] += 1;
      result.rows.push({ row: at + 2, application: one.id, key, question: gate.question, outcome, before, after: verdict, reason: why });
      if (done && outcome !== 'same') give(world, one, gate.gate, { verdict, evidenceGiven: gate.verdict === verdict ? gate.evidenceGiven : '', reason: why, by: [world.me?.name ?? ''] });
    }
  }
  result.refusedCount = result.refused.length;
  const options = { verdict: ['met', 'not-met', 'open'].map((word) => ({ key: word, label: word })), criterion: GATES.map(({ gate, question }) => ({ key: gate, label: question })) };
  for (const [code, part, column] of [['verdict-unknown', 'verdict', HEAD[2]], ['gate-unknown', 'criterion', HEAD[1]]] as const) {
    const values = result.refused.filter((one) => one.code === code).map(({ value }) => value);
    for (const value of new Set(values)) {
      result.unknown.push({ column: column ?? '', field: part, label: part, value, count: values.filter((each) => each === value).length, options: options[part] });
    }
  }
  return result;
}
