// Work that no network carries: a bundle on a stick there and back, two laptops of one reader, and a window that is closed
// in the middle of a word. Real windows; there is no relay once the dossiers are out.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { APP, call, go, NAME, nth, picture, states, step, unlock, watched } from './acts.mjs';
import { laptop, open } from './app.mjs';
import { homeOn, world } from './world.mjs';

/** A reader's home on a laptop, admitted, with nothing assigned seen yet. */
function reader(programme, laptop) {
  const home = homeOn(laptop.shelf);
  programme.at(home, 'enrol', join(programme.folder, 'r01.invitation'), '--name', NAME, '--answer', programme.answer);
  return home;
}

/** Presses the button that closes the window, by the window manager's key. */
async function closeByButton(app) {
  const pid = String(app.process());
  const x = (...args) => spawnSync('xdotool', args, { timeout: 5000, encoding: 'utf8' }).stdout.trim();
  await app.until('the window in front', () => {
    x('search', '--onlyvisible', '--pid', pid, 'windowactivate');
    return x('getactivewindow', 'getwindowpid') === pid;
  });
  x('key', 'alt+F4');
  await app.ended();
}

/** Opens the first dossier and answers the question before it. */
async function openFirst(app) {
  await app.see(step('next'));
  const { tasks } = await call(app, 'reviewer_home');
  const { application, round } = tasks[0];
  await call(app, 'declare', { application, declaration: 'none', kind: '', note: '' });
  await go(app, `review/${application}/${round}`);
  await app.see('section textarea');
  return { application, round };
}

test('a bundle carries the dossiers out and the reviews back, and no relay is there', { timeout: 600_000 }, async (t) => {
  const [field, office] = [laptop('stick-field'), laptop('stick-office')];
  const programme = await world(office.shelf);
  t.after(() => [programme.end, field.away, office.away].forEach((end) => end()));
  reader(programme, field);
  programme.admit(NAME);
  programme.noRelay();
  const [out, back, last] = ['out', 'back', 'last'].map((name) => join(programme.folder, `${name}.tessera`));
  programme.alice('bundle', 'export', '--for', NAME, '--out', out);
  const app = await open(APP, field);
  let desk = null;
  await watched('stick', () => ({ field: app, office: desk }), async () => {
    // Admitted by what the bundle says: the window waits, and takes it.
    await unlock(app);
    await app.see(step('look'));
    await call(app, 'bundle_in', { paths: [out] });
    await openFirst(app);
    await app.run(`for (const set of document.querySelectorAll('section fieldset')) { const tiles = set.querySelectorAll('input[type=radio]'); tiles[Math.min(2, tiles.length - 1)].click(); }`);
    await app.run(`document.querySelector('[id*=attestation] input[type=checkbox]').click()`);
    await app.until('the saved draft', async () => (await states(app)).missing === 0);
    await app.click(step('submit'));
    await app.until('the outbox', async () => (await states(app)).states.includes('in-outbox'));
    await go(app, 'exchange');
    await app.see(step('bundle-out'));
    app.choose(back);
    await app.click(step('bundle-out'));
    await app.see('.banner .path');
    await picture(app, 'stick-out');

    desk = await open(APP, office);
    await unlock(desk);
    await desk.see('[role=grid]');
    await go(desk, 'exchange');
    await desk.see(step('bundle-in'));
    desk.choose(back);
    await desk.click(step('bundle-in'));
    await desk.until('the review', async () => (await call(desk, 'board')).reads.done === 1);
    await picture(desk, 'stick-in');
    // Taken in again it changes nothing.
    await desk.click(step('bundle-in'));
    await desk.until('the second time', () => desk.run(`return document.querySelectorAll('.banner .path').length >= 1`));
    assert.equal((await call(desk, 'board')).reads.done, 1);
    // What the coordinator opened comes back the same way.
    await call(desk, 'lock');
    programme.alice('bundle', 'export', '--for', NAME, '--out', last);
    app.choose(last);
    await app.click(step('bundle-in'));
    await app.until('the coordinator', async () => (await states(app)).states.includes('opened-by-coordinator'));
  });
});

test('two laptops of one reader: both values are shown, one is chosen, no sentence is lost', { timeout: 600_000 }, async (t) => {
  const [one, two, office] = [laptop('one'), laptop('two'), laptop('two-office')];
  const programme = await world(office.shelf);
  t.after(() => [programme.end, one.away, two.away, office.away].forEach((end) => end()));
  const first = reader(programme, one);
  programme.admit(NAME);
  programme.at(first, 'sync');
  const [pass, request] = ['second.pass', 'second.request'].map((name) => join(programme.folder, name));
  const second = homeOn(two.shelf);
  programme.at(first, 'device', 'add', '--pass', pass);
  programme.at(second, 'enrol', pass, '--answer', request);
  programme.at(first, 'device', 'add', request, '--in-person');
  programme.at(first, 'sync');
  programme.at(second, 'sync');
  programme.at(first, 'sync');
  let [here, there] = [await open(APP, one), await open(APP, two)];
  await watched('laptops', () => ({ here, there }), async () => {
    const said = { here: 'Written on the first laptop.', there: 'Written on the second laptop.' };
    let place = null;
    for (const [which, app] of Object.entries({ here, there })) {
      await unlock(app);
      place = await openFirst(app);
      await app.click(await nth(app, '.card fieldset label', which === 'here' ? 2 : 4));
      await app.type(await nth(app, '.card textarea', 1), said[which]);
      await app.until('the saved draft', async () => JSON.stringify((await call(app, 'dossier', place)).draft).includes(said[which]));
    }
    const exchange = (app) => call(app, 'exchange', { options: { files: 'none', budgetBytes: null } });
    await exchange(here);
    await exchange(there);
    await exchange(here);
    const dossier = (app) => call(app, 'dossier', place);
    // A score is one or the other: a person chooses. Sentences stand beside one another.
    await here.until('both values', async () => (await dossier(here)).draftConflicts[0]?.values.length === 2);
    await here.until('the choice', () => here.run(`return document.querySelectorAll('.banner .value').length === 2`));
    await picture(here, 'laptops-differ');
    await here.run(`[...document.querySelectorAll('.banner .value')].find((one) => one.querySelector('p').textContent === '4').querySelector('button').click()`);
    await here.until('one value', async () => (await dossier(here)).draftConflicts.length === 0);
    await exchange(here);
    await exchange(there);
    for (const app of [here, there]) {
      const { draft, draftConflicts } = await dossier(app);
      assert.deepEqual([draftConflicts, Object.values(draft.answers).map((answer) => answer.score).filter(Boolean)], [[], ['4']]);
      for (const words of Object.values(said)) assert.ok(JSON.stringify(draft.comments).includes(words));
    }

    // Closed in the middle of a word, with what was typed not saved yet.
    const comment = await nth(there, '.card textarea', 2);
    await there.type(comment, 'closed in the middle of a wo');
    await closeByButton(there);
    await there.close();
    there = await open(APP, two);
    await unlock(there);
    await there.see(step('next'));
    assert.ok(JSON.stringify((await call(there, 'dossier', place)).draft).includes('in the middle of a wo'));
  });
});
