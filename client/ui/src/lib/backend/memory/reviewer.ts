// The reviewer's acts over the invented world: home, dossiers, drafts, submitting.
import type { Backend, DossierView, Draft, TaskRow } from '../contract';
import { CRITERIA, CV_TEXT, PAGE_TEXT, card, files, sections } from './dossiers';
import letterOne from './pages/letter-1.png';
import letterTwo from './pages/letter-2.png';
import scan from './pages/scan-1.png';
import { DAY, refused, type World } from './world';

type Part = Pick<
  Backend,
  | 'reviewerHome' | 'dossier' | 'declare' | 'saveDraft' | 'saveNote' | 'settleDraft' | 'submit' | 'distribution' | 'fileText'
  | 'filePages' | 'pageUrl' | 'saveFile'
>;

const ATTESTATION = 'I read this application myself and in full, and I know of no interest that would keep me from judging it.';

export function reviewer(world: World): Part {
  const find = (application: string): TaskRow | undefined => world.tasks.find((task) => task.application === application);
  const change = (application: string, change: Partial<TaskRow>) => {
    world.tasks = world.tasks.map((task) => (task.application === application ? { ...task, ...change } : task));
  };
  return {
    reviewerHome: () => Promise.resolve(home(world)),
    dossier: (application) => {
      const task = find(application);
      if (task === undefined) return refused('not-found', 'This application is not assigned to you.');
      return Promise.resolve(dossier(world, task));
    },
    declare: (application, declaration, kind, note) => {
      world.declarations.set(application, { declaration, kind, note });
      const gone = declaration === 'conflict' || declaration === 'recused';
      change(application, gone ? { state: 'conflict', readable: false } : { state: 'to-read', readable: true });
      world.changed();
      return Promise.resolve();
    },
    saveDraft: (application, _round, draft) => {
      world.drafts.set(application, structuredClone(draft));
      const answered = CRITERIA.filter(({ key }) => isAnswered(draft, key)).length;
      const task = find(application);
      if (task?.state === 'to-read') change(application, { state: 'on-device' });
      change(application, { answered });
      return Promise.resolve({ total: total(draft), missing: missing(draft) });
    },
    saveNote: (application, _round, text) => {
      world.notes.set(application, text);
      return Promise.resolve();
    },
    settleDraft: (application, _round, field, value) => {
      const task = find(application);
      if (task === undefined) return refused('not-found', 'This application is not assigned to you.');
      const draft = draftOf(world, task);
      const [part, key = ''] = field.split('/');
      if (part === 'answer') draft.answers[key] = { score: value, notApplicable: null };
      else if (part === 'comment') draft.comments[key] = value;
      else draft.overall = value;
      world.drafts.set(application, draft);
      world.settled.add(`${application} ${field}`);
      return Promise.resolve();
    },
    submit: (application, _round, reason) => {
      const task = find(application);
      if (task === undefined) return refused('not-found', 'This application is not assigned to you.');
      const lacking = missing(draftOf(world, task));
      if (lacking.length > 0) return Promise.resolve({ kind: 'missing', missing: lacking });
      if (task.revision > 0 && reason === null) return Promise.resolve({ kind: 'needs-reason' });
      change(application, { state: 'in-outbox', revision: task.revision + 1 });
      world.changed();
      return Promise.resolve({ kind: 'submitted', revision: task.revision + 1 });
    },
    distribution: () =>
      Promise.resolve(
        CRITERIA.map((criterion, at) => {
          const counts = criterion.scores.map((score, step) => ({ score, count: [0, 1, 3, 6, 4, 2][(step + (at % 2)) % 6] ?? 0 }));
          const all = counts.reduce((sum, { count }) => sum + count, 0);
          const sum = counts.reduce((total, { score, count }) => total + Number(score) * count, 0);
          return { criterion: criterion.key, label: criterion.label, counts, mean: all === 0 ? null : (sum / all).toFixed(2) };
        }),
      ),
    fileText: () => Promise.resolve(CV_TEXT),
    filePages: (handle) =>
      handle.includes('letter2') ? Promise.resolve({ pages: 1, text: [PAGE_TEXT[0] ?? ''] }) : Promise.resolve({ pages: 2, text: PAGE_TEXT }),
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
  const told = world.declarations.get(task.application) ?? (task.state === 'to-declare' ? null : task.state === 'conflict'
    ? { declaration: 'conflict' as const, kind: 'colleague', note: '' }
    : { declaration: 'none' as const, kind: '', note: '' });
  const readable = told !== null && task.readable && told.declaration !== 'conflict' && told.declaration !== 'recused';
  const draft = draftOf(world, task);
  return {
    application: task.application, label: task.label, round: task.round, roundLabel: task.roundLabel, state: task.state,
    place: at + 1, of: around.length, previous: around[at - 1]?.application ?? null, next: around[at + 1]?.application ?? null,
    card: card(n), declaration: told, sections: readable ? sections(n) : [], files: readable ? files(n) : [],
    criteria: CRITERIA, attestation: ATTESTATION, confidence: { min: '1', max: '5', step: '1' },
    draft, draftConflicts: conflicts(world, task),
    submitted: task.revision > 0 ? { revision: task.revision, answers: draft.answers, outcome: task.outcome } : null,
    total: total(draft), missing: missing(draft), notes: world.notes.get(task.application) ?? '',
  };
}

/** The third application was also scored on another laptop. */
function conflicts(world: World, task: TaskRow): DossierView['draftConflicts'] {
  if (task.place !== 4) return [];
  const all = [
    { field: 'answer/insight', values: ['3', '4'] },
    { field: 'comment/practice', values: ['Own cases since 2016, most of them guardianship.', 'Since 2016. Guardianship; two appeals.'] },
  ];
  return all.filter(({ field }) => !world.settled.has(`${task.application} ${field}`));
}

function draftOf(world: World, task: TaskRow): Draft {
  const kept = world.drafts.get(task.application);
  if (kept !== undefined) return structuredClone(kept);
  const draft: Draft = { answers: {}, comments: {}, overall: '', confidence: null, attested: false };
  for (const [at, criterion] of CRITERIA.entries()) {
    const given = at < task.answered;
    draft.answers[criterion.key] = { score: given ? (criterion.kind === 'score' ? String(2 + ((task.place + at) % 4)) : '1') : null, notApplicable: null };
  }
  if (task.answered > 0) draft.comments['practice'] = 'Own cases since 2016, most of them guardianship.';
  if (task.answered === CRITERIA.length) Object.assign(draft, { overall: 'A careful applicant with work that others can use.', confidence: '4', attested: true });
  return draft;
}

function isAnswered(draft: Draft, key: string): boolean {
  const answer = draft.answers[key];
  return answer !== undefined && (answer.score !== null || (answer.notApplicable ?? '') !== '');
}

function missing(draft: Draft): DossierView['missing'] {
  const lacking: DossierView['missing'] = CRITERIA.filter((each) => each.required && !isAnswered(draft, each.key)).map((each) => ({
    place: `answer/${each.key}`, code: 'score-missing', text: `${each.label} has no score.`,
  }));
  if (draft.confidence === null) lacking.push({ place: 'confidence', code: 'confidence-missing', text: 'Your confidence is not given.' });
  if (!draft.attested) lacking.push({ place: 'attestation', code: 'not-attested', text: 'The statement is not confirmed.' });
  return lacking;
}

/** The weighted mean of what is scored, as a share of five; N/A leaves it alone. */
function total(draft: Draft): string | null {
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
