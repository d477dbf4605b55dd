// Whom a coordinator writes to over the invented world: who is behind, and the authors of what is asked about.
import type { Backend, Reminded } from '../contract';
import { PEOPLE } from './names';
import { invented } from './queue';
import { DAY, type World } from './world';

type Part = Pick<Backend, 'reminders' | 'asking'>;

const contactOf = (name: string): string => `${name.normalize('NFD').replace(/[^a-z]/gi, '').toLowerCase().slice(0, 10) || 'reader'}@example.org`;

export function mails(world: World): Part {
  return {
    reminders: () => {
      const all = world.applications.length === 0 ? [] : PEOPLE.slice(2, 14);
      const readers = all.flatMap((name, at): Reminded[] => {
        const submitted = [0, 12, 9, 0, 12, 4, 11, 7, 12, 0, 12, 10][at] ?? 0;
        const left = 12 - submitted;
        const deadline = { round: 'First reading', ms: world.now + 9 * DAY, programmeZone: 'Asia/Shanghai', programmeTime: '2026-12-06 23:59' };
        const contact = at === 3 ? null : contactOf(name);
        return left === 0 ? [] : [{ member: `m-${at + 3}`, handle: name, name, contact, submitted, left, rounds: [{ round: 'First reading', left, deadline }] }];
      });
      readers.sort((a, b) => Number(a.submitted > 0) - Number(b.submitted > 0) || b.left - a.left);
      return Promise.resolve({ language: 'en', readers });
    },
    asking: (ids) => {
      const items = invented(world.scenario).waiting.filter((item) => ids.includes(item.id));
      const members = [...new Set(items.map((item) => item.memberId ?? 'm-3'))];
      const authors = members.map((member) => {
        const name = PEOPLE[Number(member.slice(2)) - 1] ?? '';
        const about = items.filter((item) => (item.memberId ?? 'm-3') === member).flatMap((item) => item.applications.map(({ label }) => label));
        return { member, handle: name, name, contact: contactOf(name), applications: [...new Set(about)] };
      });
      return Promise.resolve({ language: 'en', authors });
    },
  };
}
