// What charts are drawn from: totals in bins, the rows around the line of seats, a scale. Not the drawing.
import type { RankedRow } from '../../lib/backend/contract';

export interface Bin { from: number; to: number; count: number; seats: number }

/** A figure that the engine wrote as text. */
export function figure(text: string | null): number | null {
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Rows that have a place, in order. */
export function placed(rows: RankedRow[]): RankedRow[] {
  return rows.filter((row) => row.rank !== null);
}

/** A step of 1, 2 or 5 times a power of ten, so that a range has about so many. */
export function stepOf(range: number, steps: number): number {
  if (range <= 0) return 1;
  const rough = range / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
}

/** Totals in at most about twelve bins, and how many of each stand above the line of seats. */
export function bins(rows: RankedRow[], seats: number | null): Bin[] {
  const totals = placed(rows).map((row) => figure(row.total)).filter((total) => total !== null);
  if (totals.length === 0) return [];
  const [low, high] = [Math.min(...totals), Math.max(...totals)];
  const step = stepOf(high - low, 10);
  const first = Math.floor(low / step);
  const many = Math.floor(high / step) - first + 1;
  const found = Array.from({ length: many }, (_, at): Bin => ({ from: (first + at) * step, to: (first + at + 1) * step, count: 0, seats: 0 }));
  totals.forEach((total, at) => {
    const bin = found[Math.floor(total / step) - first];
    if (bin === undefined) return;
    bin.count += 1;
    if (seats !== null && at < seats) bin.seats += 1;
  });
  return found;
}

/** The total at which seats end: halfway between the last inside and the first outside. */
export function line(rows: RankedRow[], seats: number | null): number | null {
  const all = placed(rows);
  if (seats === null || seats === 0 || seats >= all.length) return null;
  const inside = figure(all[seats - 1]?.total ?? null);
  const outside = figure(all[seats]?.total ?? null);
  return inside === null || outside === null ? null : (inside + outside) / 2;
}

/** The rows on both sides of the line of seats. */
export function around(rows: RankedRow[], seats: number | null, each: number): RankedRow[] {
  const all = placed(rows);
  if (seats === null || seats >= all.length) return [];
  return all.slice(Math.max(0, seats - each), seats + each);
}

/** Where a value stands between two others, in percent. */
export function share(value: number, low: number, high: number): number {
  return high === low ? 50 : Math.min(100, Math.max(0, ((value - low) / (high - low)) * 100));
}
