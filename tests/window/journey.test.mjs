// The real window, as in life: a reviewer joins, gets the files, scores without a network, loses power while typing, submits,
// and exchanges; a coordinator's window shows what came. Once in English, once in Arabic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APP, call, enrol, exchange, go, NAME, nth, picture, speak, states, step, unlock, watched } from './acts.mjs';
import { laptop, open, pause } from './app.mjs';
import { world } from './world.mjs';

/** Opens every file of the dossier, and says how many pages it shows, once each is drawn. */
const PAGES = `for (const summary of document.querySelectorAll('article details:not([open]) > summary')) summary.click();
const pages = [...document.querySelectorAll('article figure img')];
for (const page of pages) page.loading = 'eager';
return pages.length > 0 && document.querySelector('article [aria-busy=true], article .grey') === null && pages.every((page) => page.complete && page.naturalWidth > 0) && pages.length;`;

for (const language of ['en', 'ar']) {
  test(`from the invitation to the ranking, in ${language}`, { timeout: 600_000 }, async (t) => {
    const [field, office] = [laptop(`field-${language}`), laptop(`office-${language}`)];
    const programme = await world(office.shelf);
    t.after(() => [programme.end, field.away, office.away].forEach((end) => end()));
    let app = await open(APP, field);
    let desk = null;
    await watched(language, () => ({ field: app, office: desk }), async () => {
      await speak(app, language);
      await enrol(app, programme.invitation, programme.answer, `${language}-join`);
      await app.see(step('look'));
      await picture(app, `${language}-waiting`);
      programme.admit(NAME);
      await app.click(step('look'));
      // The first dossier: the card, the question, then the text.
      await app.click(step('next'));
      await app.see(step('declare'));
      await picture(app, `${language}-declare`);
      await app.click('input[value=none]');
      await app.click(step('declare'));
      await app.see('[id^=place-answer], section [type=radio]');
      await picture(app, `${language}-reader`);

      // Then the files, each page of which is drawn.
      await call(app, 'exchange', { options: { files: 'assigned', budgetBytes: null } });
      const drawn = await app.until('every page of every file', () => app.run(PAGES));
      assert.ok(drawn > 0, 'pages to look at');
      await app.run(`document.querySelector('article figure').scrollIntoView()`);
      await picture(app, `${language}-pages`);

      // Words are found, and lead to where they stand.
      const word = await app.run(`return document.querySelector('article .text').textContent.match(/[\\p{L}]{5,}/u)[0]`);
      const reading = await app.run('return location.hash');
      await go(app, 'search');
      await app.type('input[type=search]', word);
      await app.until('the word as it is written', () => app.run(`return document.querySelector('.hits mark') !== null`));
      await picture(app, `${language}-search`);
      const leads = await app.run(`return document.querySelector('.hits a').getAttribute('href')`);
      assert.equal(leads, reading);
      await app.run('location.hash = arguments[0]', [reading]);
      await app.see('.card textarea');

      // Scored without a network; the power goes while a sentence is typed.
      const criteria = await app.run(`return document.querySelectorAll('fieldset').length`);
      assert.ok(criteria > 0, 'criteria to score');
      const comment = await nth(app, '.card textarea', 1);
      await app.type(comment, 'A steady hand. يد ثابتة 稳健');
      await pause(1000);
      const place = await app.run('return location.hash');
      await app.cut();
      app = await open(APP, field);
      await unlock(app);
      await app.see(step('next'));
      await app.run('location.hash = arguments[0]', [place]);
      const kept = await app.until('the comment', () => app.run(`return document.querySelector('.card textarea')?.value || false`));
      assert.equal(kept, 'A steady hand. يد ثابتة 稳健');
      await picture(app, `${language}-after-the-cut`);

      // Every criterion, the statement, and it is sealed.
      await app.run(`for (const set of document.querySelectorAll('section fieldset')) { const tiles = set.querySelectorAll('input[type=radio]'); tiles[Math.min(3, tiles.length - 1)].click(); }`);
      await app.run(`document.querySelector('[id*=attestation] input[type=checkbox]').click()`);
      await app.until('the saved draft', async () => (await states(app)).missing === 0);
      await app.click(step('submit'));
      await app.until('the outbox', async () => (await states(app)).states.includes('in-outbox'));
      await picture(app, `${language}-submitted`);
      await exchange(app);
      await app.until('the relay', async () => (await states(app)).states.includes('held-by-relay'));
      await picture(app, `${language}-exchanged`);

      // The coordinator's window shows what came.
      desk = await open(APP, office);
      await speak(desk, language);
      await unlock(desk);
      await desk.see('[role=grid]');
      await exchange(desk);
      await desk.until('the review', async () => (await call(desk, 'board')).reads.done === 1);
      await go(desk, 'board');
      await desk.see('[role=grid]');
      await picture(desk, `${language}-board`);
      await go(desk, 'ranking');
      await desk.see('[role=grid], table');
      assert.equal((await call(desk, 'ranking', { round: null })).rows.filter((row) => row.rank === 1).length, 1);
      await picture(desk, `${language}-ranking`);
      await exchange(app);
      await app.until('the coordinator', async () => {
        await call(desk, 'exchange', { options: { files: 'none', budgetBytes: null } });
        await call(app, 'exchange', { options: { files: 'none', budgetBytes: null } });
        return (await states(app)).states.includes('opened-by-coordinator');
      });
    });
  });
}
