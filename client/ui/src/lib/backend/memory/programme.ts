// The invented programme: published in most worlds, a draft in the one that has no application yet. What it lacks is looked at as far
// as the pictures need it; Rust looks at all of it.
import type { Backend, FindingLine, ProgrammeView } from '../contract';
import { row } from './desk';
import { ROUNDS } from './applications';
import { CRITERIA } from './dossiers';
import { asksFurther, FIRST, MOST } from './further';
import { PROGRAMME, refused, type World } from './world';

type Part = Pick<Backend, 'programme' | 'beginProgramme' | 'beginProgrammeFrom' | 'openProgramme' | 'saveProgramme' | 'draftProgramme' | 'discardProgramme' | 'publishProgramme' | 'closeRound'>;
type Made = ReturnType<typeof made>;
interface Office { published: { text: string; revisions: { number: number; reason: string; sha256: string }[] } | null; draft: string | null; closed: Set<string>; accepted: boolean }

const OFFICES = new WeakMap<object, Office>();

function made(whole: boolean) {
  return {
    name: PROGRAMME as string | null, summary: 'A seminar for lawyers and advocates who protect children, from all over the world. It exchanges what works and builds a lasting network.' as string | null,
    organiser: 'Children’s Legal Aid Centre' as string | null, languages: ['en'], time_zone: (whole ? 'Asia/Shanghai' : null) as string | null, demo: false,
    call: { opens: '2019-02-18T09:00:00' as string | null, closes: (whole ? '2019-03-31T23:59:59' : null) as string | null, routes: ['form', 'mail'], on_behalf: true, contact: (whole ? 'applications@seminar.example' : null) as string | null },
    scale: { min: '1', max: '5', step: '1', best: 'high' },
    criterion: CRITERIA.slice(0, 5).map((one, at) => ({
      key: one.key, label: one.label as string | null, help: one.help, kind: one.kind === 'advantage' ? 'advantage' : 'score', weight: one.weight, required: one.required, min: null, max: null, min_answered: null,
      level: !whole && at === 1 ? [] : one.levels.map((level) => ({ ...level })),
    })),
    scoring: { order: 'review-first', centre: 'mean', trim: 1, combine: 'mean', min_weight: '60', round: { criterion: null, product: null, total: 2 }, add: [], subtract: [], ties: whole ? ['draw'] : [], absent: [] },
    seats: { n: 20, quotas: [{ name: 'Academic seats', field: 'group', value: 'academic', min: 0, max: 3 as number | null }] },
    waitlist: (whole ? { n: 10, rule: 'The next on the list moves up when somebody declines, unless that would give a fourth seat to academics.' } : null) as { n: number; rule: string } | null,
    gate: [
      { key: 'target-group', question: 'Does the applicant belong to one of the four target groups?', evidence: 'Curriculum vitae; a letter of the employer.', exception: true },
      { key: 'english', question: 'Is proficiency in written English shown?', evidence: 'The four answers, or a certificate.', exception: false },
    ],
    exception: { proof: 'What makes up for it.', proposed_by: ['coordinator'], granted_by: ['coordinator', 'admin'], second_person: true, max: null },
    field: [
      { key: 'name', label: 'Full name, as in your passport', help: null, kind: 'text', required: true, words: null, options: [], many: false, goes_to: 'open', card: false },
      { key: 'country', label: 'Country in which you work', help: null, kind: 'text', required: true, words: null, options: [], many: false, goes_to: 'dossier', card: true },
      { key: 'group', label: 'Which of these are you?', help: null, kind: 'choice', required: true, words: null, options: [{ key: 'lawyer', label: 'Child protection lawyer' }, { key: 'academic', label: 'Academician at a research institute' }], many: false, goes_to: 'dossier', card: false },
      { key: 'experience', label: 'Your work for the legal protection of children', help: 'Name no persons whom you protect.', kind: 'essay', required: true, words: whole ? 400 : null, options: [], many: false, goes_to: 'dossier', card: false },
    ],
    attachment: [{ key: 'letters', label: 'Two recommendation letters', kind: 'letter', min: 2, max: 2, exception_only: false, from: 'either', formats: ['pdf', 'jpg'], max_mb: 10, goes_to: 'open' }],
    round: ROUNDS.map((one, at) => ({ key: one.key, label: one.label, kind: at === 2 ? 'interview' : 'reading', opens: '2019-04-08T09:00:00', closes: `2019-05-${String(5 + at * 9).padStart(2, '0')}T23:59:59`, time_zone: null, blind: at === 0, reads: 3 - Math.min(at, 1), conflict: 'on-device', criteria: [] })),
    retention: { not_selected_until: whole ? '2019-12-31' : null, selected_until: '2021-07-31', reviews_until: '2021-07-31', note: null },
    decision: [
      { key: 'deadline-day', question: 'The call says “before March 31”: does that day count?', value: (whole ? 'Yes, the whole of 31 March.' : null) as string | null, reason: (whole ? 'Most people read it so.' : null) as string | null },
      { key: 'age-date', question: 'On which day is 18 to 45 measured?', value: (whole ? 'On the day of the deadline.' : null) as string | null, reason: (whole ? 'Everybody can know it when applying.' : null) as string | null },
      { key: 'letters-from', question: 'Who supplies the two letters?', value: (whole ? 'Either: the applicant, or the referee by a link.' : null) as string | null, reason: (whole ? 'Many write only if it stays confidential.' : null) as string | null },
    ],
  };
}

