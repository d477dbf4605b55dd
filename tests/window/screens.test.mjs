// Every screen in the real window, on a real programme with a review in it: each opens, has read what it shows, says no failure,
// and is no wider than the window.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { APP, call, go, NAME, picture, speak, unlock, watched } from './acts.mjs';
import { laptop, open } from './app.mjs';
import { homeOn, world } from './world.mjs';

const OFFICE = ['board', 'intake', 'intake/missing', 'intake/duplicates', 'assignment', 'exports', 'queue', 'moderation', 'ranking', 'agreement', 'shares', 'programme', 'people', 'access', 'exchange', 'search', 'settings'];
const FIELD = ['home', 'consistency', 'exchange', 'search', 'programme', 'settings'];
/** What a screen says: words of a failure, or whether it is still reading. */
const SAID = `const alerts = [...document.querySelectorAll('main [role=alert]')].map((one) => one.innerText);
return { shown: document.querySelector('main h1') !== null, reading: document.querySelector('main [data-reading]') !== null, alerts };`;

for (const language of ['en', 'ar']) {
  test(`every screen opens and says no failure, in ${language}`, { timeout: 600_000 }, async (t) => {
    const [field, office] = [laptop(`screens-field-${language}`), laptop(`screens-office-${language}`)];
    const programme = await world(office.shelf);
    t.after(() => [programme.end, field.away, office.away].forEach((end) => end()));
    const reader = homeOn(field.shelf);
    programme.at(reader, 'enrol', join(programme.folder, 'r01.invitation'), '--name', NAME, '--answer', programme.answer);
    programme.admit(NAME);
    programme.at(reader, 'sync');
    const windows = {};
    await watched(`screens-${language}`, () => windows, async () => {
      const look = async (app, role, place) => {
        await go(app, place);
        await app.until(`${place}, read`, async () => {
          const said = await app.run(SAID);
          assert.deepEqual({ place, alerts: said.alerts }, { place, alerts: [] });
          return said.shown && !said.reading;
        });
        await picture(app, `screen-${language}-${role}-${place.split('/').slice(0, 2).join('-').slice(0, 24)}`);
      };
      const app = (windows.field = await open(APP, field));
      await speak(app, language);
      await unlock(app);
      await app.see('[data-step=next]');
      const { tasks } = await call(app, 'reviewer_home');
      for (const { application } of tasks) await call(app, 'declare', { application, declaration: 'none', kind: '', note: '' });
      const { application, round } = tasks[0];
      const { criteria } = await call(app, 'dossier', { application, round });
      const answers = Object.fromEntries(criteria.map(({ key, scores }) => [key, { score: scores[2], notApplicable: null }]));
      const { draft, draftHeads: seen } = await call(app, 'dossier', { application, round });
      await call(app, 'save_draft', { application, round, seen, before: draft, draft: { ...draft, answers, attested: true } });
      await call(app, 'submit', { application, round, reason: null });
      for (const place of [...FIELD, `review/${application}/${round}`, `compare/${round}/${application}/${tasks[1].application}`]) await look(app, 'field', place);
      await call(app, 'exchange', { options: { files: 'none', budgetBytes: null } });

      const desk = (windows.office = await open(APP, office));
      await speak(desk, language);
      await unlock(desk);
      await desk.see('[role=grid]');
      await call(desk, 'exchange', { options: { files: 'none', budgetBytes: null } });
      for (const place of [...OFFICE, `application/${application}`, `application/${application}/record`]) await look(desk, 'office', place);
      assert.equal((await call(desk, 'board')).reads.done, 1);
    });
  });
}
