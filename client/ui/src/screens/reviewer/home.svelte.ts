// The reviewer's home: what is assigned, filtered; and the one thing to do next. Not the looks.
import { backend } from '../../lib/backend';
import type { ReviewerHome, TaskRow, WorkState } from '../../lib/backend/contract';
import { View } from '../../lib/state/view.svelte';

export type Next = { kind: 'continue' | 'declare' | 'read'; task: TaskRow } | { kind: 'exchange' | 'done' };

/** What is begun comes first, then what only needs a yes or no, then reading, then sending. */
export function nextOf(home: ReviewerHome): Next {
  const first = (state: WorkState) => home.tasks.find((task) => task.state === state);
  const draft = first('on-device');
  if (draft !== undefined) return { kind: 'continue', task: draft };
  const declare = first('to-declare');
  if (declare !== undefined) return { kind: 'declare', task: declare };
  const read = first('to-read');
  if (read !== undefined) return { kind: 'read', task: read };
  return home.outbox > 0 || home.tasks.some((task) => task.state === 'no-text') ? { kind: 'exchange' } : { kind: 'done' };
}

export class Home {
  view = new View(() => backend.reviewerHome());
  text = $state('');
  state = $state<WorkState | null>(null);

  get rows(): TaskRow[] {
    const words = plain(this.text).split(/\s+/);
    return (this.view.value?.tasks ?? []).filter((task) => {
      const all = plain([task.label, task.roundLabel, ...task.card.map((each) => each.value)].join(' '));
      return (this.state === null || task.state === this.state) && words.every((word) => all.includes(word));
    });
  }

  /** The states that there are, with how many of each, in the order in which work passes through them. */
  get states(): { state: WorkState; count: number }[] {
    const order: WorkState[] = ['to-declare', 'to-read', 'on-device', 'in-outbox', 'held-by-relay', 'opened-by-coordinator', 'no-text', 'conflict', 'taken-back'];
    const tasks = this.view.value?.tasks ?? [];
    return order
      .map((state) => ({ state, count: tasks.filter((task) => task.state === state).length }))
      .filter(({ count }) => count > 0);
  }
}

function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim();
}
