// The invented folder of files: what becomes of each, by what somebody said of it. Rust's rules in small.
import type { FiledView, IntakeChoices, IntakeReport, PatternView } from '../contract';
import { ATTACHMENTS, LATE, LOOSE } from './intake-table';

type Part = Pick<IntakeReport, 'files' | 'leftOut' | 'unplaced' | 'filed' | 'filedCount' | 'slots' | 'patterns' | 'strange'>;
const DIPLOMAS = '*_diploma.pdf';
const FOLDER = 'Ximena R';
const OPEN = ['no-application', 'row-refused', 'not-in-table'];

export function placed({ rows }: IntakeReport, { placing }: IntakeChoices): Part {
  const comesIn = (key: string) => rows.some((row) => row.key === key);
  const filed: FiledView[] = [];
  const put = (at: string, of: string | null, how: string, slot: string | null) => {
    const place = placing.files[at];
    const application = place === undefined ? of : place.application || null;
    const ruled = Object.entries(placing.patterns).find(([pattern]) => has(pattern, at.split('/').at(-1) ?? at))?.[1];
    const to = place?.slot ?? ruled ?? slot;
    const file: FiledView = { at, application, slot: null, how: application === null ? null : place === undefined ? how : 'choice', outcome: 'no-application', pattern: null };
    if (at === '.DS_Store') file.outcome = 'of-the-system';
    else if (place?.application === '' || to === '') file.outcome = 'left-out';
    else if (application !== null) Object.assign(file, comesIn(application) ? { slot: to ?? 'unasked', outcome: to === null ? 'unasked' : 'taken' } : { outcome: 'row-refused' });
    if (file.outcome === 'unasked' && has(DIPLOMAS, at)) file.pattern = DIPLOMAS;
    filed.push(file);
  };
  for (const late of LATE) {
    for (const name of late.files) put(`${late.key}/${name}`, late.key, 'folder', name.startsWith('cv') ? 'cv' : 'letters');
    for (const name of late.odd) put(`${late.key}/${name}`, late.key, 'folder', null);
    for (const { name } of late.bad) filed.push({ at: `${late.key}/${name}`, application: late.key, slot: null, how: 'folder', outcome: 'refused', pattern: null });
  }
  for (const { at, of } of LOOSE) {
    const said = at.startsWith(`${FOLDER}/`) ? placing.folders[FOLDER] : undefined;
    if (said === '') filed.push({ at, application: null, slot: null, how: 'choice', outcome: 'left-out', pattern: null });
    else put(at, said ?? of, said === undefined ? 'name' : 'choice', said !== undefined && at.includes('letter') ? 'letters' : null);
  }
  const rank = ({ outcome }: FiledView) => (OPEN.includes(outcome) ? 0 : outcome === 'unasked' ? 1 : outcome === 'refused' ? 2 : outcome === 'left-out' ? 3 : 4);
  filed.sort((one, other) => rank(one) - rank(other));
  const taken = filed.filter(({ outcome }) => outcome === 'taken' || outcome === 'unasked');
  const alike = filed.filter(({ pattern }) => pattern !== null);
  const patterns: PatternView[] = alike.length < 2 ? [] : [{ pattern: DIPLOMAS, count: alike.length, examples: alike.slice(0, 3).map(({ at }) => at), unplaced: 0 }];
  if (patterns.length === 0) for (const file of alike) file.pattern = null;
  const strange = filed.filter(({ at, outcome }) => at.startsWith(`${FOLDER}/`) && outcome === 'no-application');
  return {
    files: taken.length, leftOut: filed.filter(({ outcome }) => outcome === 'left-out').length, unplaced: filed.filter(({ outcome }) => OPEN.includes(outcome)).length,
    filed, filedCount: filed.length, patterns, strange: strange.length === 2 ? [{ name: FOLDER, files: 2 }] : [],
    slots: ATTACHMENTS.map(({ key, label, min }) => {
      const of = taken.filter(({ slot }) => slot === key);
      const whose = (application: string) => of.filter((file) => file.application === application).length;
      return { key, label, min, files: of.length, applications: new Set(of.map(({ application }) => application)).size, short: rows.filter((row) => whose(row.key) < min).length };
    }),
  };
}

/** Whether a name is as a pattern says, in which `*` stands for anything; without one it says how the name begins. */
function has(pattern: string, name: string): boolean {
  const wanted = pattern.toLowerCase();
  const parts = wanted.split('*').map((part) => part.replace(/[.\\+?^${}()|[\]]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}${wanted.includes('*') ? '$' : ''}`).test(name.toLowerCase());
}
