// How the invented round comes on: a date that is tight. Not calculated from anything.
import type { PaceView, Sentence } from '../contract';
import { DAY, type World } from './world';

function says(code: string, text: string, params: Record<string, string> = {}): Sentence {
  return { code, text, params };
}

export function pace(world: World): PaceView[] {
  if (world.applications.length === 0) return [];
  const heard = world.lastExchangeMs;
  if (heard === null) {
    return [{
      round: 'reading', label: 'First reading', remaining: 67, holds: 'not-known', weeks: [], closesMs: null, doneMs: null,
      advice: { sentence: says('pace-not-known', '67 reads remain.', { remaining: '67', timed: '0', weeks: '0', fewest: '5' }), act: says('pace-not-known-act', 'Exchange with the relay, and look again in a week.') },
      restsOn: says('pace-rests-on', 'It rests on the day on which a relay received 0 reads.', { timed: '0', untimed: '0' }),
    }];
  }
  const params = { remaining: '67', week: '24', weeks: '3', slowest: '15', timed: '73', untimed: '4', fewest: '5' };
  return [{
    round: 'reading', label: 'First reading', remaining: 67, holds: 'tight', weeks: [15, 31, 27], closesMs: heard + 24 * DAY, doneMs: heard + 20 * DAY,
    advice: {
      sentence: says('pace-tight', '67 reads remain. The date holds at about 24 a week, but not at the 15 of the slowest of the last 3 weeks.', params),
      act: says('pace-tight-act', 'Remind who is behind now: one slow week is one too many.'),
    },
    restsOn: says('pace-rests-on', 'It rests on the day on which a relay received 73 reads, not on when they were written; of 4 reads no such day is known.', params),
  }];
}
