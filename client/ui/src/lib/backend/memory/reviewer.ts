// The reviewer's acts over the invented world: home, dossiers, drafts, submitting.
import type { Backend, DossierView, Draft, TaskRow } from '../contract';
import { CRITERIA, CV_TEXT, PAGE_TEXT, card, files, sections } from './dossiers';
import letterOne from './pages/letter-1.png';
import letterTwo from './pages/letter-2.png';
import scan from './pages/scan-1.png';
import { withTyped } from './typed';
import { DAY, refused, type World } from './world';

type Part = Pick<
  Backend,
  | 'reviewerHome' | 'dossier' | 'declare' | 'handBack' | 'saveDraft' | 'saveNote' | 'markAgain' | 'submit' | 'fileText'
  | 'filePages' | 'pageUrl' | 'saveFile'
>;

type Declared = NonNullable<ReturnType<World['declarations']['get']>>;

const BLANK: Draft = { answers: {}, comments: {}, pins: {}, overall: '', confidence: null, attested: false };
/** Why a criterion does not apply, as another laptop has it. */
const REASON = 'No case is named.';
const ATTESTATION = 'I read this application myself and in full, and I know of no interest that would keep me from judging it.';

export function reviewer(world: World): Part {
  const find = (application: string): TaskRow | undefined => world.tasks.find((task) => task.application === application);
  const change = (application: string, change: Partial<TaskRow>) => {
    world.tasks = world.tasks.map((task) => (task.application === application ? { ...task, ...change } : task));
  };
  const declare = (application: string, told: Declared) => {
    world.declarations.set(application, told);
    world.told.delete(application);
    world.lifted.delete(application);
    const gone = told.declaration === 'conflict' || told.declaration === 'recused';
    if (gone) {
      world.drafts.set(application, structuredClone(BLANK));
      world.notes.delete(application);
      change(application, { answered: 0, again: false });
    }
    const closed = told.declaration === 'unsure' ? 'unsure' : told.kind === 'hand-back' ? 'handed-back' : 'conflict';
    change(application, told.declaration === 'none' ? { state: 'to-read', readable: true } : { state: closed, readable: !gone });
    world.changed();
  };
  return {
    reviewerHome: () => Promise.resolve(home(world)),
    dossier: (application) => {
      const task = find(application);
      if (task === undefined) return refused('not-found', 'This application is not assigned to you.');
      return Promise.resolve(dossier(world, task));
    },
    declare: (application, declaration, kind, note) => {
      if (declaration === 'none' && bars(world, application) && world.told.has(application) && !world.lifted.has(application)) {
        return refused('not-permitted', "this needs a coordinator's ruling on what was declared before");
      }
      declare(application, { declaration, kind, note });
      return Promise.resolve();
    },
    handBack: (application, reason) => {
      const task = find(application);
      if (task === undefined) return refused('not-found', 'This application is not assigned to you.');
      if (reason.trim() === '') return refused('reason-needed', 'handing back needs a reason');
      if (task.revision > 0) return refused('not-permitted', 'this needs an application of which no review was submitted');
      declare(application, { declaration: 'recused', kind: 'hand-back', note: reason.trim() });
      return Promise.resolve();
    },
    saveDraft: (application, _round, _seen, before, draft) => {
      const task = find(application);
      if (task === undefined) return refused('not-found', 'This application is not assigned to you.');
      if (task.revision > 0 && !world.submitted.has(application)) world.submitted.set(application, draftOf(world, task));
      const saved = changed(draftOf(world, task), before, draft);
      for (const { field } of conflicts(world, task)) {
        const answer = saved.answers[keyOf(field)];
        if (answer === undefined || (answer.score === null && answer.notApplicable === null)) continue;
        if (answer.notApplicable === '') answer.notApplicable = REASON;
        world.settled.add(`${application} ${field}`);
      }
      world.drafts.set(application, saved);
      const answered = CRITERIA.filter(({ key }) => isAnswered(saved, key)).length;
      if (task.state === 'to-read') change(application, { state: 'on-device' });
      change(application, { answered });
      return Promise.resolve({ total: total(saved), missing: missing(saved), heads: [] });
    },
    saveNote: (application, _round, before, text) => {
      const there = world.notes.get(application) ?? '';
      world.notes.set(application, there === before ? text : there + text);
      return Promise.resolve();
    },
    markAgain: (application, again) => {
      change(application, { again });
      world.changed();
      return Promise.resolve();
    },
    submit: (application, _round, reason) => {
      const task = find(application);
      if (task === undefined) return refused('not-found', 'This application is not assigned to you.');
      const lacking = missing(draftOf(world, task));
      if (lacking.length > 0) return Promise.resolve({ kind: 'missing', missing: lacking });
      if (task.revision > 0 && reason === null) return Promise.resolve({ kind: 'needs-reason' });
      world.submitted.set(application, draftOf(world, task));
      change(application, { state: 'in-outbox', revision: task.revision + 1 });
      world.changed();
      return Promise.resolve({ kind: 'submitted', revision: task.revision + 1 });
    },
    fileText: () => Promise.resolve(CV_TEXT),
    filePages: (handle) =>
      Promise.resolve({ pages: (handle.includes('letter2') ? [''] : PAGE_TEXT).map((text) => ({ shape: 0.707, text })) }),
    pageUrl: (handle, page) => drawn(handle, page),
    saveFile: () => Promise.resolve('/home/amara/Documents/letter-1.pdf'),
  };
}

