// A coordinator's first day in the real window: a table and a folder of files are chosen in the system's dialogs, looked at, taken
// in and seen on the board; the same table once more changes nothing. Once in English, once in Arabic.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { APP, call, go, picture, speak, step, unlock, watched } from './acts.mjs';
import { laptop, open } from './app.mjs';
import { world } from './world.mjs';

const APPLICANTS = 6;

for (const language of ['en', 'ar']) {
  test(`a table is tried, taken and seen on the board, in ${language}`, { timeout: 300_000 }, async (t) => {
    const office = laptop(`intake-${language}`);
    const programme = await world(office.shelf, undefined, { imported: false });
    t.after(() => [programme.end, office.away].forEach((end) => end()));
    const desk = await open(APP, office);
    const total = async () => (await call(desk, 'board')).total;
    await watched(`${language}-intake`, () => ({ office: desk }), async () => {
      await speak(desk, language);
      await unlock(desk);
      // An empty board leads to the intake desk.
      await desk.click(step('to-intake'));
      const table = join(programme.folder, 'sample/applications.csv');
      // One row has a mistake, which is told and refuses that row alone.
      const lines = readFileSync(table, 'utf8').split('\n');
      const day = lines[0].split(',').indexOf('birth-date');
      assert.ok(day > 0, 'a column of days of birth');
      writeFileSync(table, readFileSync(table, 'utf8').replace(/\b(19|20)\d\d-\d\d-\d\d\b/, '31/02/1980'));
      desk.choose(table);
      await desk.click(step('choose-table'));
      await desk.see(step('choose-folder'));
      desk.choose(join(programme.folder, 'sample/attachments'));
      await desk.click(step('choose-folder'));
      await desk.see('.folder p');
      await picture(desk, `${language}-intake-columns`);
      await desk.click(step('try'));
      await desk.see('.problems table');
      await picture(desk, `${language}-intake-preview`);
      assert.equal(await total(), 0, 'a preview changes nothing');
      await desk.click(step('take'));
      await desk.see(step('to-board'));
      await picture(desk, `${language}-intake-taken`);
      assert.equal(await total(), APPLICANTS - 1);

      // Put right, the table comes again: one is new, the others are the same; what was chosen is remembered.
      writeFileSync(table, lines.join('\n'));
      await go(desk, 'intake');
      const seen = await call(desk, 'intake_table', { sheet: null });
      assert.equal(seen.remembered, true);
      const columns = Object.fromEntries(seen.columns.map(({ name, to }) => [name, to]));
      const choices = { sheet: null, key: seen.key, columns, values: seen.values, placing: seen.placing, partial: false, newKey: false };
      const { new: added, same, refusedRows } = await call(desk, 'intake_preview', { choices });
      assert.deepEqual([added, same, refusedRows], [1, APPLICANTS - 1, 0]);
      await call(desk, 'intake_take', { choices });
      await go(desk, 'board');
      await desk.see('[role=grid]');
      assert.equal(await total(), APPLICANTS);
      await picture(desk, `${language}-intake-board`);
    });
  });
}
