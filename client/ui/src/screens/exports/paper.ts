// The words around dossiers on paper, by the names under which Rust looks for them (`driver/src/exports/words.rs`). Not how they are set.
import { dateTime } from '../../lib/i18n/format';
import { t, type Key } from '../../lib/i18n/i18n.svelte';

export const PAPER = {
  contents: 'paper.contents',
  lacking: 'paper.lacking',
  'lacking-text': 'paper.lacking-text',
  'not-sealed': 'paper.not-sealed',
  demo: 'paper.demo',
  applications: 'paper.applications',
  identity: 'exports.part.identity',
  answers: 'application.answers',
  'answers-none': 'paper.answers-none',
  files: 'paper.files',
  'files-text': 'paper.files-text',
  'files-none': 'files.none',
  'file-what': 'paper.file-what',
  'file-name': 'paper.file-name',
  'file-kind': 'paper.file-kind',
  'file-size': 'paper.file-size',
  referee: 'paper.referee',
  light: 'paper.light',
  reviews: 'exports.part.scores',
  'reviews-none': 'paper.reviews-none',
  reader: 'readers.name',
  revision: 'paper.revision',
  sure: 'paper.sure',
  'taken-down': 'paper.taken-down',
  criterion: 'moderation.criterion',
  score: 'paper.score',
  'not-applicable': 'paper.not-applicable',
  'not-answered': 'paper.not-answered',
  overall: 'paper.overall',
  'points-to': 'paper.points-to',
  page: 'paper.page',
  gone: 'paper.gone',
  rulings: 'exports.part.rulings',
  outcome: 'paper.outcome',
  eligible: 'outcome.eligible',
  'by-exception': 'outcome.by-exception',
  'not-eligible': 'outcome.not-eligible',
  undecided: 'outcome.undecided',
  contested: 'outcome.contested',
  conditions: 'conditions.title',
  condition: 'paper.condition',
  verdict: 'conditions.verdict',
  reason: 'conditions.reason',
  by: 'paper.by',
  met: 'verdict.met',
  'not-met': 'verdict.not-met',
  open: 'verdict.open',
  'no-verdict': 'verdict.none',
  'two-verdicts': 'verdict.contested',
  exception: 'exception.title',
  asked: 'paper.asked',
  granted: 'paper.granted',
  refused: 'paper.refused',
  withdrawn: 'application.withdrawn',
  moderation: 'moderation.title',
  round: 'readers.round',
  keep: 'moderation.verdict.keep',
  'another-reader': 'moderation.verdict.another-reader',
  meeting: 'moderation.verdict.meeting',
  outdated: 'moderation.outdated',
} as const satisfies Record<string, Key>;

/** Marks of direction, which a document shows as their codes. */
const MARKS = /[\u200e\u200f\u061c\u2066-\u2069]/g;

/** The words in the language that is spoken, and when it is. */
export function paper(): Record<string, string> {
  const words = Object.fromEntries(Object.entries(PAPER).map(([name, key]) => [name, t(key)]));
  return { ...words, made: t('paper.made', { when: dateTime(Date.now()) }).replace(MARKS, '') };
}
