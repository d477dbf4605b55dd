// Two readers see one application differently: a coordinator looks at both, gives a verdict with its reason, finds it on the
// application's page and on the sheet that is printed, and takes it back. No verdict moves anybody in the order.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { APP, call, exchange, picture, speak, step, undo, unlock, walk, watched } from './acts.mjs';
import { KEYS, laptop, open } from './app.mjs';
import { world } from './world.mjs';

const CRITERIA = ['profile', 'network', 'reputation', 'english', 'insight'];
/** What each reader gives on every criterion. */
const SCORES = { Bob: { A001: 5, A002: 4 }, Chi: { A001: 1, A002: 4 } };
const SETTLED = '[aria-labelledby=settled-title] [data-application]';
const OPEN = '[aria-labelledby=open-title] [data-application]';

test('where readers differ a coordinator gives a verdict, which stands on the record and can be taken back', { timeout: 600_000 }, async (t) => {
  const office = laptop('moderating');
  const programme = await world(office.shelf);
  t.after(() => [programme.end, office.away].forEach((end) => end()));
  const homes = Object.keys(SCORES).map((name) => programme.joins(name));
  programme.assign(Object.entries(SCORES).flatMap(([name, given]) => Object.keys(given).map((key) => [key, name])));
  for (const [at, [name, given]] of Object.entries(SCORES).entries()) {
    const table = join(programme.folder, `${name}.csv`);
    writeFileSync(table, [`application,reviewer,${CRITERIA.join(',')}`, ...Object.entries(given).map(([key, score]) => [key, name, ...CRITERIA.map(() => score)].join(','))].join('\n'));
    programme.at(homes[at], 'sync');
    programme.at(homes[at], 'review', 'import', table, '--submit');
    programme.at(homes[at], 'sync');
  }
  const desk = await open(APP, office);
  await watched('moderation', () => ({ office: desk }), async () => {
    await speak(desk, 'en');
    await unlock(desk);
    await exchange(desk);
    await desk.until('the reviews', async () => (await call(desk, 'board')).reads.done === 4);
    const order = async () => (await call(desk, 'ranking', { round: null })).rows.map(({ key, rank, total }) => [key, rank, total]);
    const before = await order();

    await walk(desk, 'moderation');
    await desk.says(OPEN, 'Wide spread');
    assert.equal((await call(desk, 'moderation', { round: null })).rows.length, 1);
    await picture(desk, 'moderation-open');

    // By keyboard alone: the next application, its form, the first verdict, why.
    await desk.press('j');
    await desk.press('v');
    await desk.see(`${OPEN} form`);
    await desk.press(' ');
    await desk.type(`${OPEN} textarea`, 'One reader had not seen the second letter.');
    await picture(desk, 'moderation-verdict');
    await desk.press(KEYS.control, KEYS.enter);
    await desk.says(SETTLED, 'The order stands');
    await desk.says('.toast', 'Verdict saved');
    await picture(desk, 'moderation-settled');
    assert.deepEqual(await order(), before, 'a verdict moves nobody');

    // On the record: the application's page, and the sheet that is printed of it.
    await desk.click(`${SETTLED} a`);
    await desk.says('[aria-labelledby=moderated-title]', 'One reader had not seen the second letter.');
    assert.match(await desk.run(`return document.querySelector('.sheet').textContent`), /The order stands[\s\S]*One reader had not seen the second letter\.[\s\S]*Alice/);
    await picture(desk, 'moderation-record');

    await undo(desk);
    await desk.says('[aria-labelledby=moderated-title]', 'No verdict was given');
    await walk(desk, 'moderation');
    await desk.says(OPEN, 'Wide spread');
    assert.equal((await call(desk, 'moderation', { round: null })).rows[0].verdict, null);
    await picture(desk, 'moderation-undone');

    // What a mistake was is given anew, on the application's page this time.
    await desk.click(`${OPEN} a`);
    await desk.click('[aria-labelledby=moderated-title] button');
    await desk.click('input[value=meeting]');
    await desk.type('[aria-labelledby=moderated-title] textarea', 'Both readers are right about half of it.');
    await desk.click(step('moderate'));
    await desk.says('[aria-labelledby=moderated-title]', 'For the meeting');
  });
});
