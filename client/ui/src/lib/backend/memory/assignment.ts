// The coordinator's assignment over the invented world: what stands, a draft beside it, and a search that shares reads out evenly.
// Not the real search: it takes whoever has read least.
import type { AssignmentRules, AssignmentView, Backend, ProposalView, ReadBy, ReaderLoad, Reading, Sentence } from '../contract';
import { ROUNDS, type Invented } from './applications';
import { plan, row } from './desk';
import { asksFurther, FIRST, line, MOST } from './further';
import { COUNTRIES, PEOPLE } from './names';
import { refused, type World } from './world';

type Part = Pick<
  Backend,
  'assignment' | 'candidates' | 'propose' | 'proposeFurther' | 'stopProposal' | 'explainPair' | 'assignmentLight' | 'swapReader' | 'takeBackUnread' | 'discardDraft' | 'publishAssignment' | 'importAssignment' | 'chooseWishes' | 'forgetWishes'
>;

interface Reader { member: string; name: string; region: string; languages: string[]; unable: string | null }
interface Office { assigned: Set<string>; added: Set<string>; back: Set<string>; wishes: number | null; rules: Map<string, AssignmentRules>; turn: number; wake: () => void }

const OFFICES = new WeakMap<object, Office>();
const REGIONS = ['Africa', 'Asia and the Pacific', 'Europe and Central Asia', 'Middle East and North Africa', 'The Americas'];
const READERS: Reader[] = PEOPLE.slice(2, 16).map((name, at) => ({
  member: `m-${at + 3}`, name, region: REGIONS[(at * 2 + 3) % REGIONS.length] ?? '', languages: at % 4 === 0 ? ['ar', 'en'] : ['en'],
  unable: at === 4 ? 'reviewer-not-active' : at === 12 ? 'reviewer-not-checked' : null,
}));

const regionOf = (one: Invented) => REGIONS[COUNTRIES.indexOf(one.country) % REGIONS.length] ?? '';
const pair = (round: string, application: string, member: string) => `${round} ${application} ${member}`;

function begun(world: World): Office {
  const assigned = new Set<string>();
  for (const one of world.applications) {
    const line = row(world, one);
    if (line.stage !== 'read' && line.stage !== 'assigned') continue;
    for (let at = 0; at < line.readers; at += 1) assigned.add(pair('reading', one.id, READERS[(one.n * 3 + at * 5) % READERS.length]?.member ?? ''));
  }
  return { assigned, added: new Set(), back: new Set(), wishes: null, rules: new Map(), turn: 0, wake: () => undefined };
}

