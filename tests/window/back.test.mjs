// Bad days: the laptop is lost and a backup is put in place on another one; the passphrase is forgotten where there is no network, and
// the words of the recovery sheet open the home. What was written is there, drafts included.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { APP, call, choosePassphrase, copySheet, nth, openNext, picture, speak, step, typeWords, unlock, walk, watched } from './acts.mjs';
import { KEYS, laptop, open } from './app.mjs';
import { homeOn, PASSPHRASE, world } from './world.mjs';

const WORDS = 'Written before the bad day.';

/** A programme with one reader, whose home is on a laptop and has a dossier. */
async function reading(field, office) {
  const programme = await world(office.shelf);
  const home = programme.joins('Bob', { home: homeOn(field.shelf) });
  programme.assign([['A001', 'Bob'], ['A002', 'Bob']]);
  programme.at(home, 'sync');
  return programme;
}

/** Begins a review: a score and a sentence, saved on this device alone. */
async function write(app) {
  const place = await openNext(app);
  await app.click(await nth(app, '.card fieldset label', 3));
  await app.type('.card textarea', WORDS);
  await app.until('the saved draft', async () => JSON.stringify((await call(app, 'dossier', place)).draft).includes(WORDS));
  return place;
}

/** What was begun is on the screen again. */
async function goesOn(app) {
  await app.click(step('next'));
  await app.until('the sentence', () => app.run(`return document.querySelector('.card textarea')?.value === arguments[0]`, [WORDS]));
  assert.equal(await app.run(`return document.querySelectorAll('.card fieldset input[type=radio]:checked').length`), 1);
}

test('a backup put in place on another laptop brings the work back, and says what two laptops mean', { timeout: 600_000 }, async (t) => {
  const [old, fresh, office] = ['back-old', 'back-fresh', 'back-office'].map(laptop);
  const programme = await reading(old, office);
  t.after(() => [programme.end, old.away, fresh.away, office.away].forEach((end) => end()));
  const backup = join(programme.folder, 'bob.backup');
  let [app, other] = [await open(APP, old), null];
  await watched('restore', () => ({ old: app, fresh: other }), async () => {
    await speak(app, 'en');
    await unlock(app);
    const place = await write(app);
    await walk(app, 'settings');
    await app.click(step('back-up'));
    await app.type('dialog input[type=password]', PASSPHRASE);
    app.choose(backup);
    await app.click(step('write-backup'));
    await app.see('dialog .banner.good');
    await app.close();
    app = null;

    other = await open(APP, fresh);
    await speak(other, 'en');
    await other.click(step('restore'));
    other.choose(backup);
    await other.click(step('choose-backup'));
    await other.says('main', 'bob.backup');
    await picture(other, 'restore-chosen');

    // Another passphrase opens nothing, and loses nothing.
    await other.type('input[type=password]', 'not the one that it had');
    await other.click(step('next'));
    await other.see('main [role=alert]');
    await picture(other, 'restore-refused');
    await other.clear('input[type=password]');
    await other.type('input[type=password]', PASSPHRASE);
    await other.click(step('next'));
    await other.says('main', 'Use only one of the two');
    await picture(other, 'restore-two');
    await other.click(step('next'));
    await goesOn(other);
    await picture(other, 'restore-work');
    assert.ok(JSON.stringify((await call(other, 'dossier', place)).draft).includes(WORDS));
  });
});

test('whoever forgot the passphrase opens the home with the recovery words, offline, drafts included', { timeout: 600_000 }, async (t) => {
  const [field, office] = ['words-field', 'words-office'].map(laptop);
  const programme = await reading(field, office);
  t.after(() => [programme.end, field.away, office.away].forEach((end) => end()));
  const fresh = 'seven slow ferries wait for one grey harbour';
  const app = await open(APP, field);
  await watched('words', () => ({ field: app }), async () => {
    await speak(app, 'en');
    await unlock(app);
    await walk(app, 'settings');
    await app.click(step('recovery'));
    const words = await copySheet(app);
    await app.says('.toast', 'ecovery');
    await walk(app, 'home');
    await write(app);
    programme.noRelay();

    await app.press(KEYS.control, 'l');
    await app.click(step('by-words'));
    await typeWords(app, words);
    await choosePassphrase(app, fresh);
    await picture(app, 'words-typed');
    await app.click('.grid ~ .row .primary');
    await goesOn(app);
    await picture(app, 'words-back');

    // The new passphrase holds, and the forgotten one does not.
    await app.press(KEYS.control, 'l');
    await unlock(app);
    await app.see('main [role=alert]');
    await picture(app, 'words-old');
    await app.clear('input[type=password]');
    await unlock(app, fresh);
    await goesOn(app);
  });
});
