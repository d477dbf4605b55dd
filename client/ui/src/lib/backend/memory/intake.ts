// The intake desk over the invented world: a table that came late, trying it and taking it in; the form by hand; what is missing.
import type { AttachedView, Backend, ChaseRow, Entered, EntryField, EntryTyped, IntakeChoices, IntakeProgress, IntakeReport, ProblemView } from '../contract';
import type { Invented } from './applications';
import { lacksOf, row as boardRow, deskOf, withdrawal } from './desk';
import { placed } from './intake-files';
import { ATTACHMENTS, COLUMNS, FORM, LATE, MEANT, type Late } from './intake-table';
import { refused, type World } from './world';

type Part = Pick<
  Backend,
  | 'intakeChooseTable' | 'intakeChooseFolder' | 'intakeForget' | 'intakeTable' | 'intakePreview' | 'intakeTake' | 'onIntakeProgress'
  | 'entryForm' | 'keepEntry' | 'enter' | 'attach' | 'withdraw' | 'chase'
>;

export function intake(world: World): Part {
  const hearers = new Set<(progress: IntakeProgress) => void>();
  const chosen = { table: false, folder: false, remembered: null as IntakeChoices | null, of: world.applications };
  // Another world knows nothing of what was chosen in the one before.
  const here = () => {
    if (chosen.of !== world.applications) Object.assign(chosen, { table: false, folder: false, remembered: null, of: world.applications });
    return chosen;
  };
  const known = (key: string) => world.applications.find((one) => one.key === key);
  const tell = async (of: number, files: boolean): Promise<void> => {
    for (let done = 6; done <= of; done += 6) {
      for (const hear of hearers) hear({ done, of, bytes: files ? done * 5_200_000 : 0 });
      if (hearers.size > 0 && world.stepMs > 1000) await new Promise((go) => setTimeout(go, world.stepMs));
    }
  };
  return {
    intakeChooseTable: () => {
      here().table = true;
      return Promise.resolve(true);
    },
    intakeChooseFolder: () => {
      here().folder = true;
      return Promise.resolve(true);
    },
    intakeForget: (folderAlone) => {
      here().folder = false;
      if (!folderAlone) here().table = false;
      return Promise.resolve();
    },
    intakeTable: (sheet) => {
      const { table, folder, remembered } = here();
      if (!table) return Promise.resolve(null);
      const columns = COLUMNS.map((column) => {
        const before = remembered?.columns[column.name];
        return before === undefined ? column : { ...column, to: before, how: 'remembered' };
      });
      return Promise.resolve({
        file: 'applications-february.xlsx', folder: folder ? 'attachments-february' : null, folders: folder ? 15 : 0, loose: folder ? 4 : 0, rows: LATE.length,
        sheets: ['Form responses 1', 'Notes'], sheet: sheet ?? 'Form responses 1', key: remembered?.key ?? 'Application no.', columns,
        fields: [
          ...FORM.map(({ key, label, required, kind, seen }) => ({ key, label, required, kind, read: seen.kind !== 'nobody' })),
          { key: 'bonus', label: 'bonus', required: false, kind: 'figure', read: false },
        ],
        values: remembered?.values ?? {}, placing: structuredClone(remembered?.placing ?? { patterns: {}, folders: {}, files: {} }), remembered: remembered !== null,
      });
    },
    intakePreview: async (choices) => {
      await tell(LATE.length, here().folder);
      return report(known, choices, here().folder, false);
    },
    intakeTake: async (choices) => {
      await tell(LATE.length, here().folder);
      const done = report(known, choices, here().folder, true);
      for (const line of done.rows) {
        const late = LATE.find((each) => each.key === line.key);
        if (late === undefined || line.outcome === 'same') continue;
        take(world, late.key, { ...answersOf(late), ...groupOf(late, choices), ...Object.fromEntries(late.changes.map(({ field, after }) => [field, after])) }, here().folder ? late.files.length : undefined);
      }
      here().remembered = structuredClone(choices);
      world.changed();
      return done;
    },
    onIntakeProgress: (hear) => {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    entryForm: (id) => {
      const one = world.applications.find((each) => each.id === id);
      if (id !== null && one === undefined) return refused('not-found', 'this application is not here');
      const fields = FORM.map((field): EntryField => ({ ...field, value: one === undefined ? '' : answer(one, field.key) }));
      const greatest = world.applications.at(-1)?.key ?? 'GLS-0000';
      return Promise.resolve({
        application: id, key: one?.key ?? `GLS-${String(Number(greatest.slice(4)) + 1).padStart(4, '0')}`, route: one === undefined ? null : one.answers?.route ?? 'import',
        onBehalf: one?.answers?.route !== undefined, fields, attachments: ATTACHMENTS.map((slot, at) => ({ ...slot, here: one === undefined ? 0 : at < (one.files ?? 4) ? Math.max(1, slot.min) : 0 })),
        typed: structuredClone(deskOf(world).typed.get(id) ?? NOTHING),
      });
    },
    keepEntry: (id, typed) => {
      deskOf(world).typed.set(id, structuredClone(typed));
      return Promise.resolve();
    },
    enter: (entry) => {
      const before = world.applications.find((each) => each.id === entry.application);
      if (before === undefined && known(entry.key) !== undefined) return refused('key-taken', 'another application is called so');
      const wrong = FORM.flatMap((field): ProblemView[] => {
        const value = entry.answers[field.key] ?? '';
        const bad = value !== '' && ((field.kind === 'date' && !/^\d{4}-\d\d-\d\d$/.test(value)) || (field.kind === 'number' && Number.isNaN(Number(value))));
        return bad ? [{ row: 1, key: entry.key, column: field.key, code: `${field.kind}-bad`, value, text: `${value} is no ${field.kind}` }] : [];
      });
      if (wrong.length > 0) return Promise.resolve<Entered>({ application: null, outcome: 'refused', refused: wrong, remarks: [] });
      const same = before !== undefined && FORM.every((field) => answer(before, field.key) === (entry.answers[field.key] ?? ''));
      const id = take(world, before?.key ?? entry.key, { ...entry.answers, route: entry.route }, before?.files ?? (before === undefined ? 0 : undefined));
      const { typed } = deskOf(world);
      typed.set(entry.application, without(typed.get(entry.application) ?? NOTHING, entry));
      world.changed();
      return Promise.resolve<Entered>({ application: id, outcome: before === undefined ? 'new' : same ? 'same' : 'changed', refused: [], remarks: [] });
    },
    attach: (id, slot) => {
      const one = world.applications.find((each) => each.id === id);
      if (one === undefined) return refused('not-found', 'this application is not here');
      one.files = (one.files ?? 4) + 1;
      world.changed();
      const wrong = slot === 'cv' ? [{ row: null, key: one.key, column: null, code: 'attachment-not-what-it-says', value: 'cv.pdf', text: 'the name ends in .pdf, but it is a picture' }] : [];
      return Promise.resolve<AttachedView>({ taken: ['letter-dean.pdf'], changed: true, refused: wrong, remarks: [] });
    },
    withdraw: (id, withdrawn, route, reason) => {
      deskOf(world).withdrawnBy.set(id, route);
      deskOf(world).withdrawn.set(id, withdrawn ? reason : null);
      world.changed();
      return Promise.resolve(withdrawn ? 2 : 0);
    },
    chase: () =>
      Promise.resolve({
        language: 'en',
        rows: world.applications.flatMap((one): ChaseRow[] => {
          const lacks = one.fresh ? lacksOf(one) : boardRow(world, one).lacks;
          if (lacks.length === 0 || withdrawal(world, one) !== null) return [];
          const files = lacks.filter((lack) => lack.includes('×')).map((lack) => {
            const [more = '1', label = ''] = lack.split(' × ');
            return { slot: label === 'Media coverage' ? 'media' : 'letters', label, more: Number(more) };
          });
          const contact = one.n % 5 === 3 ? null : answer(one, 'email');
          const all = { answers: lacks.filter((lack) => !lack.includes('×')), files };
          return [{ application: one.id, key: one.key, title: one.name, contact, lacks: all, asked: all }];
        }),
      }),
  };
}

const NOTHING: EntryTyped = { key: null, route: null, answers: {} };

/** What is left of what was typed once something was taken in. */
function without({ key, route, answers }: EntryTyped, entry: Parameters<Backend['enter']>[0]): EntryTyped {
  return {
    key: key === entry.key ? null : key, route: route === entry.route ? null : route,
    answers: Object.fromEntries(Object.entries(answers).filter(([field, typed]) => entry.answers[field] !== typed)),
  };
}

function answersOf(late: Late): Record<string, string> {
  const { name, email, born, organisation, country } = late;
  return { name, email, born, organisation, country };
}

/** The group by key, where the cell is one or somebody said what it means. */
function groupOf(late: Late, choices: IntakeChoices): Record<string, string> {
  const key = MEANT[late.group] ?? choices.values.group?.[late.group];
  return key === undefined || key === '' ? {} : { group: key };
}

/** Puts answers where the world keeps them; gives the id. */
function take(world: World, key: string, answers: Record<string, string>, files: number | undefined): string {
  const before = world.applications.find((one) => one.key === key);
  const named = { name: answers.name ?? before?.name ?? '', organisation: answers.organisation ?? before?.organisation ?? '', country: answers.country ?? before?.country ?? '' };
  if (before !== undefined) {
    Object.assign(before, named, { answers: { ...before.answers, ...answers } });
    if (files !== undefined) before.files = files;
    return before.id;
  }
  const n = world.applications.length;
  const one: Invented = { id: `a-${String(n + 1).padStart(4, '0')}`, key, ...named, n, answers, fresh: true, files: files ?? 0 };
  world.applications.push(one);
  return one.id;
}

function answer(one: Invented, field: string): string {
  const kept = one.answers?.[field];
  if (kept !== undefined) return kept;
  if (one.fresh) return '';
  const made: Record<string, string> = {
    name: one.name, email: `applicant${one.n + 1}@example.org`, born: `${1976 + (one.n % 25)}-05-${String(1 + (one.n % 28)).padStart(2, '0')}`, organisation: one.organisation,
    country: one.country, group: ['lawyer', 'manager', 'clinic', 'other'][one.n % 4] ?? '', years: String(4 + (one.n % 17)),
  };
  return made[field] ?? '';
}

function report(known: (key: string) => Invented | undefined, choices: IntakeChoices, folder: boolean, done: boolean): IntakeReport {
  const result: IntakeReport = { done, stopped: false, new: 0, changed: 0, same: 0, files: 0, leftOut: 0, unplaced: 0, filed: [], filedCount: 0, slots: [], patterns: [], strange: [], rows: [], refused: [], refusedRows: 0, remarks: [], absent: [], again: null, unknown: [] };
  const to = (field: string) => Object.values(choices.columns).includes(field);
  result.absent = FORM.filter((field) => field.required && !to(field.key)).map((field) => field.label);
  const meant = (late: Late) => MEANT[late.group] ?? (choices.values.group?.[late.group] || undefined);
  for (const [at, late] of LATE.entries()) {
    const row = at + 2;
    const wrong: ProblemView[] = [];
    if (to('born') && late.born.includes('/')) wrong.push({ row, key: late.key, column: 'Date of birth', code: 'date-bad', value: late.born, text: `${late.born} is no day` });
    if (to('group') && meant(late) === undefined) wrong.push({ row, key: late.key, column: 'Which of these are you?', code: 'choice-unknown', value: late.group, text: `${late.group} is none of the answers` });
    for (const file of folder ? late.bad : []) result.refused.push({ row, key: late.key, column: null, code: file.code, value: file.name, text: file.name });
    if (wrong.length > 0) {
      result.refused.push(...wrong);
      result.refusedRows += 1;
      continue;
    }
    const before = known(late.key);
    const changes = before === undefined ? [] : late.changes.map(({ field, label, after }) => ({ label, before: answer(before, field), after })).filter((change) => change.before !== change.after);
    const outcome = before === undefined ? 'new' : changes.length > 0 ? 'changed' : 'same';
    result[outcome] += 1;
    const files = folder ? late.files.length + late.odd.length : 0;
    result.rows.push({ row, application: before?.id ?? `a-${row}`, key: late.key, title: late.name, outcome, files, changes: done ? [] : changes });
    if (late.email === '') result.remarks.push({ row, key: late.key, code: 'answer-missing', about: ['E-mail address'], text: 'email is not answered' });
    if (folder && late.odd.includes('scan0001.jpg')) result.remarks.push({ row, key: late.key, code: 'attachment-has-place', about: ['scan0001.jpg'], text: 'the photograph says where it was taken' });
  }
  const nowhere = Object.entries(choices.columns).filter(([column, field]) => field === '' && column !== choices.key).map(([column]) => column);
  if (nowhere.length > 0) result.remarks.push({ row: null, key: null, code: 'column-unmapped', about: nowhere, text: 'columns that are no field of the form go nowhere' });
  if (folder) Object.assign(result, placed(result, choices));
  if (choices.key === 'E-mail') {
    result.again = { column: 'Application no.', count: 5, known: 'GLS-0003', key: LATE[0]?.email ?? '' };
  }
  const counts = new Map<string, number>();
  for (const problem of result.refused) if (problem.code === 'choice-unknown') counts.set(problem.value, (counts.get(problem.value) ?? 0) + 1);
  const options = FORM.find((field) => field.key === 'group')?.options ?? [];
  result.unknown = [...counts].map(([value, count]) => ({ column: 'Which of these are you?', field: 'group', label: 'Target group', value, count, options }));
  return result;
}
