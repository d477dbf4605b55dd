// What arrived in the invented world: two exchanges, a bundle on a stick, one from somebody unknown.
import type { ArrivalsView, ArrivedPerson } from '../contract';
import { PEOPLE } from './names';
import { DAY, type World } from './world';

const HOUR = DAY / 24;

function came(name: string | null, counts: Partial<ArrivedPerson>): ArrivedPerson {
  return { name, reviews: 0, declarations: 0, others: 0, waiting: 0, refused: 0, ...counts };
}

export function arrivals(world: World): ArrivalsView {
  if (world.applications.length === 0) return { arrivals: [], before: 0 };
  const [, , first = '', second = '', third = '', fourth = ''] = PEOPLE;
  const last = world.now - 3 * DAY;
  return {
    arrivals: [
      { id: '4', way: 'relay', carriedFor: null, atMs: last, people: [came(first, { reviews: 7 }), came(second, { reviews: 3, declarations: 2 })] },
      { id: '3', way: 'bundle', carriedFor: third, atMs: last - HOUR / 60, people: [came(third, { reviews: 12, others: 1 }), came(fourth, { waiting: 2 })] },
      { id: '2', way: 'bundle', carriedFor: null, atMs: last - 5 * DAY, people: [came(null, { refused: 3 })] },
      { id: '1', way: 'relay', carriedFor: null, atMs: last - 6 * DAY, people: [came(first, { declarations: 12 })] },
    ],
    before: 41,
  };
}
