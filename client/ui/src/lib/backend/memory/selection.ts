// Who would be selected in the invented world: down the order, passing over whoever a cap has no room for. Not the real rules, which
// look ahead.
import type { Backend, SeatsTrial, SelectionRow, SelectionView } from '../contract';
import { row } from './desk';
import { ranking } from './figures';
import { refused, type World } from './world';

type Part = Pick<Backend, 'selection'>;

const OWN: SeatsTrial = {
  seats: 20,
  quotas: [
    { name: 'Heads of legal clinics', field: 'group', value: 'clinic', min: 0, max: 3 },
    { name: 'Applications by mail', field: 'route', value: 'mail', min: 4, max: null },
  ],
};

export function selection(world: World): Part {
  const choose = (round: string | null, by: SeatsTrial): SelectionRow[] => {
    const answers = new Map(world.applications.map((one) => [one.key, row(world, one).answers]));
    const counted = by.quotas.map(() => 0);
    let taken = 0;
    let waiting = 0;
    return ranking(world, round).rows.map((ranked, at): SelectionRow => {
      const counts = by.quotas.map((quota) => answers.get(ranked.key)?.[quota.field] === quota.value);
      const full = by.quotas.findIndex((quota, place) => counts[place] === true && quota.max !== null && (counted[place] ?? 0) >= quota.max);
      const seated = ranked.rank !== null && taken < by.seats && full < 0;
      const passed = ranked.rank !== null && taken < by.seats && full >= 0;
      if (seated) {
        taken += 1;
        counts.forEach((one, place) => (counted[place] = (counted[place] ?? 0) + Number(one)));
      }
      const waits = ranked.rank !== null && !seated && waiting < 10;
      if (waits) waiting += 1;
      return {
        application: ranked.application, key: ranked.key, title: ranked.title, place: ranked.rank === null ? null : at + 1, total: ranked.total,
        outcome: ranked.rank === null ? 'unranked' : seated ? 'selected' : waits ? 'waitlist' : 'not-selected',
        passedOverBy: passed ? (by.quotas[full]?.name ?? null) : null, rule: passed ? 'cap' : null, moved: null,
      };
    });
  };
  return {
    selection: (round, trial) => {
      const by = trial ?? OWN;
      if (by.quotas.reduce((sum, quota) => sum + quota.min, 0) > by.seats) return refused('quotas-impossible', 'the floors are more than the seats');
      const before = new Set(choose(round, OWN).filter((one) => one.outcome === 'selected').map((one) => one.key));
      const rows = choose(round, by).map((one): SelectionRow => {
        const is = one.outcome === 'selected';
        return trial === null || before.has(one.key) === is ? one : { ...one, moved: is ? 'in' : 'out' };
      });
      const selected = rows.filter((one) => one.outcome === 'selected');
      const answers = new Map(world.applications.map((one) => [one.key, row(world, one).answers]));
      const view: SelectionView = {
        trial: trial !== null, by, own: OWN, counted: by.quotas.map((quota) => selected.filter((one) => answers.get(one.key)?.[quota.field] === quota.value).length),
        empty: Math.max(0, by.seats - selected.length), rows, record: trial === null ? '3f9a1c52d07be4468e21aa90c4d3f7b5e6120c9d8b7a4f5e3d2c1b0a99887766' : '7b5e6120c9d8b7a4f5e3d2c1b0a998877663f9a1c52d07be4468e21aa90c4d3f', readersWhoMatter: by.seats > 20 ? [] : ['Thomas Okello'], warnings: [],
        advice: { 
          sentence: { code: 'selected', text: `${selected.length} are selected.`, params: { selected: String(selected.length), seats: String(by.seats), passed: String(rows.filter((one) => one.passedOverBy !== null).length), waiting: String(rows.filter((one) => one.outcome === 'waitlist').length) } },
          act: { code: 'decide', text: 'Look at the seat line, then decide.', params: {} },
        },
      };
      return Promise.resolve(view);
    },
  };
}
