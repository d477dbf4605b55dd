// What a person does in the window, and what Rust answers, for every journey.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PASSPHRASE, PROGRAMS } from './world.mjs';

export const APP = join(PROGRAMS, 'tessera-desktop');
const PICTURES = process.env.TESSERA_PICTURES;

/** A screen is no wider than the window: nobody scrolls sideways. */
export async function fits(app, name) {
  const over = await app.run('return document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth');
  assert.ok(over <= 0, `${name} is ${over} px wider than the window`);
}

/** Looks at the screen, and keeps a picture of it where TESSERA_PICTURES names a folder. */
export async function picture(app, name) {
  await fits(app, name);
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  // What was said just now is on the screen two frames later.
  await app.runLong(`const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => done()));`);
  await app.picture(join(PICTURES, `${name}.png`));
}

/** The reviewer. */
export const NAME = 'زينب Ahmed';
export const step = (name) => `[data-step=${name}]`;
/** The n-th of several like elements, from 1, marked so that a selector finds it. */
export async function nth(app, css, at) {
  const mark = `t${Math.random().toString(36).slice(2)}`;
  await app.until(css, () => app.run(`const all = document.querySelectorAll(arguments[0]); if (!all[arguments[1]]) return false; all[arguments[1]].setAttribute('data-mark', arguments[2]); return true;`, [css, at - 1, mark]));
  return `[data-mark=${mark}]`;
}

/** The first of several like elements that says these words, marked so that a selector finds it. */
export async function saying(app, css, words) {
  const mark = `t${Math.random().toString(36).slice(2)}`;
  await app.until(`${words} in ${css}`, () => app.run(`const one = [...document.querySelectorAll(arguments[0])].find((each) => each.textContent.includes(arguments[1])); one?.setAttribute('data-mark', arguments[2]); return one !== undefined;`, [css, words, mark]));
  return `[data-mark=${mark}]`;
}

/** Chooses the language. */
export async function speak(app, language) {
  await app.see('select');
  await app.run(`const select = document.querySelector('select'); select.value = arguments[0]; select.dispatchEvent(new Event('change', { bubbles: true }));`, [language]);
  await app.until('the language', () => app.run('return document.documentElement.lang === arguments[0]', [language]));
}

/** Joins by an invitation; ends where the reviewer waits to be admitted. */
export async function enrol(app, invitation, answer, name) {
  await app.click(step('invited'));
  await app.type('form input', invitation);
  await app.click(step('next'));
  await app.see('dl');
  await picture(app, `${name}-invitation`);
  await app.click(step('next'));
  await app.see('textarea');
  await app.type(await nth(app, 'form input', 1), NAME);
  await app.type('input[type=email]', 'zeinab@example.org');
  await app.click(step('next'));
  await app.click('input[value=own]');
  await choosePassphrase(app, PASSPHRASE);
  await app.click(step('next'));
  app.choose(answer);
  await app.click(step('save-answer'));
  await app.see('.banner');
  await picture(app, `${name}-answer`);
  await app.click(step('next'));
  await app.see(step('next'));
  await picture(app, `${name}-check`);
  await app.click(step('next'));
  await copySheet(app);
}

/** Writes the words of a recovery sheet down, and types them back; gives them. */
export async function copySheet(app) {
  await app.see('ol[lang=en] li');
  const words = await app.run(`return [...document.querySelectorAll('ol[lang=en] li')].map((li) => li.lastChild.textContent.trim())`);
  assert.equal(words.length, 24);
  await app.click(step('type-back'));
  await typeWords(app, words);
  await app.click('.grid ~ .row .primary');
  return words;
}

/** Types the words of a sheet one after the other: a space goes on to the next field. */
export async function typeWords(app, words) {
  await app.type('.grid input', words.join(' '));
  const typed = `return [...document.querySelectorAll('.grid input')].map((field) => field.value).join(' ')`;
  await app.until('the words', async () => (await app.run(typed)) === words.join(' '));
}

/** Chooses a passphrase of one's own, typed twice. */
export async function choosePassphrase(app, passphrase) {
  await app.type(await nth(app, 'input[type=password]', 1), passphrase);
  await app.type(await nth(app, 'input[type=password]', 2), passphrase);
  await app.see('[role=progressbar]');
}

/** Opens the dossier that comes next and says that nothing stands in the way; gives which it is. */
export async function openNext(app) {
  await app.click(step('next'));
  await app.click('input[value=none]');
  await app.click(step('declare'));
  await app.see('.card textarea');
  const [, application, round] = (await app.run('return location.hash')).split('/').slice(1);
  return { application, round };
}

/** Unlocks the one home. */
export async function unlock(app, passphrase = PASSPHRASE) {
  await app.type('input[type=password]', passphrase);
  await app.click(step('unlock'));
}

/** Goes to a place of the navigation, as a person does. */
export async function walk(app, place) {
  await app.click(`nav a[href="#/${place}"]`);
  await app.until(place, () => app.run(`return location.hash === arguments[0] && document.querySelector('main h1') !== null`, [`#/${place}`]));
}

/** Takes back what was said last. */
export async function undo(app) {
  await app.click('.toast button:not(.quiet)');
}

/** Goes to a place. */
export async function go(app, place) {
  await app.run('location.hash = arguments[0]', [`#/${place}`]);
}

/** Exchanges with the relay, as a person does. */
export async function exchange(app) {
  await walk(app, 'exchange');
  await app.click(step('exchange'));
}

/** What Rust answers to a command, as the page would ask it. */
export async function call(app, command, parts = {}) {
  const answer = await app.runLong(`const done = arguments[arguments.length - 1]; window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]).then((value) => done({ value }), (error) => done({ error }));`, [command, parts]);
  if (answer.error !== undefined) throw new Error(`${command}: ${JSON.stringify(answer.error)}`);
  return answer.value;
}

/** The states of all assignments, and what the first draft lacks. */
export async function states(app) {
  const { tasks } = await call(app, 'reviewer_home');
  const { application, round } = tasks[0];
  const { missing } = await call(app, 'dossier', { application, round });
  return { states: tasks.map((task) => task.state), missing: missing.length };
}

/** Runs a journey; where it fails, pictures and words of the windows that `windows` names are kept. */
export async function watched(name, windows, body) {
  try {
    await body();
  } catch (error) {
    for (const [which, app] of Object.entries(windows())) {
      if (!app) continue;
      await picture(app, `${name}-failed-${which}`).catch(() => undefined);
      error.message += `\n${which}: ${await app.run('return document.body.innerText.slice(0, 1500)').catch(() => '')}\n${app.log().slice(-1500)}`;
    }
    throw error;
  } finally {
    for (const app of Object.values(windows())) await app?.close();
  }
}