function home(world: World): Awaited<ReturnType<Backend['reviewerHome']>> {
  const { tasks } = world;
  const count = (...states: TaskRow['state'][]) => tasks.filter((task) => states.includes(task.state)).length;
  const deadline = world.now + 9 * DAY;
  return {
    tasks,
    outbox: count('in-outbox'),
    lastExchangeMs: world.lastExchangeMs,
    relayKnown: world.scenario !== 'rehearsal',
    deadline: tasks.length === 0 ? null : { round: 'First reading', local: 'Africa/Dakar', programmeZone: 'Asia/Shanghai', programmeTime: '23:59', ms: deadline },
    counts: {
      assigned: tasks.length - count('taken-back', 'conflict'), toDeclare: count('to-declare'), drafts: count('on-device'),
      inOutbox: count('in-outbox'), held: count('held-by-relay'), opened: count('opened-by-coordinator'),
    },
    readyToTravel: false,
    unsealed: count('on-device'),
    gaps: [],
  };
}

function dossier(world: World, task: TaskRow): DossierView {
  const n = task.place - 1;
  const around = world.tasks.filter((each) => each.state !== 'taken-back');
  const at = around.findIndex((each) => each.application === task.application);
  const told = declared(world, task);
  const readable = told?.declaration === 'none' && task.readable;
  const draft = draftOf(world, task);
  return {
    application: task.application, label: task.label, round: task.round, roundLabel: task.roundLabel, state: task.state,
    place: at + 1, of: around.length, previous: around[at - 1]?.application ?? null, next: around[at + 1]?.application ?? null,
    card: card(n), declaration: told && { ...told, mayTakeBack: told.declaration !== 'none' && !world.told.has(task.application), lifted: world.lifted.get(task.application) ?? null },
    sections: readable ? sections(n) : [], files: readable ? withTyped(world, files(n)) : [],
    criteria: CRITERIA, attestation: ATTESTATION, confidence: { min: '1', max: '5', step: '1' },
    draft, draftHeads: [], draftConflicts: conflicts(world, task),
    submitted: task.revision > 0 ? { revision: task.revision, draft: world.submitted.get(task.application) ?? draft, outcome: task.outcome } : null,
    total: total(draft), missing: missing(draft), notes: world.notes.get(task.application) ?? '', again: task.again,
  };
}

function declared(world: World, task: TaskRow): Declared | null {
  const known = world.declarations.get(task.application);
  if (known !== undefined || task.state === 'to-declare') return known ?? null;
  return task.state === 'conflict' ? { declaration: 'conflict', kind: 'colleague', note: '' } : { declaration: 'none', kind: '', note: '' };
}

