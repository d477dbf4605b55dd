// A coordinator's window proposes who reads what, swaps a reader by hand, publishes, and exchanges; the readers, on the command line,
// hear of it. Then a programme of one's own is written as a form until it can be published.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APP, call, exchange, go, nth, picture, speak, step, unlock, watched } from './acts.mjs';
import { laptop, open } from './app.mjs';
import { homeOn, PASSPHRASE, world } from './world.mjs';

test('a coordinator proposes who reads what, and the readers hear of it', { timeout: 600_000 }, async (t) => {
  const office = laptop('assigning');
  const programme = await world(office.shelf);
  t.after(() => [programme.end, office.away].forEach((end) => end()));
  const [first, second] = ['Bob', 'Chi'].map((name) => programme.joins(name));
  const desk = await open(APP, office);
  await watched('assignment', () => ({ office: desk }), async () => {
    await speak(desk, 'en');
    await unlock(desk);
    await desk.see('[role=grid]');
    await go(desk, 'assignment');
    await desk.see(step('propose'));
    await picture(desk, 'assignment-before');

    // Three readers of each are not to be had of two: what is partial is no draft, and says so.
    await desk.click(step('propose'));
    await desk.see(step('take-partial'));
    assert.equal((await call(desk, 'assignment', { round: null })).draft.added, 0);
    await picture(desk, 'assignment-partial');

    // One reader of each can be had.
    const reads = await nth(desk, 'form input[type=number]', 1);
    await desk.run(`const field = document.querySelector(arguments[0]); field.value = '1'; field.dispatchEvent(new Event('input', { bubbles: true }));`, [reads]);
    await desk.click(step('propose'));
    await desk.see('[data-draft="6"]');
    const view = await call(desk, 'assignment', { round: null });
    assert.equal(view.missing, 0);
    assert.equal(view.draft.readers, 2);
    await picture(desk, 'assignment-proposed');

    // One is given to the other reader by hand, and why not is a sentence.
    const [one] = view.applications;
    const other = view.readers.find((each) => each.member !== one.readers[0].member);
    await desk.click(`[role=row][data-at="0"]`);
    await desk.see(`dialog ${step(`why-${other.member}`)}`);
    await desk.click(step(`why-${other.member}`));
    await desk.see('dialog .answer');
    await desk.click(`dialog input[value="${one.readers[0].member}"]`);
    await desk.click(`dialog input[value="${other.member}"]`);
    await picture(desk, 'assignment-swap');
    await desk.click(step('swap'));
    await desk.until('the swap', async () => {
      const [now] = (await call(desk, 'assignment', { round: null })).applications;
      return now.readers.length === 1 && now.readers[0].member === other.member;
    });
    await desk.click(await nth(desk, 'dialog footer button', 1));

    // Published by name, and exchanged.
    await desk.click(step('publish'));
    await desk.see('dialog[open]');
    await picture(desk, 'assignment-publish');
    await desk.click(await nth(desk, 'dialog footer button', 2));
    await desk.until('the publishing', async () => (await call(desk, 'assignment', { round: null })).draft.added === 0);
    assert.ok((await call(desk, 'assignment', { round: null })).applications.every((row) => row.readers.every(({ state }) => state === 'kept')));
    await exchange(desk);
    await desk.until('an empty outbox', async () => (await call(desk, 'exchange_state')).outbox === 0);
    const tasks = [first, second].map((home) => {
      programme.at(home, 'sync');
      return programme.at(home, 'review', 'list').rows;
    });
    assert.equal(tasks[0].length + tasks[1].length, 6);
    assert.ok(tasks[other.name === 'Bob' ? 0 : 1].length > 0);

    // The programme as it is read, and its rounds.
    await go(desk, 'programme');
    await desk.see(step('close-reading'));
    await picture(desk, 'programme');
  });
});

test('a programme of one’s own is written as a form until it can be published', { timeout: 600_000 }, async (t) => {
  const office = laptop('founding');
  t.after(() => office.away());
  homeOn(office.shelf);
  const desk = await open(APP, office);
  await watched('founding', () => ({ office: desk }), async () => {
    await desk.see('select');
    const definition = 'name = "Ours"\nlanguages = ["en"]\n[scale]\nmin = 1\nmax = 5\n[[criterion]]\nkey = "merit"\nlabel = "Merit"\n[[field]]\nkey = "country"\nkind = "text"\n';
    await call(desk, 'found', { form: { definition, label: 'Ours', passphrase: PASSPHRASE, name: 'Alice' } });
    await desk.run('location.reload()');
    await desk.until('the home', async () => (await call(desk, 'standing')).open !== null);
    await go(desk, 'programme');
    await desk.see('[data-findings]');
    const before = (await call(desk, 'programme')).draft.findings.filter(({ blocks }) => blocks).length;
    await picture(desk, 'founding-form');
    await desk.run(`const zone = [...document.querySelectorAll('#part-call select')][0]; zone.value = 'Africa/Nairobi'; zone.dispatchEvent(new Event('change', { bubbles: true }));`);
    await desk.until('the draft', async () => (await call(desk, 'programme')).draft.findings.filter(({ blocks }) => blocks).length === before - 1);
    assert.match((await call(desk, 'programme')).draft.definition, /Africa\/Nairobi/);
    // What lacks something is not published, whatever a page asks for.
    await assert.rejects(call(desk, 'publish_programme', { accepted: 'I accept the loss', reason: '' }), /programme-undecided/);
  });
});