/** The definition of the scenario in which two people read first and a third one where it is needed. */
function staged(): string {
  const it = made(true);
  return JSON.stringify({ ...it, round: it.round.map((one, at) => (at === 0 ? { ...one, reads: FIRST, further: { up_to: MOST, near: 4 } } : one)) });
}

function check(it: Made): FindingLine[] {
  const found: FindingLine[] = [];
  const add = (lacking: boolean, code: string, at: string, message: string) => {
    if (lacking) found.push({ code, at, message, blocks: true });
  };
  add(!it.name, 'missing', 'name', 'write a text here');
  add(it.time_zone === null, 'missing', 'time_zone', 'name the zone of the deadline');
  add(!it.call?.closes, 'missing', 'call.closes', 'say the last moment, with its time of day');
  add(!it.call?.contact, 'missing', 'call.contact', 'say where applications and questions go');
  add((it.scoring?.ties.length ?? 0) === 0, 'undecided', 'scoring.ties', 'say what separates equal totals');
  add(it.waitlist === null, 'missing', 'waitlist', 'say how many wait; 0 is an answer');
  add(!it.retention?.not_selected_until, 'missing', 'retention.not_selected_until', 'say the last day on which this is kept');
  for (const one of it.criterion) add(one.level.length < 2, 'missing', `criterion.${one.key}.level`, 'describe at least two levels');
  for (const one of it.field) add(one.kind === 'essay' && one.words === null, 'undecided', `field.${one.key}.words`, 'say how many words an essay may have');
  for (const one of it.round as { key: string; reads: number | null; further?: { up_to: number } | null }[]) add(one.further != null && one.further.up_to <= (one.reads ?? 0), 'contradiction', `round.${one.key}.further`, 'allow more readers than read first');
  for (const one of it.decision) add(!one.value || !one.reason, 'undecided', `decision.${one.key}`, one.value ? 'say why it was decided so' : `decide: ${one.question}`);
  return found;
}

/** Every word by its place, as far as two definitions can be compared by it. */
function places(value: unknown, at = ''): Map<string, string> {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== 'object') return new Map([[at, String(value)]]);
  const parts = Array.isArray(value) ? value.map((one: unknown, n): [string, unknown] => [typeof one === 'object' && one !== null ? String((one as Record<string, unknown>).key ?? n + 1) : String(n + 1), one]) : Object.entries(value);
  return new Map(parts.flatMap(([name, one]) => [...places(one, at === '' ? name : `${at}.${name}`)]));
}

