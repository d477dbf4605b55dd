// Dates, numbers, sizes and lists as the chosen language writes them. Not words (`i18n.svelte.ts`).
import { now } from '../state/clock';
import { isolate, locale } from './i18n.svelte';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** On average. */
const MONTH = (365.2425 / 12) * DAY;

export function number(value: number): string {
  return new Intl.NumberFormat(locale()).format(value);
}

/** A decimal that the backend wrote as text, with as many places as it has. */
export function decimal(value: string): string {
  const figure = Number(value);
  if (value === '' || !Number.isFinite(figure)) return value;
  const places = value.split('.')[1]?.length ?? 0;
  return new Intl.NumberFormat(locale(), { minimumFractionDigits: places, maximumFractionDigits: places }).format(figure);
}

export function percent(share: number): string {
  return new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 0 }).format(share);
}

export function bytes(size: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const options = { style: 'unit', unit: units[unit], unitDisplay: unit === 0 ? 'long' : 'short' } as const;
  return new Intl.NumberFormat(locale(), { ...options, maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 }).format(value);
}

/** A length of time in one unit, rounded up: an estimate, not a measurement. */
export function duration(ms: number): string {
  const [value, unit] = ms < 90_000 ? [Math.ceil(ms / 1000), 'second'] : ms < 90 * MINUTE ? [Math.ceil(ms / MINUTE), 'minute'] : [Math.ceil(ms / HOUR), 'hour'];
  return new Intl.NumberFormat(locale(), { style: 'unit', unit: String(unit), unitDisplay: 'long' }).format(Number(value));
}

export function time(ms: number): string {
  return new Intl.DateTimeFormat(locale(), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(ms);
}

export function date(ms: number): string {
  return new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'long', year: 'numeric' }).format(ms);
}

export function dateTime(ms: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' }).format(ms);
}

/** "3 days ago", "in 2 hours": the largest unit that is not nothing. Where it is shown it follows the clock. */
export function relative(ms: number): string {
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  const past = ms - now();
  const size = Math.abs(past);
  if (size < MINUTE) return words.format(0, 'second');
  if (size < HOUR) return words.format(Math.trunc(past / MINUTE), 'minute');
  if (size < DAY) return words.format(Math.trunc(past / HOUR), 'hour');
  if (size < 2 * MONTH) return words.format(Math.trunc(past / DAY), 'day');
  if (size < 24 * MONTH) return words.format(Math.trunc(past / MONTH), 'month');
  return words.format(Math.trunc(past / (12 * MONTH)), 'year');
}

/** "Ana, 李文静 and Esi": a name in another direction cannot turn those beside it. */
export function list(parts: string[]): string {
  return new Intl.ListFormat(locale(), { type: 'conjunction' }).format(parts.map((part) => isolate(part)));
}
