// The ranking once more, by a program that shares no line with Tessera: it reads the scores that `tessera scores
// export` wrote and the programme's definition, calculates every total and the order exactly, and compares them with
// what `tessera ranking --json` said.
//
//   node recompute.mjs --scores S.csv --programme P.toml [--ranking R.json] [--applications A.csv]
//                      [--round KEY] [--seed N] [--top N] [--tamper]
//
// `--tamper` changes one score before calculating: the comparison must then fail. Exit 0 where all agrees, 1 where
// anything differs, 2 where the call is wrong.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseCsv } from './csv.mjs';
import { Exact, ZERO, mean, median, sum, trimmed } from './exact.mjs';
import { Plain, parseToml } from './toml.mjs';

const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const text = (value) => (value instanceof Plain ? value.text : value);
const number = (value, otherwise) => (value === undefined ? otherwise : Exact.read(text(value).replaceAll('_', '')));
const whole = (value, otherwise) => (value === undefined ? otherwise : Number(text(value)));

/** What of the definition counts. */
function rulesOf(definition, columns, round) {
  const scoring = definition.scoring ?? {};
  const described = (definition.round ?? []).find((one) => one.key === round);
  const only = described?.criteria ?? [];
  const criteria = (definition.criterion ?? []).map(({ key, kind = 'score', weight, required }) => ({
    key,
    weight: number(weight, kind === 'gate' ? ZERO : new Exact(1n)),
    required: text(required) === 'true',
    gate: kind === 'gate',
  }));
  const scored = criteria.filter(({ gate, weight, key }) =>
    (!gate || weight.compare(ZERO) !== 0) && (only.length === 0 || only.includes(key)));
  const places = (stage) => whole(scoring.round?.[stage], null);
  return {
    criteria: criteria.length
      ? scored
      : columns.map((key) => ({ key, weight: new Exact(1n), required: false })),
    high: (definition.scale?.best ?? 'high') === 'high',
    least: number(definition.scale?.min, null),
    most: number(definition.scale?.max, null),
    reviewFirst: (scoring.order ?? 'review-first') === 'review-first',
    centre: scoring.centre ?? 'mean',
    trim: whole(scoring.trim, 1),
    sums: scoring.combine === 'sum',
    minWeight: number(scoring.min_weight, ZERO),
    round: { criterion: places('criterion'), product: places('product'), total: places('total') },
    add: scoring.add ?? [],
    subtract: scoring.subtract ?? [],
    ties: scoring.ties ?? [],
    absent: scoring.absent ?? [],
  };
}

const OWN = ['application', 'reviewer', 'round', 'revision', 'confidence'];

/** The review of the highest revision for each application, reviewer and round. */
function reviewsOf(rows, round) {
  const kept = new Map();
  for (const row of rows) {
    if (round !== null && (row.round ?? '') !== round) continue;
    const key = JSON.stringify([row.application, row.reviewer, row.round ?? '']);
    const before = kept.get(key);
    if (!before || Number(before.revision || 0) < Number(row.revision || 0)) kept.set(key, row);
  }
  return [...kept.values()];
}

const answer = (rules, cell) =>
  cell === undefined || cell === '' || /^n\/a$/i.test(cell) || rules.absent.includes(cell) ? null : Exact.read(cell);

/** One figure from one answer for each criterion: what was not answered is left out of the weights, never zero. */
function combine(rules, answers) {
  const answered = rules.criteria.map((rule, at) => ({ ...rule, value: answers[at] })).filter(({ value }) => value);
  const weight = sum(answered.map((one) => one.weight));
  if (weight.compare(ZERO) === 0) return null;
  const products = sum(answered.map((one) => one.weight.times(one.value).rounded(rules.round.product)));
  if (!rules.sums) return products.over(weight);
  const all = sum(rules.criteria.map((one) => one.weight));
  return weight.compare(all) === 0 ? products : products.over(weight).times(all);
}

const suffices = (rules, answers) =>
  sum(rules.criteria.filter((_, at) => answers[at]).map((rule) => rule.weight)).compare(rules.minWeight) >= 0 &&
  rules.criteria.every((rule, at) => !rule.required || answers[at]);

const centre = (rules, values) =>
  rules.centre === 'median' ? median(values) : rules.centre === 'trimmed' ? trimmed(values, rules.trim) : mean(values);

