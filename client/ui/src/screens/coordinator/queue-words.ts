// What is said of an item of the merge desk, in the reader's language; a code that no language knows speaks the engine's English.
import type { QueueItem } from '../../lib/backend/contract';
import { decimal } from '../../lib/i18n/format';
import { say, t, type Key } from '../../lib/i18n/i18n.svelte';
import { rules, type Decision } from './causes';

/** What the engine says where there is no score. */
const SCORES: Record<string, Key | undefined> = { 'N/A': 'review.not-applicable', '-': 'queue.not-scored' };

export function sentenceOf(item: QueueItem): string {
  return say(`queue.code.${item.code}`) ?? item.sentence;
}

export function reasonOf(item: QueueItem): string {
  const late = item.code === 'review-after-close' && item.recommended === 'accept' ? '-evidence' : '';
  return say(`queue.why.${item.code}${late}`) ?? item.reason;
}

/** What one side says: scores apart from one another by what is scored, verdicts in the reader's words. */
export function saysOf(item: QueueItem): string {
  const text = item.says[0] ?? '';
  if (item.code === 'eligibility-contradicts') return say(`verdict.${text}`) ?? text;
  const labels = new Map(item.place.split(',').map((key, at) => [key, item.placeLabels[at]]));
  const parts = text.split(', ');
  const scores = parts.map((part) => {
    const [key = '', score = '', ...more] = part.split(' ');
    const [label, word] = [labels.get(key), SCORES[score]];
    // What is none stays as it is: a comment, or what is cut off at the end.
    if (label === undefined || score === '' || more.length > 0) return part;
    return t('queue.side-score', { label, score: word === undefined ? decimal(score) : t(word) });
  });
  return scores[0] === parts[0] ? text : scores.join(' · ');
}

/** What a verdict on a declaration is: about a conflict, or about an application that was handed back. */
function ruling(item: QueueItem, verdict: 'accept' | 'set-aside'): 'lift' | 'uphold' | 'give-back' | 'take-back' {
  if (item.code === 'handed-back') return verdict === 'accept' ? 'give-back' : 'take-back';
  return verdict === 'accept' ? 'lift' : 'uphold';
}

/** What the recommended act is called on its button. */
export function actOf(item: QueueItem): string {
  if (rules(item) && item.recommended === 'set-aside') return t(`queue.decision.${ruling(item, 'set-aside')}`);
  return t(`queue.act.${item.recommended}` as Key);
}

export function decisionOf(item: QueueItem, decision: Decision): string {
  if (decision.side !== null) return t('queue.decision.holds');
  if (rules(item) && decision.verdict !== 'ask') return t(`queue.decision.${ruling(item, decision.verdict)}`);
  return t(`queue.decision.${decision.verdict}`);
}

/** What follows from a decision. */
export function consequenceOf(item: QueueItem, decision: Decision): string {
  if (decision.side !== null) return t('queue.follows.holds');
  if (rules(item) && decision.verdict !== 'ask') {
    const by = ruling(item, decision.verdict);
    return by === 'take-back' ? t('queue.follows.uphold') : t(`queue.follows.${by}`);
  }
  return t(`queue.follows.${decision.verdict}`);
}