function changes(before: string, after: string): NonNullable<ProgrammeView['draft']>['changes'] {
  const [old, now] = [places(JSON.parse(before)), places(JSON.parse(after))];
  return [...new Set([...old.keys(), ...now.keys()])].sort().filter((at) => old.get(at) !== now.get(at)).map((at) => ({ at, before: old.get(at) ?? null, after: now.get(at) ?? null }));
}

/** 64 digits that follow from a text; no real hash. */
function invented(text: string): string {
  let sum = 0x811c9dc5;
  const digits = Array.from({ length: 8 }, (_, round) => {
    for (const sign of `${round}${text}`) sum = Math.imul(sum ^ (sign.codePointAt(0) ?? 0), 0x01000193) >>> 0;
    return sum.toString(16).padStart(8, '0');
  });
  return digits.join('');
}

export function programme(world: World): Part {
  const office = (): Office => {
    const empty = world.scenario === 'coordinator-empty' || world.scenario === 'first-run';
    const text = asksFurther(world) ? staged() : JSON.stringify(made(true));
    const found = OFFICES.get(world.applications) ?? {
      published: empty ? null : { text, revisions: [{ number: 1, reason: '', sha256: invented(text) }] }, draft: empty ? JSON.stringify(made(false)) : null, closed: new Set<string>(), accepted: false,
    };
    OFFICES.set(world.applications, found);
    return found;
  };
  const mayEdit = () => world.me?.roles.includes('coordinator') ?? false;
  const done = <T>(value: T): Promise<T> => {
    world.changed();
    return Promise.resolve(value);
  };
  return {
    programme: () => {
      const { published, draft, closed } = office();
      const lines = mayEdit() ? world.applications.map((one) => row(world, one)) : [];
      return Promise.resolve({
        published: published === null ? null : { number: published.revisions.length, definition: published.text, revisions: [...published.revisions].reverse() },
        draft: draft === null ? null : { definition: draft, findings: check(JSON.parse(draft) as Made), changes: published === null ? [] : changes(published.text, draft) },
        mayEdit: mayEdit(), demo: false, rehearsed: world.me?.recoveryKept === true && world.scenario !== 'coordinator-empty',
        rounds: published === null ? [] : ROUNDS.map((one, at) => ({ key: one.key, label: one.label, closed: closed.has(one.key), assigned: at > 0 ? 0 : lines.reduce((sum, each) => sum + each.readers, 0), here: at > 0 ? 0 : lines.reduce((sum, each) => sum + each.reviews, 0) })),
      });
    },
    beginProgramme: () => {
      office().draft = office().published?.text ?? null;
      return done(undefined);
    },
    beginProgrammeFrom: () => {
      office().draft = JSON.stringify(made(false));
      return done(undefined);
    },
    openProgramme: () => {
      office().draft = JSON.stringify({ ...made(true), seats: { n: 24, quotas: [] } });
      return done(true);
    },
    saveProgramme: () => Promise.resolve('/media/usb/programme.toml'),
    draftProgramme: (definition) => {
      if ((JSON.parse(definition) as Made).languages.length > 32) return Promise.resolve([{ code: 'refused', at: '', message: 'too many languages', blocks: true }]);
      office().draft = definition;
      return Promise.resolve(check(JSON.parse(definition) as Made));
    },
    discardProgramme: () => {
      office().draft = null;
      return done(undefined);
    },
    publishProgramme: (accepted, reason) => {
      const at = office();
      if (at.draft === null) return refused('not-found', 'there is no draft');
      if (check(JSON.parse(at.draft) as Made).length > 0) return refused('programme-undecided', 'something is missing or undecided');
      if (at.published === null && world.scenario === 'coordinator-empty' && accepted.trim().toLowerCase() !== 'i accept the loss') return refused('recovery-not-rehearsed', 'nobody has tried the recovery words yet');
      at.published = { text: at.draft, revisions: [...(at.published?.revisions ?? []), { number: (at.published?.revisions.length ?? 0) + 1, reason, sha256: invented(at.draft) }] };
      at.draft = null;
      return done(at.published.revisions.length);
    },
    closeRound: (key) => {
      office().closed.add(key);
      return done(undefined);
    },
  };
}
