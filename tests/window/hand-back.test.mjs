// A reader hands back what cannot be read, and says why; a coordinator reads the reason, takes the assignment back, and gives it to
// somebody else, who hears of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APP, call, exchange, picture, saying, speak, step, unlock, walk, watched } from './acts.mjs';
import { KEYS, laptop, open } from './app.mjs';
import { homeOn, world } from './world.mjs';

const WHY = 'Half of the letters are in a script that I cannot read.';

test('what a reader hands back with a reason goes to somebody else', { timeout: 600_000 }, async (t) => {
  const [field, office] = ['hand-back-field', 'hand-back-office'].map(laptop);
  const programme = await world(office.shelf);
  t.after(() => [programme.end, field.away, office.away].forEach((end) => end()));
  const reader = programme.joins('Bob', { home: homeOn(field.shelf) });
  const other = programme.joins('Chi');
  programme.assign([['A001', 'Bob'], ['A002', 'Bob']]);
  programme.at(reader, 'sync');
  let [app, desk] = [await open(APP, field), null];
  await watched('hand-back', () => ({ field: app, office: desk }), async () => {
    await speak(app, 'en');
    await unlock(app);
    await app.click(step('next'));
    const key = await app.text('main h1');
    await app.click(step('hand-back'));
    await app.type('dialog textarea', WHY);
    await picture(app, 'hand-back-why');
    await app.click('dialog .danger');
    await app.says('main', 'You handed this application back');
    await picture(app, 'hand-back-done');
    await exchange(app);
    await app.until('an empty outbox', async () => (await call(app, 'exchange_state')).outbox === 0);

    desk = await open(APP, office);
    await speak(desk, 'en');
    await unlock(desk);
    await exchange(desk);
    await desk.until('the question', async () => (await call(desk, 'queue')).waiting.length === 1);
    await walk(desk, 'queue');
    await desk.says('[data-code=handed-back]', WHY);
    await desk.says('[data-code=handed-back]', 'Bob');
    await picture(desk, 'hand-back-queue');
    await desk.click(`[data-code=handed-back] ${step('recommended')}`);
    await desk.see('[data-code=handed-back] form textarea');
    await picture(desk, 'hand-back-decide');
    await desk.press(KEYS.control, KEYS.enter);
    await desk.gone('[data-code=handed-back]');

    // Somebody else reads it.
    await walk(desk, 'assignment');
    await desk.click(await saying(desk, '[role=row][data-at]', key));
    await desk.click(await saying(desk, 'dialog .candidates label', 'Chi'));
    await picture(desk, 'hand-back-swap');
    await desk.click(step('swap'));
    await desk.see('[data-draft="1"]');
    await desk.press(KEYS.escape);
    await desk.click(step('publish'));
    // One reader of three is known to be too few.
    await desk.click('dialog input[type=checkbox]');
    await picture(desk, 'hand-back-publish');
    await desk.click('dialog footer .primary');
    await desk.gone('[data-draft]');
    await exchange(desk);
    await desk.until('an empty outbox', async () => (await call(desk, 'exchange_state')).outbox === 0);
    programme.at(other, 'sync');
    assert.deepEqual(programme.at(other, 'review', 'list').rows.map(({ application }) => application), [key]);

    // Whoever handed it back hears that somebody else has it, and goes on with what is left.
    await exchange(app);
    await app.until('the news', async () => (await call(app, 'reviewer_home')).tasks.every((task) => task.label !== key || task.state === 'taken-back'));
    await walk(app, 'home');
    await app.see(step('next'));
    await picture(app, 'hand-back-after');
  });
});