function standing(rules, application, readings, adjustments) {
  const counted = readings.filter((one) => one.complete || !rules.reviewFirst);
  const values = rules.criteria.map((_, at) => {
    const answers = counted.map((one) => one.answers[at]).filter(Boolean);
    return centre(rules, answers)?.rounded(rules.round.criterion) ?? null;
  });
  const before = rules.reviewFirst
    ? centre(rules, counted.map((one) => one.figure))
    : suffices(rules, values) ? combine(rules, values) : null;
  return {
    application,
    total: before && before.plus(sum(Object.values(adjustments))).rounded(rules.round.total),
    figures: {
      ...Object.fromEntries(rules.criteria.map((rule, at) => [rule.key, values[at]])),
      ...adjustments,
      criteria: before,
    },
  };
}

function adjustmentsOf(rules, row) {
  const amount = (column) => {
    if (!row || !(column in row)) throw new Error(`the applications' column ${column} is needed`);
    return row[column] === '' ? ZERO : Exact.read(row[column]);
  };
  return Object.fromEntries([
    ...rules.add.map((column) => [column, amount(column)]),
    ...rules.subtract.map((column) => [column, ZERO.minus(amount(column))]),
  ]);
}

function standings(rules, reviews, table) {
  const readings = new Map((table ?? []).map((row) => [row.application, []]));
  for (const review of reviews) {
    if (!readings.has(review.application)) readings.set(review.application, []);
    const answers = rules.criteria.map(({ key }) => answer(rules, review[key]));
    const figure = combine(rules, answers);
    if (figure) readings.get(review.application).push({ answers, figure, complete: suffices(rules, answers) });
  }
  const adjusted = rules.add.length + rules.subtract.length > 0;
  return [...readings].map(([application, read]) => {
    const row = table?.find((one) => one.application === application);
    return standing(rules, application, read, adjusted ? adjustmentsOf(rules, row) : {});
  });
}

const eight = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

const draw = (seed, application) => {
  const parts = [Buffer.from('tessera/1 draw'), eight(seed), Buffer.from(application)];
  return createHash('sha256').update(Buffer.concat(parts.flatMap((part) => [eight(part.length), part]))).digest();
};

/** The better first, an unknown figure last. */
const better = (rules, a, b) => (a && b ? (rules.high ? b.compare(a) : a.compare(b)) : Number(!a) - Number(!b));

/** The first tie rule that separates two: its place among the rules and which comes first. */
function separated(rules, seed, a, b) {
  for (const [index, tie] of rules.ties.entries()) {
    const order = tie === 'draw'
      ? Buffer.compare(draw(seed, a.application), draw(seed, b.application))
      : better(rules, a.figures[tie] ?? null, b.figures[tie] ?? null);
    if (order !== 0) return { index, order };
  }
  return null;
}

function rank(rules, seed, all) {
  const compare = (a, b) => better(rules, a.total, b.total) || (separated(rules, seed, a, b)?.order ?? 0);
  const ranked = all.filter(({ total }) => total);
  ranked.sort((a, b) => compare(a, b) || byBytes(a.application, b.application));
  const rows = ranked.map((one, at) => {
    const equals = ranked.filter((other) => other.total.compare(one.total) === 0);
    const place = equals.indexOf(one);
    const rules_ = [equals[place - 1], equals[place + 1]].filter(Boolean).map((other) => separated(rules, seed, one, other));
    const own = rules_.length > 0 && rules_.every(Boolean);
    return {
      rank: 1 + ranked.findIndex((other) => compare(other, one) === 0),
      application: one.application,
      total: one.total,
      tied_with: equals.filter((other) => other !== one).map((other) => other.application).sort(byBytes),
      tie_broken_by: own ? rules.ties[Math.max(...rules_.map(({ index }) => index))] : null,
    };
  });
  const without = all.filter(({ total }) => !total).map(({ application }) => application).sort(byBytes);
  return [...rows, ...without.map((application) => ({ rank: null, application, total: null, tied_with: [], tie_broken_by: null }))];
}

