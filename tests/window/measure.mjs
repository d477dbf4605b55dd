// What a person waits for, in the real window on a programme of thousands: the time from an act until the page shows what
// it leads to, and what memory all processes of the window take. Nothing here judges: a figure fails no run.
//
// measure.mjs WORLD OUT APPLICATIONS...: WORLD holds what `tessera-bench --prepare` made.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { APP, call, go, step } from './acts.mjs';
import { laptop, open } from './app.mjs';
import { homeOn } from './world.mjs';

const [WORLD, OUT, ...SIZES] = process.argv.slice(2);
const PASSPHRASE = 'six words that nobody would guess here';
const TIMES = 20;
/** What a person is to wait at most, in ms; the rest TARGET. */
const TARGETS = { 'first-list': 1000, 'reader-first-list': 1000, 'act-to-board': 1000 };
const TARGET = 100;

const rows = [];

/** Does something in the page and waits until it shows what is looked for; in ms, to the next drawing. */
async function timed(app, act, ready) {
  const ms = await app.runLong(`
    const done = arguments[arguments.length - 1];
    const ready = () => { ${ready} };
    const start = performance.now();
    ${act};
    const look = () => {
      if (performance.now() - start > 110000) return done(null);
      if (!ready()) return setTimeout(look, 1);
      requestAnimationFrame(() => done(performance.now() - start));
    };
    look();`);
  if (ms === null) throw new Error(`nobody saw: ${ready}`);
  return ms;
}

function note(task, applications, all, app) {
  const sorted = all.toSorted((one, other) => one - other);
  const at = (part) => Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] * 10) / 10;
  const row = { task, applications, p50_ms: at(0.5), p95_ms: at(0.95), rss_mib: Math.round(memory(app.process())) };
  rows.push(row);
  console.error(`${String(applications).padStart(6)} applications  ${task.padEnd(16)} ${row.p50_ms} ms, ${row.p95_ms} ms; MiB: ${parts(app.process()).join(', ')}`);
}

/** The memory of each process by its name, in MiB. */
function parts(pid) {
  const own = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean));
  return [`${name} ${Math.round(Number(own[1]) / 1024)}`, ...children.flatMap(parts)];
}

/** The memory of a process and of all that it started, in MiB; what several share is counted once. */
function memory(pid) {
  const own = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean));
  return Number(own[1]) / 1024 + children.map(memory).reduce((sum, one) => sum + one, 0);
}

const row = (at) => `document.querySelector('[role=row][data-at="${at}"]')`;
const enter = (css, text) => `const field = document.querySelector(${JSON.stringify(css)}); field.value = ${JSON.stringify(text)}; field.dispatchEvent(new Event('input', { bubbles: true }))`;
const FIND = 'input[type=search]';

/** A laptop with a copy of a home. */
function laptopWith(home) {
  const place = laptop('measured');
  cpSync(home, homeOn(place.shelf), { recursive: true });
  return place;
}

/** Opens the window there and unlocks; gives how long it takes until something is shown. */
async function opened(place, shown) {
  const app = await open(APP, place);
  await app.patience(120_000);
  await app.see('input[type=password]');
  await app.run(enter('input[type=password]', PASSPHRASE));
  const first = await timed(app, `document.querySelector(${JSON.stringify(step('unlock'))}).click()`, shown);
  return { app, first };
}

