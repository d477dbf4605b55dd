// One window for a laptop: links and files that are opened while it is there come to it; an invitation is read from a picture of
// its square; an answer that is opened before somebody unlocks is admitted afterwards.
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { APP, go, NAME, picture, step, unlock, watched } from './acts.mjs';
import { laptop, open, startAgain } from './app.mjs';
import { homeOn, world } from './world.mjs';

test('what is opened comes to the window that is there, and a picture of an invitation is one', { timeout: 600_000 }, async (t) => {
  const [field, office, third] = ['start-field', 'start-office', 'start-third'].map(laptop);
  const programme = await world(office.shelf);
  t.after(() => [programme.end, field.away, office.away, third.away].forEach((end) => end()));
  let [app, desk] = [await open(APP, field), await open(APP, office, { pictured: true })];
  let other = null;
  await watched('start', () => ({ field: app, office: desk, other }), async () => {
    // A link that is clicked.
    await app.see(step('invited'));
    const window = app.process();
    assert.equal(await startAgain(APP, field, programme.invitation), 0);
    await app.see('form dl');
    assert.equal(app.process(), window);
    await picture(app, 'start-handed');

    // Somebody answers on the command line; the answer is clicked while the office is locked, by its name alone.
    programme.at(homeOn(third.shelf), 'enrol', join(programme.folder, 'r01.invitation'), '--name', NAME, '--answer', programme.answer);
    copyFileSync(programme.answer, join(office.folder, 'zeinab.answer'));
    await desk.see(step('unlock'));
    assert.equal(await startAgain(APP, office, 'zeinab.answer'), 0);
    await desk.see('.toast');
    await picture(desk, 'start-later');
    await unlock(desk);
    await desk.says('[role=dialog], dialog[open]', NAME);
    await desk.see(step('match'));
    await picture(desk, 'start-admitted');

    // Another invitation, photographed from the screen.
    await desk.click(step('match'));
    await desk.run(`document.querySelector('dialog[open]').close()`);
    await desk.click(step('invite'));
    await desk.type('#invite-form input', 'Nour');
    await desk.click(step('make-invitation'));
    await desk.see('dialog svg[role=img], dialog [role=img]');
    // Nobody takes a photograph of a square that something lies on.
    await desk.gone('.toast');
    const photograph = join(programme.folder, 'photograph.png');
    await desk.picture(photograph);
    await app.close();
    app = null;
    other = await open(APP, third, { args: [photograph] });
    // The laptop of the one who answered has a home: what is opened begins a further one.
    await other.see('form dl');
    await picture(other, 'start-square');
    await go(desk, 'people');
  });
});
