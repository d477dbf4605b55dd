// Invented figures: an order of all applications, how far readers agree, how severe they are. Not calculated from anything.
import type { AgreementLine, AgreementView, RankedRow, RankingView, Sentence, SeverityView, SharesTable, SharesView } from '../contract';
import { ROUNDS } from './applications';
import { CRITERIA } from './dossiers';
import { PEOPLE } from './names';
import type { World } from './world';

const SEATS = 20;

function says(code: string, text: string, params: Record<string, string> = {}): Sentence {
  return { code, text, params };
}

/** A figure between 0 and 1 that is always the same for the same number. */
function fixed(n: number): number {
  const x = Math.sin(n * 12.9898 + 4.1414) * 43758.5453;
  return x - Math.floor(x);
}

function figure(value: number): string {
  return String(Number(value.toFixed(2)));
}

export function ranking(world: World, round: string | null): RankingView {
  const known = world.applications.filter(({ n }) => n % 17 !== 9);
  const totals = known.map((one) => {
    // A hump of totals, as juries make it; a few are equal.
    const spread = (fixed(one.n) + fixed(one.n + 500) + fixed(one.n + 900)) / 3;
    // About some, readers differ widely.
    return { one, total: Math.round((8 + spread * 32) * 3) / 3, sd: one.n % 13 === 4 ? 6.7 : fixed(one.n + 200) * 4.2 };
  });
  totals.sort((a, b) => b.total - a.total || a.one.key.localeCompare(b.one.key));
  const rows = totals.map(({ one, total, sd }, at): RankedRow => {
    const same = totals.filter((other) => other.total === total && other.one !== one).map((other) => other.one.key);
    const first = totals.findIndex((other) => other.total === total);
    const separated = same.length > 0 && first % 3 !== 1;
    return {
      application: one.id, key: one.key, title: one.name, rank: separated ? at + 1 : first + 1, tiedWith: same,
      tieBrokenBy: separated ? 'practice' : null, total: figure(total), sd: figure(sd), reads: one.n % 11 === 2 ? 2 : 3,
      min: figure(total - sd * 1.1), max: figure(total + sd * 0.9), incomplete: one.n % 11 === 2,
    };
  });
  const unplaced = world.applications.filter(({ n }) => n % 17 === 9).map((one): RankedRow => ({
    application: one.id, key: one.key, title: one.name, rank: null, tiedWith: [], tieBrokenBy: null, total: null, sd: null,
    reads: one.n % 2, min: null, max: null, incomplete: one.n % 2 === 1,
  }));
  const marked = rows.filter((row) => row.incomplete).length;
  const params = { ranked: String(rows.length), all: String(world.applications.length), marked: String(marked), across: '2', seats: String(SEATS) };
  return {
    round, rounds: ROUNDS, rows: [...rows, ...unplaced], seats: SEATS,
    advice: {
      sentence: says('ranking-line-shared', `${params.ranked} of ${params.all} applications have a place, ${params.marked} of these from less than is asked; 2 with one total stand across the line of 20 seats, and nothing separates them there.`, params),
      act: says('ask-for-missing', `Ask for what is missing of ${unplaced.length + marked} applications, beginning with ${unplaced[0]?.key ?? ''}, before the order decides.`, { lacking: String(unplaced.length + marked), first: unplaced[0]?.key ?? '' }),
    },
    warnings: [says('not-counted', '12 reviews are not counted: after-close', { count: '12', why: 'after-close' })],
  };
}

const ALPHAS: [alpha: number | null, low: number, high: number][] = [[0.81, 0.72, 0.88], [0.69, 0.55, 0.79], [0.43, 0.24, 0.58], [0.86, 0.79, 0.92], [-0.08, -0.31, 0.14], [null, 0, 0]];

function judged(criterion: string, alpha: number | null): Sentence {
  if (alpha === null) return says('agreement-no-pairs', `No application has two scores on ${criterion}.`, { criterion });
  const params = { criterion, alpha: alpha.toFixed(2) };
  if (alpha >= 0.8) return says('agreement-good', `Readers agree well on ${criterion}: alpha ${params.alpha}.`, params);
  if (alpha >= 0.667) return says('agreement-tentative', `Readers agree on ${criterion} just enough for tentative conclusions: alpha ${params.alpha}.`, params);
  if (alpha >= 0) return says('agreement-weak', `Readers agree too little on ${criterion}: alpha ${params.alpha}.`, params);
  return says('agreement-below-chance', `Readers agree less on ${criterion} than by chance: alpha ${params.alpha}.`, params);
}

