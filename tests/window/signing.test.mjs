// What one administrator may not do alone: the first proposes that somebody coordinates, and nothing changes; the second signs it in a
// window of her own, and it holds for both.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APP, call, exchange, picture, saying, speak, step, unlock, walk, watched } from './acts.mjs';
import { KEYS, laptop, open } from './app.mjs';
import { homeOn, world } from './world.mjs';

const ROW = '[role=row][data-at]';
const PROPOSALS = '[aria-labelledby=proposals-title]';

test('a new coordinator needs two administrators: one proposes, the other signs, and it holds', { timeout: 600_000 }, async (t) => {
  const [one, two] = ['signing-one', 'signing-two'].map(laptop);
  const programme = await world(one.shelf, undefined, { imported: false });
  t.after(() => [programme.end, one.away, two.away].forEach((end) => end()));
  const second = programme.joins('Bea', { home: homeOn(two.shelf), role: 'admin,coordinator' });
  programme.joins('Chi');
  programme.alice('sync');
  programme.at(second, 'sync');
  let [alice, bea] = [await open(APP, one), null];
  await watched('signing', () => ({ alice, bea }), async () => {
    const roles = async (app) => (await call(app, 'people')).people.find(({ name }) => name === 'Chi').roles;
    await speak(alice, 'en');
    await unlock(alice);
    await walk(alice, 'people');
    await alice.click(await saying(alice, ROW, 'Chi'));
    await alice.click(step('give-coordinator'));
    await alice.says('dialog dialog', 'once 2 administrators have signed');
    await picture(alice, 'signing-propose');
    await alice.click('dialog dialog footer .primary');
    await alice.gone('dialog dialog');
    await alice.says('dialog', 'Signed by Alice: 1 of 2');
    await picture(alice, 'signing-person');
    await alice.press(KEYS.escape);
    await alice.says(PROPOSALS, 'You have signed');
    await picture(alice, 'signing-waits');
    assert.deepEqual(await roles(alice), ['reviewer'], 'one signature changes nothing');
    await exchange(alice);
    await alice.until('an empty outbox', async () => (await call(alice, 'exchange_state')).outbox === 0);

    // The second administrator reads what it changes, and signs.
    bea = await open(APP, two);
    await speak(bea, 'en');
    await unlock(bea);
    await exchange(bea);
    await bea.until('the proposal', async () => (await call(bea, 'proposals')).length === 1);
    await walk(bea, 'people');
    await bea.says(PROPOSALS, 'Signed by Alice: 1 of 2');
    await picture(bea, 'signing-second');
    await bea.click(step('sign'));
    await picture(bea, 'signing-sure');
    await bea.click('dialog footer .primary');
    await bea.says('.toast', 'it counts now');
    await bea.gone(PROPOSALS);
    await bea.until('the role in the list', () => bea.run(`return [...document.querySelectorAll(arguments[0])].some(({ textContent }) => textContent.includes('Chi') && textContent.includes('oordinator'))`, [ROW]));
    await picture(bea, 'signing-signed');
    await exchange(bea);
    await bea.until('an empty outbox', async () => (await call(bea, 'exchange_state')).outbox === 0);

    await exchange(alice);
    await alice.until('the role', async () => (await roles(alice)).includes('coordinator'));
    await walk(alice, 'people');
    await alice.gone(PROPOSALS);
    await alice.click(await saying(alice, ROW, 'Chi'));
    await alice.see('dialog [data-step=take-coordinator]');
    await picture(alice, 'signing-holds');
  });
});