/** Whether what was declared keeps its reader from reading. */
function bars(world: World, application: string): boolean {
  const task = world.tasks.find((each) => each.application === application);
  const told = task === undefined ? null : declared(world, task);
  return told !== null && told.declaration !== 'none';
}

/** The fourth application was also scored on another laptop. */
function conflicts(world: World, task: TaskRow): DossierView['draftConflicts'] {
  if (task.place !== 4) return [];
  const all = [{ field: 'answer/insight', values: ['3', '4'] }, { field: 'answer/practice', values: ['5', ''] }];
  return all.filter(({ field }) => !world.settled.has(`${task.application} ${field}`));
}

const keyOf = (field: string) => field.split('/')[1] ?? '';

/** What was made of `before`, in what is there by now. */
function changed(there: Draft, before: Draft, draft: Draft): Draft {
  return {
    answers: entries(there.answers, before.answers, draft.answers), comments: entries(there.comments, before.comments, draft.comments),
    pins: entries(there.pins, before.pins, draft.pins), overall: before.overall === draft.overall ? there.overall : draft.overall,
    confidence: before.confidence === draft.confidence ? there.confidence : draft.confidence,
    attested: before.attested === draft.attested ? there.attested : draft.attested,
  };
}

function entries<T>(there: Record<string, T>, before: Record<string, T>, now: Record<string, T>): Record<string, T> {
  const all = structuredClone(there);
  for (const key of Object.keys({ ...before, ...now })) {
    const value = now[key];
    if (JSON.stringify(before[key]) === JSON.stringify(value)) continue;
    if (value === undefined) delete all[key];
    else all[key] = structuredClone(value);
  }
  return all;
}

export function draftOf(world: World, task: TaskRow): Draft {
  const kept = world.drafts.get(task.application);
  if (kept !== undefined) return structuredClone(kept);
  const draft = structuredClone(BLANK);
  for (const [at, criterion] of CRITERIA.entries()) {
    const given = at < task.answered;
    draft.answers[criterion.key] = { score: given ? (criterion.kind === 'score' ? String(2 + ((task.place + at) % 4)) : '1') : null, notApplicable: null };
  }
  if (task.answered > 0) {
    draft.comments['practice'] = 'Own cases since 2016, most of them guardianship.';
    draft.pins['practice'] = { kind: 'page', file: `f-${task.place - 1}-letter1`, page: 2 };
  }
  for (const { field } of conflicts(world, task)) draft.answers[keyOf(field)] = { score: null, notApplicable: null };
  if (task.answered === CRITERIA.length) Object.assign(draft, { overall: 'A careful applicant with work that others can use.', confidence: '4', attested: true });
  return draft;
}

function isAnswered(draft: Draft, key: string): boolean {
  const answer = draft.answers[key];
  return answer !== undefined && (answer.score !== null || (answer.notApplicable ?? '') !== '');
}

function missing(draft: Draft): DossierView['missing'] {
  const lacking: DossierView['missing'] = CRITERIA.filter((each) => each.required && !isAnswered(draft, each.key)).map((each) => ({
    place: `answer/${each.key}`, code: 'missing-answer', text: `${each.label}: neither a score nor N/A`,
  }));
  if (!draft.attested) lacking.push({ place: 'attestation', code: 'missing-attestation', text: 'the attestation is missing' });
  return lacking;
}

/** The weighted mean of what is scored, as a share of five; N/A leaves it alone. */
export function total(draft: Draft): string | null {
  const scored = CRITERIA.filter((each) => each.weight !== null && draft.answers[each.key]?.score != null);
  const weight = scored.reduce((sum, each) => sum + Number(each.weight), 0);
  if (weight === 0) return null;
  return (scored.reduce((sum, each) => sum + Number(draft.answers[each.key]?.score) * Number(each.weight), 0) / weight).toFixed(2);
}

/** A page as a picture: the real ones are bitmaps of another process. */
function drawn(handle: string, page: number): string {
  if (handle.includes('letter2')) return scan;
  return page === 1 ? letterOne : letterTwo;
}
