// What decided about an application of the invented world: a quota, a chance, what was decided on the merge desk. Not calculated.
import type { RuledView } from '../contract';
import type { Invented } from './applications';
import { deskOf, exception } from './desk';
import { ranking } from './figures';
import type { World } from './world';

const SEATS = 20;

export function ruled(world: World, one: Invented): RuledView {
  const rank = ranking(world, null).rows.find((row) => row.application === one.id)?.rank ?? null;
  const passed = rank !== null && rank <= SEATS && one.n % 9 === 4;
  const outcome = rank === null ? 'unranked' : rank <= SEATS && !passed ? 'selected' : rank <= SEATS + 10 ? 'waitlist' : 'not-selected';
  return {
    seat: {
      outcome, passedOverBy: passed ? 'Heads of legal clinics' : null, rule: passed ? 'cap' : null,
      quotas: one.n % 9 === 4 ? [{ name: 'Heads of legal clinics', min: 0, max: 3, selected: 3 }] : [],
    },
    chance: rank === null ? null : { light: 'green', percent: Math.round(100 / (1 + Math.exp((rank - SEATS - 0.5) / 4))), expected: `${rank}.4`, band: Math.abs(rank - SEATS) < 5 },
    exception: exception(world, one).granted === null ? null : 'The letters of two courts speak for it.',
    decisions: deskOf(world).queue.decided.filter(({ item }) => item.applications.some(({ application }) => application === one.id)),
    conflicts: one.n % 9 === 4 ? [{ ruling: 'lifted', reason: 'They met once, at a conference.' }] : [],
    pairs: [],
  };
}
