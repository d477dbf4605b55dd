// What waits, by cause: questions of one kind about one person's work are one cause and are decided at once; sides of one
// question are chosen between. Not the words of it (`Cause.svelte`).
import type { QueueItem, QueueVerdict } from '../../lib/backend/contract';

export interface Cause {
  key: string;
  /** The first of the items: they agree in everything that is said about them. */
  item: QueueItem;
  items: QueueItem[];
  /** True where the items are sides of one question, of which one holds. */
  sides: boolean;
}

/** What can be decided: a verdict, or that one side holds. */
export type Decision = { verdict: QueueVerdict; side: string | null };

const CONFLICTS = ['conflict-unsure', 'conflict-after-lift', 'conflict-declared', 'handed-back'];

/** Whether a decision rules on what a reader declared: accepting lifts it, setting aside upholds it. */
export function rules(item: QueueItem): boolean {
  return CONFLICTS.includes(item.code);
}

/** Groups items, in the order in which each cause comes first. */
export function causes(items: QueueItem[]): Cause[] {
  const found = new Map<string, Cause>();
  for (const item of items) {
    const sided = item.recommended === 'choose' || item.code === 'two-versions';
    const key = sided ? `side|${sideOf(item)}` : ['cause', item.code, item.memberId ?? '', item.recommended, item.asked].join('|');
    const cause = found.get(key);
    if (cause === undefined) found.set(key, { key, item, items: [item], sides: false });
    else {
      cause.items.push(item);
      cause.sides = sided;
    }
  }
  return [...found.values()];
}

/** Two versions of one review name one another only by whose and of what they are. */
function sideOf(item: QueueItem): string {
  if (item.code !== 'two-versions') return item.question;
  return [item.code, item.memberId ?? '', item.place, ...item.applications.map((one) => `${one.application}/${one.round ?? ''}`)].join('|');
}

/** Whether there is no way back: a ruling on a conflict, or which side of coordinators' own records holds, writes a record. */
export function isFinal({ item, sides }: Cause): boolean {
  return rules(item) || (item.memberId === null && (sides || item.recommended === 'choose'));
}

/** What can be decided on a cause, the recommended first. */
export function decisions(cause: Cause): Decision[] {
  const { item } = cause;
  const ask: Decision = { verdict: 'ask', side: null };
  if (cause.sides) {
    const holds = cause.items.map(({ id }): Decision => ({ verdict: 'accept', side: id }));
    if (item.memberId === null) return holds;
    return item.recommended === 'ask' ? [ask, ...holds] : [...holds, ask];
  }
  const all: QueueVerdict[] = ['accept', 'set-aside', 'ask'];
  const first = all.find((verdict) => verdict === item.recommended);
  const rest = all.filter((verdict) => verdict !== first && (verdict !== 'ask' || item.memberId !== null || item.recommended === 'ask'));
  return (first === undefined ? rest : [first, ...rest]).map((verdict) => ({ verdict, side: null }));
}

/** What a decision is called where it is chosen. */
export function nameOf(decision: Decision): string {
  return decision.side === null ? decision.verdict : `side:${decision.side}`;
}

/** The items that a decision is sent for: of several sides the one that holds, else those that are marked. */
export function idsOf(cause: Cause, decision: Decision, marked: Set<string>): string[] {
  if (decision.side !== null) return [decision.side];
  return cause.items.filter(({ id }) => cause.sides || marked.has(id)).map(({ id }) => id);
}

/** Whether a person's words are found in what is said of an item. */
export function fits(item: QueueItem, sentence: string, text: string): boolean {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const said = [sentence, item.member ?? '', ...item.placeLabels, ...item.applications.map(({ label }) => label)].join(' ').toLocaleLowerCase();
  return words.every((word) => said.includes(word));
}