export function agreement(): AgreementView {
  const rows = CRITERIA.flatMap((criterion, at) =>
    ['nominal', 'ordinal', 'interval', 'ratio'].map((metric, shift): AgreementLine => {
      const [alpha = null, low = 0, high = 0] = ALPHAS[at] ?? [];
      const by = (shift - 1) * 0.02;
      return {
        criterion: criterion.key, label: criterion.label, metric, alpha: alpha === null ? null : figure(alpha + by),
        low: alpha === null ? null : figure(low + by), high: alpha === null ? null : figure(high + by), units: alpha === null ? 0 : 52 - at * 3,
        sentence: judged(criterion.key, alpha === null ? null : alpha + by),
      };
    }),
  );
  return {
    rows,
    advice: {
      sentence: says('agreement-least', 'Of 6 criteria, readers agree least on network: alpha -0.08.', { criteria: '6', criterion: 'network', alpha: '-0.08' }),
      act: says('check-scale-direction', 'Check whether somebody read the scale of network the other way round.', { criterion: 'network' }),
    },
  };
}

export function severity(world: World): SeverityView {
  const readers = PEOPLE.slice(2, 16).map((reader, at) => ({
    reader, reads: 9 + ((at * 5) % 8), effect: figure(-2.6 + at * 0.42 + (fixed(at) - 0.5) * 0.3), sd: figure(0.45 + fixed(at + 40) * 0.5),
  }));
  const raw = ranking(world, null).rows.filter((row) => row.rank !== null);
  const moved = raw.map((row, at) => ({ row, at, value: Number(row.total) + (fixed(at + 70) - 0.5) * 4 })).sort((a, b) => b.value - a.value);
  const moves = moved.map(({ row, at, value }, place) => ({
    key: row.key, raw: row.total, rawRank: at + 1, corrected: figure(value), rank: place + 1,
    chance: Math.round(100 / (1 + Math.exp((place + 0.5 - SEATS) / 4))), band: place >= SEATS - 7 && place < SEATS + 7,
  }));
  const params = { raw: '0.74', model: '0.81' };
  return {
    light: 'green', recallRaw: params.raw, recallCorrected: params.model, withheld: false, readers, moves,
    advice: {
      sentence: says('calibration-helps', 'Correcting for severity finds more of the best: 0.81 of them against 0.74 by raw means.', params),
      act: says('use-corrected', 'Use the corrected order, and discuss the 14 applications around the seat line.', { band: '14' }),
    },
    warnings: [],
  };
}

const STAGES = ['received', 'eligible', 'assigned', 'read', 'shortlisted', 'selected'];
const TOTALS = [60, 51, 46, 30, 24, 20];

/** A table of invented counts; null where the engine would hide it. */
function table(by: string, label: string | null, groups: [group: string | null, label: string | null, counts: (number | null)[]][], advice: SharesTable['advice']): SharesTable {
  return {
    by, label, totals: TOTALS, hides: groups.some(([group, , counts]) => group === null || counts.includes(null)), advice,
    groups: groups.map(([group, name, counts]) => ({
      group, label: name,
      cells: counts.map((count, at) => ({ count, percent: count === null ? null : Math.round((count / (TOTALS[at] ?? 1)) * 100) })),
    })),
  };
}

export function shares(world: World, least: number): SharesView {
  if (world.applications.length === 0) return { applications: 0, stages: STAGES.slice(0, 5), tables: [] };
  const steady = {
    sentence: says('shares-steady', 'Up to the stage selected no share that is shown moves by more than 5 percentage points.', { stage: 'selected', points: '5' }),
    act: says('shares-keep', 'Nothing to do: look again after the next stage.'),
  };
  const few = {
    sentence: says('shares-too-few', `No group can be followed from one stage to the next: counts under ${least} are hidden.`, { least: String(least) }),
    act: says('shares-wait', 'Look again when more applications have come further, or choose a field with fewer groups.'),
  };
  const moved = {
    sentence: says('shares-moved', 'woman moves the most: from 57 % of what was received to 45 % at the stage selected.', { group: 'woman', from: '57', to: '45', stage: 'selected' }),
    act: says('shares-look', 'Find the stage at which the share of woman changes, and read the reasons that were given there.', { group: 'woman' }),
  };
  return {
    applications: world.applications.length, stages: STAGES,
    tables: [
      table('field:gender', 'Gender', [['woman', 'Woman', [34, 29, 26, 16, 12, 9]], ['man', 'Man', [26, 22, 20, 14, 12, 11]]], moved),
      table('field:country', 'Country', [[null, null, [43, 36, 33, 20, 17, 14]], ['Kenya', 'Kenya', [9, 8, 7, 5, null, null]], ['India', 'India', [8, 7, 6, 5, null, null]]], few),
      table('route', null, [['import', null, [41, 35, 31, 20, 16, 14]], ['mail', null, [12, 10, 9, 5, null, null]], ['on-behalf', null, [7, 6, 6, 5, null, null]]], steady),
      table('exception', null, [[null, null, TOTALS]], steady),
    ],
  };
}