async function coordinator(size) {
  const place = laptopWith(join(WORLD, `w${size}`, 'admin'));
  const list = `if (location.hash !== '#/board' && document.querySelector('nav')) location.hash = '#/board'; return ${row(0)} !== null`;
  // Where much changed since the board was looked at last, and where nothing did.
  const before = await opened(place, list);
  note('first-list-anew', size, [before.first], before.app);
  await before.app.close();
  const { app, first } = await opened(place, list);
  note('first-list', size, [first], app);
  const every = async (task, acts) => {
    const all = [];
    for (const act of acts) all.push(await act());
    note(task, size, all, app);
  };
  const titles = await app.run(`return [...document.querySelectorAll('[role=row][data-at]')].map((row) => [row.children[0].textContent.trim(), row.children[1].textContent.trim()])`);
  const board = async () => {
    await go(app, 'board');
    await app.until('the board', () => app.run(`return ${row(0)} !== null`));
  };
  const turns = (body) => Array.from({ length: TIMES }, (_, turn) => () => body(turn));
  const shown = `document.querySelector('[role=status]')?.textContent`;
  await every('search', turns(async (turn) => {
    const [, title] = titles[1 + (turn % (titles.length - 1))];
    const before = await app.run(`return ${shown}`);
    const ms = await timed(app, enter(FIND, title), `return ${shown} !== ${JSON.stringify(before)} && ${row(0)}?.textContent.includes(${JSON.stringify(title)})`);
    await timed(app, enter(FIND, ''), `return ${shown} === ${JSON.stringify(before)}`);
    return ms;
  }));
  // One application is taken back: the board shows it, and there is something to filter by.
  const { rows: [, one] } = await call(app, 'board_page', { query: { text: '', stage: null, field: null, value: null, sort: 'key', descending: false, offset: 0, limit: 2 } });
  const withdraw = JSON.stringify({ application: one.application, withdrawn: true, route: 'mail', reason: 'measured' });
  await every('act-to-board', [() => timed(app, `window.__TAURI_INTERNALS__.invoke('withdraw', ${withdraw})`, `return document.querySelector('${step('stage-withdrawn')}') !== null`)]);
  await every('filter', turns((turn) => timed(app, `document.querySelector('${step('stage-withdrawn')}').click()`,
    turn % 2 === 0 ? `return ${row(0)} !== null && ${row(1)} === null` : `return ${row(1)} !== null`)));
  await every('sort', turns(async (turn) => {
    const before = await app.run(`return ${row(0)}.textContent`);
    return timed(app, `document.querySelectorAll('[role=columnheader] button')[${turn % 2}].click()`, `return ${row(0)} !== null && ${row(0)}.textContent !== ${JSON.stringify(before)}`);
  }));
  await board();
  await every('open-application', turns(async (turn) => {
    const at = turn % 8;
    const title = await app.run(`return ${row(at)}.children[1].textContent.trim()`);
    const ms = await timed(app, `${row(at)}.click()`, `return location.hash.startsWith('#/application/') && document.querySelector('main h1')?.textContent.includes(${JSON.stringify(title)})`);
    await board();
    return ms;
  }));
  await go(app, 'search');
  await app.see('[role=search] input');
  await every('full-text', turns((turn) => {
    const [, title] = titles[turn % titles.length];
    const word = title.split(' ').at(-1).slice(0, -1 - Math.floor(turn / titles.length));
    return timed(app, enter('[role=search] input', word), `return document.querySelector('.hits mark') !== null && document.querySelector('.hits mark').textContent.toLowerCase().startsWith(${JSON.stringify(word.toLowerCase())})`);
  }));
  const ranking = () => timed(app, `location.hash = '#/ranking'`, `return location.hash === '#/ranking' && ${row(0)} !== null`);
  await every('ranking-first', [ranking]);
  await every('ranking', Array.from({ length: 5 }, () => async () => {
    // From a place without rows: those of another list would pass for it.
    await go(app, 'search');
    await app.see('[role=search] input');
    return ranking();
  }));
  await every('queue', [() => timed(app, `location.hash = '#/queue'`, `return document.querySelector('[role=tablist]') !== null || document.querySelector('.empty') !== null`)]);
  await app.close();
  place.away();
}

/** A reader who opens every dossier. */
async function reader(size) {
  const place = laptopWith(join(WORLD, `w${size}`, 'homes', 'reviewer-01'));
  const { app, first } = await opened(place, `if (location.hash !== '#/home' && document.querySelector('nav')) location.hash = '#/home'; return ${row(0)} !== null`);
  note('reader-first-list', size, [first], app);
  const all = [];
  for (let at = 0; at < 30; at += 1) {
    await go(app, 'home');
    await app.until('the list', () => app.run(`return ${row(0)} !== null`));
    const label = await app.run(`return (${row(at)} ?? ${row(0)}).children[0].textContent.trim()`);
    all.push(await timed(app, `(${row(at)} ?? ${row(0)}).click()`, `return location.hash.startsWith('#/review/') && document.querySelector('fieldset') !== null && ${JSON.stringify(label)} !== ''`));
  }
  note('open-dossier', size, all, app);
  await app.close();
  place.away();
}

for (const size of SIZES.map(Number)) {
  await coordinator(size);
  await reader(size);
}
mkdirSync(OUT, { recursive: true });
writeFileSync(join(OUT, 'ui.json'), `${JSON.stringify(rows, null, 2)}\n`);
console.log('task               applications    p50 ms    p95 ms  target  memory MiB (at most 400)');
for (const { task, applications, p50_ms, p95_ms, rss_mib } of rows) {
  const target = TARGETS[task] ?? TARGET;
  console.log(`${task.padEnd(18)} ${String(applications).padStart(12)} ${String(p50_ms).padStart(9)} ${String(p95_ms).padStart(9)} ${String(target).padStart(7)} ${String(rss_mib).padStart(11)}`);
}
