// The real window, as in life: a reviewer joins, gets the files, scores without a network, loses power while typing, submits,
// and exchanges; a coordinator's window shows what came. Once in English, once in Arabic.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { laptop, open, pause } from './app.mjs';
import { PASSPHRASE, PROGRAMS, world } from './world.mjs';

const APP = join(PROGRAMS, 'tessera-desktop');
const PICTURES = process.env.TESSERA_PICTURES;

async function picture(app, name) {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await app.picture(join(PICTURES, `${name}.png`));
}

const NAME = 'زينب Ahmed';
const step = (name) => `[data-step=${name}]`;
/** The n-th of several like elements, from 1, marked so that a selector finds it. */
async function nth(app, css, at) {
  const mark = `t${Math.random().toString(36).slice(2)}`;
  await app.until(css, () => app.run(`const all = document.querySelectorAll(arguments[0]); if (!all[arguments[1]]) return false; all[arguments[1]].setAttribute('data-mark', arguments[2]); return true;`, [css, at - 1, mark]));
  return `[data-mark=${mark}]`;
}

async function speak(app, language) {
  await app.see('select');
  await app.run(`const select = document.querySelector('select'); select.value = arguments[0]; select.dispatchEvent(new Event('change', { bubbles: true }));`, [language]);
  await app.until('the language', () => app.run('return document.documentElement.lang === arguments[0]', [language]));
}

/** Joins by an invitation; ends where the reviewer waits to be admitted. */
async function join_(app, invitation, answer, name) {
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
  await app.type(await nth(app, 'input[type=password]', 1), PASSPHRASE);
  await app.type(await nth(app, 'input[type=password]', 2), PASSPHRASE);
  await app.see('[role=progressbar]');
  await app.click(step('next'));
  app.choose(answer);
  await app.click(step('save-answer'));
  await app.see('.banner');
  await picture(app, `${name}-answer`);
  await app.click(step('next'));
  await app.see(step('next'));
  await picture(app, `${name}-check`);
  await app.click(step('next'));
  // The sheet is written down, hidden, and typed back.
  await app.see('main ol li');
  const words = await app.run(`return [...document.querySelectorAll('main ol li')].map((li) => li.lastChild.textContent.trim())`);
  assert.equal(words.length, 24);
  await app.click(step('type-back'));
  for (const [at, word] of words.entries()) await app.type(await nth(app, '.grid input', at + 1), word);
  await app.click(await nth(app, 'form .row button', 2));
}

async function unlock(app) {
  await app.type('input[type=password]', PASSPHRASE);
  await app.click(step('unlock'));
}

async function go(app, place) {
  await app.run('location.hash = arguments[0]', [`#/${place}`]);
}

async function exchange(app) {
  await go(app, 'exchange');
  // What would move is asked for first, and moves the button.
  await app.until('the plan', () => app.run(`return document.querySelectorAll('input[type=radio]').length >= 5`));
  await app.click(step('exchange'));
}

/** What Rust answers to a command, as the page would ask it. */
async function call(app, command, parts = {}) {
  const answer = await app.runLong(`const done = arguments[arguments.length - 1]; window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]).then((value) => done({ value }), (error) => done({ error }));`, [command, parts]);
  if (answer.error !== undefined) throw new Error(`${command}: ${JSON.stringify(answer.error)}`);
  return answer.value;
}

/** The states of all assignments, and what the first draft lacks. */
async function states(app) {
  const { tasks } = await call(app, 'reviewer_home');
  const { application, round } = tasks[0];
  const { missing } = await call(app, 'dossier', { application, round });
  return { states: tasks.map((task) => task.state), missing: missing.length };
}

for (const language of ['en', 'ar']) {
  test(`from the invitation to the ranking, in ${language}`, { timeout: 600_000 }, async () => {
    const [field, office] = [laptop(`field-${language}`), laptop(`office-${language}`)];
    const programme = await world(office.shelf);
    let app = await open(APP, field);
    let desk = null;
    try {
      await speak(app, language);
      await join_(app, programme.invitation, programme.answer, `${language}-join`);
      await app.see(step('look'));
      await picture(app, `${language}-waiting`);
      programme.admit(NAME);
      await app.click(step('look'));
      // The first dossier: the card, the question, then the text.
      await app.click(step('next'));
      await app.see(step('declare'));
      await picture(app, `${language}-declare`);
      await app.click('input[value=none]');
      await app.click(step('declare'));
      await app.see('[id^=place-answer], section [type=radio]');
      await picture(app, `${language}-reader`);

      // Scored without a network; the power goes while a sentence is typed.
      const criteria = await app.run(`return document.querySelectorAll('fieldset').length`);
      assert.ok(criteria > 0, 'criteria to score');
      const comment = await nth(app, 'section textarea', 1);
      await app.type(comment, 'A steady hand. يد ثابتة 稳健');
      await pause(1000);
      const place = await app.run('return location.hash');
      await app.cut();
      app = await open(APP, field);
      await unlock(app);
      await app.see(step('next'));
      await app.run('location.hash = arguments[0]', [place]);
      const kept = await app.until('the comment', () => app.run(`return document.querySelector('section textarea')?.value || false`));
      assert.equal(kept, 'A steady hand. يد ثابتة 稳健');
      await picture(app, `${language}-after-the-cut`);

      // Every criterion, the statement, and it is sealed.
      await app.run(`for (const set of document.querySelectorAll('section fieldset')) { const tiles = set.querySelectorAll('input[type=radio]'); tiles[Math.min(3, tiles.length - 1)].click(); }`);
      await app.run(`document.querySelector('[id*=attestation] input[type=checkbox]').click()`);
      await app.until('the saved draft', async () => (await states(app)).missing === 0);
      await app.click(step('submit'));
      await app.until('the outbox', async () => (await states(app)).states.includes('in-outbox'));
      await picture(app, `${language}-submitted`);
      await exchange(app);
      await app.until('the relay', async () => (await states(app)).states.includes('held-by-relay'));
      await picture(app, `${language}-exchanged`);

      // The coordinator's window shows what came.
      desk = await open(APP, office);
      await speak(desk, language);
      await unlock(desk);
      await desk.see('[role=grid]');
      await exchange(desk);
      await desk.until('the review', async () => (await call(desk, 'board')).reads.done === 1);
      await go(desk, 'board');
      await desk.see('[role=grid]');
      await picture(desk, `${language}-board`);
      await go(desk, 'ranking');
      await desk.see('[role=grid], table');
      assert.equal((await call(desk, 'ranking', { round: null })).rows.filter((row) => row.rank === 1).length, 1);
      await picture(desk, `${language}-ranking`);
      await exchange(app);
      await app.until('the coordinator', async () => {
        await call(desk, 'exchange', { options: { files: 'none', budgetBytes: null } });
        await call(app, 'exchange', { options: { files: 'none', budgetBytes: null } });
        return (await states(app)).states.includes('opened-by-coordinator');
      });
    } catch (error) {
      await picture(app, `${language}-failed`).catch(() => undefined);
      if (desk !== null) await picture(desk, `${language}-failed-desk`).catch(() => undefined);
      error.message += `\n${await app.run('return document.body.innerText.slice(0, 1500)').catch(() => '')}\n${app.log().slice(-1500)}`;
      throw error;
    } finally {
      await app.close();
      await desk?.close();
      programme.end();
      field.away();
      office.away();
    }
  });
}