/** What differs between the rows calculated here and those that were said, in words. */
function differences(rules, rows, said, known) {
  // Applications that nobody has read yet are in the programme's list and in no score.
  const judged = said.filter((row) => row.rank !== null || known.has(row.application));
  const found = [];
  for (let at = 0; at < Math.max(rows.length, judged.length); at += 1) {
    const [here, there] = [rows[at], judged[at]];
    if (!here || !there) {
      found.push(`place ${at + 1}: ${here ? `${here.application} is missing` : `${there.application} is too many`}`);
      continue;
    }
    const exact = rules.round.total !== null;
    const total = here.total?.toNumber() ?? null;
    const same = total === there.total || (!exact && total !== null && Math.abs(total - there.total) <= 1e-9);
    for (const [what, equal] of [
      ['application', here.application === there.application],
      ['rank', here.rank === there.rank],
      ['total', same],
      ['tied_with', JSON.stringify(here.tied_with) === JSON.stringify(there.tied_with ?? [])],
      ['tie_broken_by', here.tie_broken_by === (there.tie_broken_by ?? null)],
    ]) {
      const shown = (row) => (row[what] instanceof Exact ? String(row[what]) : JSON.stringify(row[what]));
      if (!equal) found.push(`place ${at + 1}, ${here.application}: ${what} is ${shown(here)} here and ${shown(there)} there`);
    }
  }
  return found;
}

/** Changes one score as far as the scale goes: the first whose change moves a total at all. */
function tamper(rules, reviews, calculate) {
  const totals = () => calculate().map(({ total }) => String(total)).join();
  const before = totals();
  for (const review of reviews) {
    for (const { key } of rules.criteria) {
      const score = answer(rules, review[key]);
      if (!score) continue;
      const [least, most] = [rules.least ?? score.minus(new Exact(1n)), rules.most ?? score.plus(new Exact(1n))];
      const other = most.minus(score).compare(score.minus(least)) > 0 ? most : least;
      review[key] = String(other);
      if (totals() !== before) {
        console.log(`tampering: ${key} of ${review.application} by ${review.reviewer} is ${other} instead of ${score}`);
        return;
      }
      review[key] = String(score);
    }
  }
}

function main() {
  const string = { type: 'string' };
  const { values: given } = parseArgs({
    options: {
      scores: string, programme: string, ranking: string, applications: string, round: string, seed: string,
      top: { type: 'string', default: '20' }, tamper: { type: 'boolean', default: false },
    },
  });
  if (!given.scores || !given.programme) {
    console.error('recompute: --scores and --programme are needed');
    return 2;
  }
  const file = (path) => readFileSync(path, 'utf8');
  const said = given.ranking ? JSON.parse(file(given.ranking)) : null;
  const round = given.round ?? said?.method?.of_round ?? null;
  const seed = given.seed ?? said?.method?.seed ?? 0;
  const rows = parseCsv(file(given.scores));
  const columns = Object.keys(rows[0] ?? {}).filter((name) => !OWN.includes(name));
  const rules = rulesOf(parseToml(file(given.programme)), columns, round);
  const reviews = reviewsOf(rows, round);
  const table = given.applications ? parseCsv(file(given.applications)) : null;
  const calculate = () => standings(rules, reviews, table);
  if (given.tamper) tamper(rules, reviews, calculate);
  const all = calculate();
  const ranking = rank(rules, seed, all);
  const top = ranking.filter((row) => row.rank !== null).slice(0, Number(given.top));
  for (const row of top) {
    const note = row.tied_with.length ? `  same total as ${row.tied_with.join(', ')}${row.tie_broken_by ? `, separated by ${row.tie_broken_by}` : ''}` : '';
    console.log(`${String(row.rank).padStart(4)}  ${row.application.padEnd(14)} ${row.total}${note}`);
  }
  const counts = `${all.length} applications, ${reviews.length} reviews`;
  if (!said) {
    console.log(`recomputed: ${counts}`);
    return 0;
  }
  const found = differences(rules, ranking, said.rows, new Set(all.map(({ application }) => application)));
  found.slice(0, 10).forEach((one) => console.log(one));
  if (found.length > 10) console.log(`… and ${found.length - 10} more`);
  console.log(found.length ? `recomputed: ${counts}, ${found.length} DIFFERENCES` : `recomputed: ${counts}, every total and every place agrees`);
  return Number(found.length > 0);
}

process.exitCode = main();
