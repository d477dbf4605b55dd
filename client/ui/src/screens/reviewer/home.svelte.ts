// The reviewer's home: what is assigned, filtered; and the one thing to do next. Not the looks.
import { backend } from '../../lib/backend';
import type { ReviewerHome, TaskRow, WorkState } from '../../lib/backend/contract';
import { route } from '../../lib/state/route.svelte';
import { View } from '../../lib/state/view.svelte';

export type Next = { kind: 'continue' | 'declare' | 'read'; task: TaskRow } | { kind: 'exchange' | 'rehearsed' | 'done' };

/** What is begun comes first, then what only needs a yes or no, then reading, then sending; a rehearsal sends nothing to anybody. */
export function nextOf(home: ReviewerHome, rehearsal = false): Next {
  const first = (state: WorkState) => home.tasks.find((task) => task.state === state);
  const draft = first('on-device');
  if (draft !== undefined) return { kind: 'continue', task: draft };
  const declare = first('to-declare');
  if (declare !== undefined) return { kind: 'declare', task: declare };
  const read = first('to-read');
  if (read !== undefined) return { kind: 'read', task: read };
  if (rehearsal && !home.relayKnown) return { kind: 'rehearsed' };
  return home.outbox > 0 || home.tasks.some((task) => task.state === 'no-text') ? { kind: 'exchange' } : { kind: 'done' };
}

/** Where one of two to compare is chosen by the screen that compares. */
export const ANY = '-';

/** Goes to where two of one's own scorecards stand side by side. */
export function compare(round: string | null = null, one: string | null = null, other: string | null = null): Promise<void> {
  return route.go('compare', { round: round ?? ANY, one: one ?? ANY, other: other ?? ANY });
}

/** What its reader declared keeps an application closed. */
const CLOSED: WorkState[] = ['conflict', 'unsure', 'handed-back'];

/** Whether something of an assignment is scored, so that it can stand beside another. */
export function isScored(task: TaskRow): boolean {
  return (task.answered > 0 || task.revision > 0) && !CLOSED.includes(task.state);
}

export class Home {
  view = new View(() => backend.reviewerHome());
  text = $state('');
  state = $state<WorkState | null>(null);
  /** Only what is to be read again. */
  again = $state(false);
  /** The first of two that are to be compared. */
  first = $state.raw<TaskRow | null>(null);

  /** Chooses the first of two to compare, or compares it with this one; what came of it. */
  choose(task: TaskRow): 'chosen' | 'left' | 'compared' | 'not-scored' | 'other-round' {
    if (!isScored(task)) return 'not-scored';
    const { first } = this;
    if (first === null) {
      this.first = task;
      return 'chosen';
    }
    if (first.application === task.application && first.round === task.round) {
      this.first = null;
      return 'left';
    }
    if (first.round !== task.round) return 'other-round';
    void compare(task.round, first.application, task.application);
    return 'compared';
  }

  async mark(task: TaskRow): Promise<void> {
    await backend.markAgain(task.application, !task.again);
  }

  get rows(): TaskRow[] {
    const words = plain(this.text).split(/\s+/);
    return (this.view.value?.tasks ?? []).filter((task) => {
      const all = plain([task.label, task.roundLabel, ...task.card.map((each) => each.value)].join(' '));
      return (this.state === null || task.state === this.state) && (!this.again || task.again) && words.every((word) => all.includes(word));
    });
  }

  /** How many are to be read again. */
  get marked(): number {
    return (this.view.value?.tasks ?? []).filter((task) => task.again).length;
  }

  /** The states that there are, with how many of each, in the order in which work passes through them. */
  get states(): { state: WorkState; count: number }[] {
    const order: WorkState[] = ['to-declare', 'to-read', 'on-device', 'in-outbox', 'held-by-relay', 'opened-by-coordinator', 'no-text', 'unsure', 'conflict', 'handed-back', 'taken-back'];
    const tasks = this.view.value?.tasks ?? [];
    return order
      .map((state) => ({ state, count: tasks.filter((task) => task.state === state).length }))
      .filter(({ count }) => count > 0);
  }
}

function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim();
}
