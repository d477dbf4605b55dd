// What wants a person's judgement in the invented world: readers' scores side by side, the reasons, and the verdicts as long as the
// world lasts. The rules are the engine's, in short; the scores are made up to fit the invented totals.
import type { Backend, ModerationLine, ModerationRead, ModerationVerdict, RankedRow, Sentence } from '../contract';
import { ROUNDS, type Invented } from './applications';
import { deskOf, exception, verdictKey } from './desk';
import { CRITERIA } from './dossiers';
import { ranking } from './figures';
import { PEOPLE } from './names';
import { refused, type World } from './world';

type Part = Pick<Backend, 'moderation' | 'moderate'>;

/** The ends of a total, and what of that scale is wide, and clear. */
const [LOW, HIGH] = [0, 42];
const WIDE = (HIGH - LOW) * 0.3;
const CLEAR = (HIGH - LOW) * 0.1;
const SCORED = CRITERIA.filter((criterion) => criterion.weight !== '0');

export function moderation(world: World): Part {
  return {
    moderation: (asked) => {
      const round = ROUNDS.find(({ key }) => key === (asked ?? 'reading')) ?? ROUNDS[0];
      const key = round?.key ?? 'reading';
      const { rows, seats } = ranking(world, key);
      // Third readers and interviews have not begun.
      const read = key === 'reading' ? rows.filter((row) => row.rank !== null && row.reads > 1) : [];
      const at = line(read, seats ?? 0);
      const lines = read.flatMap((row, place): ModerationLine[] => {
        const one = world.applications.find((each) => each.id === row.application);
        if (one === undefined) return [];
        const reads = readsOf(one, row);
        const reasons = reasonsOf(reads, at, row, place, seats ?? 0, exception(world, one).granted === true);
        const verdict = deskOf(world).verdicts.get(verdictKey(one.id, key)) ?? null;
        if (reasons.length === 0 && verdict === null) return [];
        return [{ application: one.id, key: one.key, title: one.name, rank: row.rank, total: row.total, reasons, reads, verdict }];
      });
      return Promise.resolve({
        round: key, rounds: ROUNDS, seats, line: at === null ? null : figure(at), low: String(LOW), high: String(HIGH), read: read.length,
        criteria: SCORED.map(({ key: of, label }) => ({ key: of, label })), rows: lines, warnings: [],
      });
    },
    moderate: (id, round, verdict, reason) => {
      if (!world.applications.some((one) => one.id === id)) return refused('not-found', 'this application is not here');
      if (reason.trim() === '') return refused('reason-needed', 'a reason is needed');
      const { verdicts } = deskOf(world);
      const said: ModerationVerdict = {
        round, roundLabel: ROUNDS.find(({ key }) => key === round)?.label ?? round, verdict, reason, by: [world.me?.name ?? ''], said: [], outdated: false,
      };
      if (verdict === null) verdicts.delete(verdictKey(id, round));
      else verdicts.set(verdictKey(id, round), said);
      world.changed();
      return Promise.resolve();
    },
  };
}

function line(rows: RankedRow[], seats: number): number | null {
  const [last, next] = [rows[seats - 1]?.total, rows[seats]?.total];
  return last && next ? (Number(last) + Number(next)) / 2 : null;
}

function readsOf(one: Invented, row: RankedRow): ModerationRead[] {
  const [total, low, high] = [Number(row.total), Number(row.min), Number(row.max)];
  const own = row.reads === 2 ? [high, 2 * total - high] : [high, 3 * total - low - high, low];
  return own.map((value, at) => ({
    reader: PEOPLE[2 + ((one.n * 3 + at * 5) % 14)] ?? '', total: figure(value), complete: true,
    scores: Object.fromEntries(SCORED.map((criterion, place) => {
      const most = Number(criterion.max);
      const score = Math.round((value / HIGH) * most + (((one.n + at * 2 + place) % 3) - 1) * 0.6);
      return [criterion.key, String(Math.min(most, Math.max(0, score)))];
    })),
  }));
}

function reasonsOf(reads: ModerationRead[], at: number | null, row: RankedRow, place: number, seats: number, excepted: boolean): Sentence[] {
  const own = reads.map((read) => Number(read.total));
  const [low, high] = [Math.min(...own), Math.max(...own)];
  const reasons: Sentence[] = [];
  if (high - low >= WIDE) {
    const params = { apart: figure(high - low), low: figure(low), high: figure(high), wide: figure(WIDE) };
    reasons.push(says('wide-spread', `Its readers' totals lie ${params.apart} apart, from ${params.low} to ${params.high}; from ${params.wide} on a spread is wide.`, params));
  }
  const [accept, reject] = [own.filter((value) => at !== null && value >= at + CLEAR).length, own.filter((value) => at !== null && value <= at - CLEAR).length];
  if (at !== null && accept > 0 && reject > 0) {
    const params = { accept: String(accept), reject: String(reject), line: figure(at) };
    reasons.push(says('accept-reject', `Readers stand on both sides of the seat line at ${params.line}: ${params.accept} would clearly give a seat, ${params.reject} clearly not.`, params));
  }
  const near = Math.ceil(seats / 5);
  if (at !== null && place >= seats - near && place < seats + near) {
    const within = place < seats;
    const params = { rank: String(row.rank ?? place + 1), seats: String(seats) };
    reasons.push(says(within ? 'seat-line-within' : 'seat-line-beyond', `At place ${params.rank} it is among the ${within ? 'last within' : 'first beyond'} the ${params.seats} seats.`, params));
  }
  if (excepted) reasons.push(says('exception-route', 'It is eligible by the exception alone.', {}));
  return reasons;
}

function says(code: string, text: string, params: Record<string, string>): Sentence {
  return { code: `moderation-${code}`, text, params };
}

function figure(value: number): string {
  return String(Number(value.toFixed(2)));
}
