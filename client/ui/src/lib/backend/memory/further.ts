// Further readers of the invented world: in one scenario two people read first, and a third one where they differ or lie near the
// seat line. Not the rule, which is the engine's: who needs one is made up.
import type { FurtherLine, Sentence } from '../contract';
import type { Invented } from './applications';
import type { World } from './world';

export const FIRST = 2;
export const MOST = 3;
const SEATS = 20;

export const asksFurther = (world: World): boolean => world.scenario === 'coordinator-further';

/** Why two readers are not enough for an application that both have read; nothing where they are, or where a third one was asked. */
export function reasons(world: World, one: Invented): Sentence[] {
  if (!asksFurther(world) || world.askedFurther.has(one.id)) return [];
  if (one.n % 3 === 0) {
    const params = { apart: '14', low: '17', high: '31', wide: '12.6' };
    return [{ code: 'moderation-wide-spread', text: 'Its readers’ totals lie 14 apart, from 17 to 31; from 12.6 on a spread is wide.', params }];
  }
  if (one.n % 5 === 1) {
    const params = { rank: String(SEATS + 2), seats: String(SEATS) };
    return [{ code: 'moderation-seat-line-beyond', text: `At place ${params.rank} it is among the first beyond the ${SEATS} seats.`, params }];
  }
  return [];
}

/** An application that needs one more reader. */
export function line(world: World, one: Invented, at: number): FurtherLine {
  return { application: one.id, key: one.key, rank: at + 1, reads: FIRST, reasons: reasons(world, one) };
}
