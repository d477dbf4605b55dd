// Invented questions of the merge desk: one of each kind, and one cause that holds much work. Not deciding them.
import type { QueueApplication, QueueItem, QueueView } from '../contract';
import { PEOPLE } from './names';
import type { Scenario } from './world';

/** Codes with the engine's sentence, act and reason. */
const CODES: Record<string, [sentence: string, act: string, reason: string]> = {
  'review-after-close': ['The review came after the round was closed.', 'ask', 'no evidence shows that it existed before the close'],
  'review-after-unassignment': ['The reviewer is not assigned to this application.', 'accept', 'the work was done before the news arrived'],
  'review-after-removal': ['The review came after its author was removed.', 'set-aside', 'whoever holds the removed device may have written it'],
  'review-after-recusal': ['The reviewer declared a conflict of interest or stepped back.', 'set-aside', 'who has a conflict of interest does not decide'],
  'two-versions': ['Two versions of this review were submitted from two devices.', 'ask', 'only the reviewer knows which one was meant'],
  'recorded-beside-own': ['A review was taken down for a reviewer who also submitted another one.', 'choose', "the reviewer's own hand usually outweighs a note of it"],
  'older-rubric': ['The programme was amended since the review was made.', 'accept', 'the scores mean what they meant when they were given'],
  'conflict-unsure': ['The reviewer is unsure about a conflict of interest.', 'rule', 'the reviewer waits for it'],
  'conflict-declared': ['A reader declared a conflict of interest and will not read.', 'set-aside', 'the assignment is taken back then, and somebody else can be assigned'],
  'handed-back': ['A reader hands this application back and will not read it.', 'set-aside', 'the assignment is taken back then, and somebody else can be assigned'],
  'eligibility-contradicts': ['Two coordinators judged a condition differently.', 'choose', 'until then the condition has no verdict'],
  equivocation: ['One device signed two different packs under one number.', 'investigate', 'an honest device never does this'],
  'no-key': ["The key of this member's work is not here yet.", 'ask', 'the key has not come; the author\'s next exchange may bring it'],
  'copied-laptop': ['A laptop was copied or restored from a backup.', 'enrol-again', 'two devices with one key cannot be told apart'],
  'different-fields': ['Different fields were changed apart and are now together.', 'nothing', 'nothing is lost'],
};

function item(id: string, code: string, member: number | null, applications: number[], more: Partial<QueueItem> = {}): QueueItem {
  const [sentence = '', recommended = '', reason = ''] = CODES[code] ?? [];
  return {
    id, code, sentence, recommended, reason, member: member === null ? null : (PEOPLE[member] ?? null), memberId: member === null ? null : `m-${member + 1}`,
    applications: applications.map(about), place: '', placeLabels: [], says: [], asked: false, question: id, ...more,
  };
}

function about(n: number): QueueApplication {
  const key = String(n).padStart(4, '0');
  return { application: `a-${key}`, label: `GLS-${key}`, round: 'reading' };
}

export function invented(scenario: Scenario): QueueView {
  if (scenario === 'coordinator-empty') return { waiting: [], notices: [], decided: [] };
  const sides = { question: 'recorded-beside-own|insight,practice|a-0008|m-9' };
  const verdicts = { question: 'eligibility-contradicts|target-group|a-0008|' };
  const [practice, insight] = ['Practice in child protection law', 'Insight in the four answers'];
  const scores = { place: 'english,practice', placeLabels: ['Written English', practice] };
  const recorded = { place: 'insight,practice', placeLabels: [insight, practice] };
  const condition = { place: 'gates/target-group/verdict', placeLabels: ['Does the applicant belong to one of the four target groups?'] };
  return {
    waiting: [
      item('0b6e', 'equivocation', 14, [31, 44]),
      item('1c02', 'two-versions', 12, [12], { ...scores, says: ['english 3, practice 4', 'english 4, practice 4'] }),
      item('1c03', 'two-versions', 12, [12], { ...scores, says: ['english 4, practice 4', 'english 3, practice 4'] }),
      item('2a10', 'recorded-beside-own', 8, [8], { ...recorded, says: ['insight 3, practice 4', 'insight 3, practice N/A'], ...sides }),
      item('2a11', 'recorded-beside-own', 8, [8], { ...recorded, says: ['insight 3, practice N/A', 'insight 3, practice 4'], ...sides }),
      item('3d40', 'review-after-close', 4, [5, 9, 14, 19, 22, 27, 33, 38, 41, 46, 50, 53]),
      item('3d44', 'review-after-close', 10, [6, 16], { recommended: 'accept', reason: 'evidence shows that it existed before the close' }),
      item('3d45', 'review-after-close', 10, [23], { asked: true }),
      item('4e01', 'review-after-removal', 9, [17, 28, 42]),
      item('4e07', 'review-after-unassignment', 15, [21]),
      item('5a20', 'older-rubric', null, [1, 2, 6, 11, 12, 16, 25, 26, 32, 36, 45, 52, 55, 58]),
      item('6b12', 'conflict-unsure', 11, [30], { says: ['We sat on one panel in Nairobi in 2023 and have written to each other since.'] }),
      item('6b13', 'conflict-declared', 3, [18], { says: ['She was my student.'] }),
      item('6b14', 'handed-back', 7, [26], { says: ['The letters are scans in a script that I cannot read.'] }),
      item('7c90', 'eligibility-contradicts', null, [8], { ...condition, says: ['met', 'not-met'], ...verdicts }),
      item('7c91', 'eligibility-contradicts', null, [8], { ...condition, says: ['not-met', 'met'], ...verdicts }),
      item('8f33', 'no-key', 13, [], {}),
    ],
    notices: [item('9a01', 'copied-laptop', 7, [3, 13]), item('9a02', 'different-fields', 2, [29])],
    decided: [
      { item: item('a101', 'review-after-recusal', 5, [10]), verdict: 'set-aside', reason: 'He supervised the applicant’s thesis until 2022.', by: 'Nguyễn Thị Hoa' },
      { item: item('a102', 'review-after-close', 6, [7, 15, 20]), verdict: 'accept', reason: 'The district was without power for four days; the receipt of the stick is of the 30th.', by: 'Amara Diallo' },
    ],
  };
}
