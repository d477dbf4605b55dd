// A programme begins in the window: founded with its relay, whose key is compared; a reader is invited and joins through that relay;
// what the call leaves open is decided in the form, and it is published with a rehearsed recovery.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { APP, call, choosePassphrase, copySheet, exchange, nth, picture, saying, speak, step, walk, watched } from './acts.mjs';
import { KEYS, laptop, open } from './app.mjs';
import { commandsIn, DEFINITION, PASSPHRASE, relayIn } from './world.mjs';

test('whoever founds a programme with its relay invites a reader, who joins, and publishes it', { timeout: 600_000 }, async (t) => {
  const office = laptop('founder');
  const relay = await relayIn(join(office.folder, 'relay'));
  t.after(() => [relay.end, office.away].forEach((end) => end()));
  const { at } = commandsIn(office.folder);
  const desk = await open(APP, office);
  await watched('founder', () => ({ office: desk }), async () => {
    await speak(desk, 'en');
    await desk.click(step('create'));
    await desk.type(await nth(desk, 'form .field input', 1), 'Our seminar');
    await desk.type(await nth(desk, 'form .field input', 2), 'Alice');
    await desk.click('input[value=now]');
    await desk.type(await nth(desk, 'form .field input', 3), relay.address);
    await desk.click(step('ask-relay'));
    // What answers says its key, for a person to compare.
    await desk.see(step('take-key'));
    assert.equal((await desk.text('.banner .key')).replaceAll(/\s/g, ''), relay.key);
    await picture(desk, 'founder-key');
    await desk.click(step('take-key'));
    await desk.see('.banner.good');
    await picture(desk, 'founder-relay');
    await desk.click(step('next'));
    await desk.click('input[value=own]');
    await choosePassphrase(desk, PASSPHRASE);
    await desk.click(step('next'));
    await copySheet(desk);
    await desk.see('nav a[href="#/people"]');
    await picture(desk, 'founder-begins');

    // A reader is invited, answers on another laptop, and is admitted.
    const [home, invitation, answer] = ['reader', 'bob.invitation', 'bob.answer'].map((name) => join(office.folder, name));
    await walk(desk, 'people');
    await desk.click(step('invite'));
    await desk.type('#invite-form input', 'Bob');
    await desk.click(step('make-invitation'));
    await desk.see('dialog [role=img]');
    desk.choose(invitation);
    await desk.click('dialog .out button:not(.primary)');
    await desk.says('.toast', 'bob.invitation');
    await picture(desk, 'founder-invited');
    at(home, 'enrol', invitation, '--answer', answer, '--name', 'Bob');
    await desk.press(KEYS.escape);
    desk.choose(answer);
    await desk.click(step('admit'));
    await desk.click(step('match'));
    await desk.gone(step('match'));
    await desk.press(KEYS.escape);
    await exchange(desk);
    await desk.until('an empty outbox', async () => (await call(desk, 'exchange_state')).outbox === 0);
    at(home, 'sync');
    // A reader hears that there is a coordinator, and no name.
    assert.deepEqual(at(home, 'member', 'list').rows.map(({ name }) => name).sort(), ['Bob', null], 'the reader came by the relay');

    // The call as it was drafted elsewhere, with one question left open.
    const definition = readFileSync(DEFINITION, 'utf8').replace(/^demo = true$/m, '').replace(/^value = "No: reading is open.*$/m, '');
    const file = join(office.folder, 'seminar.toml');
    writeFileSync(file, definition);
    await walk(desk, 'programme');
    desk.choose(file);
    await desk.click(step('open'));
    await desk.see('[data-findings="1"]');
    await picture(desk, 'founder-open');
    await desk.click('[data-findings] li button');
    await desk.type('#part-decision [aria-invalid=true]', 'No: reading is open.');
    await desk.says('main .banner.good', 'It can be published');
    await picture(desk, 'founder-ready');
    await desk.click(step('publish'));
    await desk.says('dialog', 'The recovery was tried');
    await picture(desk, 'founder-publish');
    await desk.click('dialog footer .primary');
    await desk.until('the programme', async () => (await call(desk, 'programme')).published?.number === 1);
    await exchange(desk);
    await desk.until('an empty outbox', async () => (await call(desk, 'exchange_state')).outbox === 0);
    at(home, 'sync');
    assert.equal(at(home, 'programme', 'show').revision, 1);
  });
});