export function assignment(world: World): Part {
  const office = (): Office => {
    const found = OFFICES.get(world.applications) ?? begun(world);
    OFFICES.set(world.applications, found);
    return found;
  };
  const open = () => world.applications.filter((one) => !['withdrawn', 'ineligible'].includes(plan(one.n)));
  const done = <T>(value: T): Promise<T> => {
    world.changed();
    return Promise.resolve(value);
  };
  const stands = (key: string) => (office().assigned.has(key) || office().added.has(key)) && !office().back.has(key);
  const readBy = (round: string, application: string) => READERS.filter(({ member }) => stands(pair(round, application, member)));
  const hasRead = (one: Invented, member: string) => {
    const line = row(world, one);
    return READERS.findIndex((each) => each.member === member) >= 0 && Array.from({ length: line.reviews }, (_, at) => READERS[(one.n * 3 + at * 5) % READERS.length]?.member).includes(member);
  };
  const load = (round: string, member: string) => [...office().assigned, ...office().added].filter((key) => key.startsWith(`${round} `) && key.endsWith(` ${member}`) && stands(key)).length;
  const bar = (one: Invented, reader: Reader): string | null => reader.unable ?? ((one.n + Number(reader.member.slice(2))) % 17 === 0 ? 'conflict-declared' : null);
  const rules = (round: string): AssignmentRules => office().rules.get(round) ?? { reads: round === 'reading' && !asksFurther(world) ? 3 : 2, minLoad: 0, maxLoad: 16, best: 'fairest-then-total', ownRegionMax: null, connected: false };

  const applications = (round: string): ReadBy[] => {
    const { reads } = rules(round);
    return world.applications.flatMap((one): ReadBy[] => {
      const keys = READERS.map((reader) => ({ reader, key: pair(round, one.id, reader.member) })).filter(({ key }) => office().assigned.has(key) || office().added.has(key));
      const leftOut = plan(one.n) === 'withdrawn' ? 'application-withdrawn' : plan(one.n) === 'ineligible' ? 'not-eligible' : null;
      if (leftOut !== null && keys.length === 0) return [];
      if (round !== 'reading' && keys.length === 0 && one.n % 4 !== 0) return [];
      const readers = keys.map(({ reader, key }): Reading => ({
        member: reader.member, name: reader.name, state: office().back.has(key) ? 'taken-back' : office().added.has(key) ? 'added' : 'kept', read: round === 'reading' && hasRead(one, reader.member),
      }));
      const has = readBy(round, one.id);
      return [{
        application: one.id, key: one.key, title: one.name, region: regionOf(one), readers, missing: leftOut === null ? Math.max(0, reads - has.length) : 0,
        ownRegion: has.filter(({ region }) => region === regionOf(one)).length > reads - 1, undecided: plan(one.n) === 'received', leftOut,
      }];
    });
  };
  const loads = (round: string): ReaderLoad[] => READERS.map((reader) => {
    const mine = (from: Set<string>) => [...from].filter((key) => key.startsWith(`${round} `) && key.endsWith(` ${reader.member}`)).length;
    return {
      member: reader.member, name: reader.name, region: reader.region, languages: reader.languages, competences: [], load: load(round, reader.member), added: mine(office().added),
      takenBack: mine(office().back), read: round === 'reading' ? world.applications.filter((one) => office().assigned.has(pair(round, one.id, reader.member)) && hasRead(one, reader.member)).length : 0,
      min: rules(round).minLoad, max: reader.member === 'm-5' ? 6 : rules(round).maxLoad, unable: reader.unable,
    };
  }).sort((a, b) => Number(a.unable !== null) - Number(b.unable !== null) || a.name.localeCompare(b.name));
  const draft = (round: string): AssignmentView['draft'] => {
    const all = [...office().added];
    const part = (at: number) => new Set(all.map((key) => key.split(' ')[at])).size;
    const short = office().added.size + office().back.size === 0 ? 0 : applications(round).filter((each) => each.missing > 0).length;
    return { added: all.length, readers: part(2), applications: part(1), takenBack: office().back.size, elsewhere: [...all, ...office().back].filter((key) => !key.startsWith(`${round} `)).length, short };
  };

  /** Whom the rule asks for in a round. */
  const needing = (round: string): Invented[] => (round === 'reading' && asksFurther(world) ? open().filter((one) => row(world, one).further) : []);
  const further = (round: string): AssignmentView['further'] =>
    round !== 'reading' || !asksFurther(world) ? null
      : { first: FIRST, most: MOST, needed: needing(round).map((one, at) => line(world, one, at)), early: open().filter((one) => row(world, one).reviews < FIRST).length };

  async function search(round: string, wanted: AssignmentRules, partial: boolean, asked: Invented[], reads: number | null): Promise<ProposalView> {
    if (wanted.minLoad > wanted.maxLoad) return refused('loads-contradict', 'the fewest are more than the most');
    const turn = ++office().turn;
    office().rules.set(round, wanted);
    await new Promise<void>((passed) => {
      office().wake = passed;
      setTimeout(passed, world.stepMs);
    });
    if (turn !== office().turn) return refused('stopped', 'the search was stopped');
    const found = share(wanted, round, asked, reads);
    const whole = found.unmet.length === 0;
    if (whole || partial) {
      office().added = new Set(found.added);
      office().back.clear();
    }
    return done(proposal(wanted, found, whole, whole || partial, reads === null ? asked.length : null));
  }

  return {
    assignment: (asked) => {
      const round = asked ?? 'reading';
      const rows = applications(round);
      const out = (stage: string) => world.applications.filter((one) => plan(one.n) === stage).map((one) => one.key);
      return Promise.resolve({
        round, rounds: ROUNDS, closed: false, rules: rules(round), known: { regions: world.applications.length, languages: 0, competences: 0, wishes: office().wishes },
        applications: rows, readers: world.applications.length === 0 ? [] : loads(round), draft: draft(round), missing: rows.reduce((sum, each) => sum + each.missing, 0), further: further(round),
        leftOut: [
          { code: 'application-withdrawn', names: out('withdrawn') }, { code: 'not-eligible', names: out('ineligible') },
          ...['reviewer-not-active', 'reviewer-not-checked'].map((code) => ({ code, names: READERS.filter((each) => each.unable === code).map(({ name }) => name) })),
        ].filter(({ names }) => names.length > 0),
      });
    },
    candidates: (round, application) => {
      const one = world.applications.find(({ id }) => id === application);
      if (one === undefined) return refused('not-found', 'this application is not here');
      const found = READERS.map((reader) => ({ member: reader.member, name: reader.name, bar: bar(one, reader), here: stands(pair(round, application, reader.member)) }));
      return Promise.resolve(found.sort((a, b) => Number(a.bar !== null) - Number(b.bar !== null) || a.name.localeCompare(b.name)));
    },
    propose: (round, wanted, partial) => search(round, wanted, partial, open(), wanted.reads),
    proposeFurther: (round, wanted, partial) => {
      if (further(round) === null) return refused('no-further-readers', 'this round asks for no further readers');
      const asked = needing(round);
      return asked.length === 0 ? refused('no-further-needed', 'no application needs a further reader at present') : search(round, wanted, partial, asked, null);
    },
    stopProposal: () => {
      office().turn += 1;
      office().wake();
      return Promise.resolve();
    },
    explainPair: (_round, application, member) => {
      const one = world.applications.find(({ id }) => id === application);
      const reader = READERS.find((each) => each.member === member);
      if (one === undefined || reader === undefined) return refused('not-found', 'this pair is not here');
      const params = { reviewer: reader.name, application: one.key };
      const why = bar(one, reader);
      if (why !== null) return Promise.resolve({ state: 'forbidden', bar: why, sentence: { code: `bar-${why}`, text: `${reader.name} may not read ${one.key}: ${why}`, params }, unmet: [] });
      const stays = stands(pair(_round, application, member));
      return Promise.resolve({
        state: stays ? 'assigned' : 'possible', bar: null, unmet: [],
        sentence: { code: stays ? 'explain-assigned-by-tie' : 'explain-tie', text: `${reader.name} would do as well for ${one.key}; the seed decided for another.`, params },
      });
    },
    assignmentLight: (round) => {
      const reads = [...office().assigned, ...office().added].filter((key) => key.startsWith(`${round} `) && stands(key)).length;
      if (reads === 0) {
        return Promise.resolve({
          light: 'red', reads, further: null, recallRaw: null, recallCorrected: null, cutReaders: [],
          advice: { sentence: { code: 'planned-too-few-reads', text: 'Too few applications have several readers in common.', params: {} }, act: { code: 'planned-add-reads', text: 'Ask for more reads.', params: {} } },
        });
      }
      const params = { raw: '0.71', model: '0.79' };
      const amber = office().added.size === 0;
      return Promise.resolve({
        light: amber ? 'amber' : 'green', reads, further: asksFurther(world) && round === 'reading' ? 9 : null, recallRaw: '0.71', recallCorrected: amber ? '0.73' : '0.79', cutReaders: amber ? [READERS[1]?.name ?? ''] : [],
        advice: amber
          ? { sentence: { code: 'planned-hangs-on-readers', text: 'A correction would help, but only if this reader finishes.', params: { readers: READERS[1]?.name ?? '' } }, act: { code: 'planned-back-up', text: 'Let others read some of it.', params: {} } }
          : { sentence: { code: 'planned-helps', text: 'A correction would help.', params }, act: { code: 'planned-publish', text: 'Publish it as it is.', params: {} } },
      });
    },
    swapReader: (round, application, out, into) => {
      const one = world.applications.find(({ id }) => id === application);
      if (one === undefined) return refused('not-found', 'this application is not here');
      if (out !== null && hasRead(one, out) && round === 'reading') return refused('already-read', 'the review of this reader is here');
      const reader = READERS.find((each) => each.member === into);
      const why = reader === undefined ? null : bar(one, reader);
      if (why !== null) return refused(why, 'something stands in the way');
      if (into !== null && !office().back.delete(pair(round, application, into)) && !office().assigned.has(pair(round, application, into))) office().added.add(pair(round, application, into));
      if (out !== null && !office().added.delete(pair(round, application, out)) && office().assigned.has(pair(round, application, out))) office().back.add(pair(round, application, out));
      return done(undefined);
    },
    takeBackUnread: (round, member) => {
      const unread = world.applications.filter((one) => stands(pair(round, one.id, member)) && !(round === 'reading' && hasRead(one, member)));
      for (const one of unread) {
        const key = pair(round, one.id, member);
        if (!office().added.delete(key)) office().back.add(key);
      }
      return done(unread.length);
    },
    discardDraft: () => {
      const count = office().added.size + office().back.size;
      office().added.clear();
      office().back.clear();
      return done(count);
    },
    publishAssignment: (partial) => {
      const before = { ...draft('reading') };
      if (before.short > 0 && !partial) return refused('assignment-partial', `${before.short} applications would have fewer readers than wanted`);
      const needed = new Set(needing('reading').map(({ id }) => id));
      for (const key of office().added) {
        office().assigned.add(key);
        const [round = '', application = ''] = key.split(' ');
        if (round === 'reading' && needed.has(application)) world.askedFurther.add(application);
      }
      for (const key of office().back) office().assigned.delete(key);
      office().added.clear();
      office().back.clear();
      return done({ assigned: before.added, takenBack: before.takenBack, barred: 0 });
    },
    importAssignment: (round) => {
      const one = open().find(({ id }) => readBy(round, id).length === 0);
      if (one !== undefined) for (const reader of READERS.slice(0, 3)) office().added.add(pair(round, one.id, reader.member));
      return done({
        file: 'assignment.csv', drafted: one === undefined ? 0 : 3, already: 12, undecided: [],
        refused: [
          { row: 7, column: 'reviewer', code: 'reviewer-unknown', message: 'nobody is called `R27`', about: ['R27'] },
          { row: 19, column: 'reviewer', code: 'conflict-declared', message: 'GLS-0012 and R04: the reviewer declared a conflict of interest or is unsure', about: ['GLS-0012', 'R04'] },
        ],
      });
    },
    chooseWishes: () => {
      office().wishes = 412;
      return done(412);
    },
    forgetWishes: () => {
      office().wishes = null;
      return done(undefined);
    },
  };

  /** Gives each application that lacks readers those who have least to read; where no number of reads is said, one more. */
  function share(wanted: AssignmentRules, round: string, asked: Invented[], reads: number | null): { added: string[]; unmet: Sentence[]; kept: number } {
    const added: string[] = [];
    const unmet: Sentence[] = [];
    const loadOf = new Map(READERS.map(({ member }) => [member, [...office().assigned].filter((key) => key.startsWith(`${round} `) && key.endsWith(` ${member}`)).length]));
    for (const one of asked) {
      const has = READERS.filter(({ member }) => office().assigned.has(pair(round, one.id, member)));
      const could = READERS.filter((reader) => bar(one, reader) === null && !has.includes(reader) && (loadOf.get(reader.member) ?? 0) < wanted.maxLoad);
      could.sort((a, b) => (loadOf.get(a.member) ?? 0) - (loadOf.get(b.member) ?? 0));
      const taken = could.slice(0, reads === null ? 1 : Math.max(0, reads - has.length));
      for (const { member } of taken) {
        added.push(pair(round, one.id, member));
        loadOf.set(member, (loadOf.get(member) ?? 0) + 1);
      }
      const missing = (reads ?? has.length + 1) - has.length - taken.length;
      if (missing > 0) unmet.push({ code: 'unmet-no-room', text: `${one.key} lacks ${missing} readers`, params: { whom: one.key, missing: String(missing), readers: '', applications: '' } });
    }
    return { added, unmet, kept: [...office().assigned].filter((key) => key.startsWith(`${round} `)).length };
  }

  function proposal(wanted: AssignmentRules, found: { added: string[]; unmet: Sentence[]; kept: number }, whole: boolean, drafted: boolean, further: number | null): ProposalView {
    const all = String(further ?? open().length);
    const act: Sentence = whole ? { code: 'publish', text: 'Look at who reads what, then publish.', params: {} } : { code: 'raise-load', text: 'Raise the most reads, or ask more reviewers.', params: { missing: String(found.unmet.length) } };
    return {
      whole, drafted, kept: further === null ? found.kept : 0, added: found.added.length, takenBack: 0, stays: 0, unmet: found.unmet, givenUp: [],
      worst: office().wishes === null ? null : { application: 'a-0004', key: 'GLS-0004', score: '1.4' }, optimal: true, acts: whole ? [] : [act], warnings: [],
      advice: {
        sentence: whole && further !== null ? { code: 'further-assigned', text: `Each of the ${all} applications that need one more reader has one.`, params: { all } } : whole
          ? office().wishes === null
            ? { code: 'assigned-without-preferences', text: `All ${all} applications have all their readers.`, params: { all, reads: String(wanted.reads), most: String(wanted.maxLoad) } }
            : { code: 'assigned', text: `All ${all} applications have all their readers.`, params: { all, reads: String(wanted.reads), most: String(wanted.maxLoad), worst: 'GLS-0004', score: '1.4' } }
          : { code: 'unmet', text: 'Not everybody can be served.', params: { unmet: String(found.unmet.length), applications: String(found.unmet.length), all, reviewers: '0', everybody: String(READERS.length), first: found.unmet[0]?.text ?? '' } },
        act,
      },
    };
  }
}
