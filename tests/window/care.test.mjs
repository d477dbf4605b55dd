// A home is looked after in the real window: checked, backed up with the passphrase, and wiped by its name; the window says so on
// the page that follows, and nothing of it is left on the disk.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { APP, call, go, NAME, nth, picture, speak, step, unlock, watched } from './acts.mjs';
import { laptop, open } from './app.mjs';
import { homeOn, PASSPHRASE, world } from './world.mjs';

test('a home is checked, backed up and wiped', { timeout: 600_000 }, async (t) => {
  const [field, office] = [laptop('care-field'), laptop('care-office')];
  const programme = await world(office.shelf);
  t.after(() => [programme.end, field.away, office.away].forEach((end) => end()));
  const reader = homeOn(field.shelf);
  programme.at(reader, 'enrol', join(programme.folder, 'r01.invitation'), '--name', NAME, '--answer', programme.answer);
  programme.admit(NAME);
  programme.at(reader, 'sync');
  let app = null;
  await watched('care', () => ({ field: app }), async () => {
    app = await open(APP, field);
    await speak(app, 'en');
    await unlock(app);
    await app.see(step('next'));
    await go(app, 'settings');
    await app.click(step('check-device'));
    await app.until('what the check found', () => app.run(`return document.querySelector('dialog .banner') !== null`));
    await picture(app, 'care-checked');
    assert.equal(await app.run(`return document.querySelector('dialog [role=alert]') === null`), true);
    await app.click('dialog header button');

    const backup = join(programme.folder, 'home.backup');
    await app.click(step('back-up'));
    await app.type('dialog input[type=password]', PASSPHRASE);
    app.choose(backup);
    await app.click(step('write-backup'));
    await app.see('dialog .banner.good');
    assert.ok(statSync(backup).size > 0);
    await picture(app, 'care-backed-up');
    // The home is open again: what is read next is read from it.
    assert.ok((await call(app, 'reviewer_home')).tasks.length > 0);
    await app.click('dialog header button');

    await app.click(step('wipe'));
    const name = (await call(app, 'wiping')).name;
    await app.see('dialog input');
    await app.type(await nth(app, 'dialog input', 1), name);
    await app.click('dialog button.danger');
    await app.until('the page that follows', async () => (await call(app, 'standing')).programmes.length === 0);
    await app.says('body', name);
    await picture(app, 'care-wiped');
    assert.equal(existsSync(reader), false, 'the home is gone from the disk');
  });
});
