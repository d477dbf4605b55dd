// Drives the real window: one WebKitWebDriver for each instance, with its own port, folders and environment. What is here
// is a client of the W3C WebDriver protocol, as far as these tests need it.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
/** How long anything may take to appear, in ms: a busy machine with two cores. */
const PATIENCE = 60_000;
const PAUSE = 50;
/** How the driver says that a window is not there any more. */
const GONE = ['no such window', 'invalid session id'];
/** Brings an element to the middle, where nothing lies on it, and has it say that it was clicked. */
const AIM = `const [element, mark] = arguments;
element.scrollIntoView({ block: 'center', behavior: 'instant' });
element.addEventListener('click', () => sessionStorage.setItem(mark, ''), { capture: true, once: true });`;

export const KEYS = { enter: '\uE007', escape: '\uE00C', tab: '\uE004', control: '\uE009' };

export const pause = (ms = PAUSE) => new Promise((done) => setTimeout(done, ms));

export function freePort() {
  return new Promise((done, failed) => {
    const server = net.createServer().on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** A folder of one person's laptop: homes, and what the system keeps for a user. */
export function laptop(name) {
  const folder = mkdtempSync(join(tmpdir(), `tessera-window-${name}-`));
  for (const part of ['shelf', 'data', 'config', 'cache']) mkdirSync(join(folder, part), { recursive: true, mode: 0o700 });
  return { folder, shelf: join(folder, 'shelf'), answers: join(folder, 'dialog'), away: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What the window knows of a laptop. */
function surroundings(laptop) {
  const environment = { ...process.env };
  // Either of these makes a screenshot wait for ever.
  delete environment.WEBKIT_DISABLE_COMPOSITING_MODE;
  delete environment.WEBKIT_DISABLE_DMABUF_RENDERER;
  return {
    ...environment,
    TESSERA_SHELF: laptop.shelf,
    TESSERA_DIALOG_ANSWERS: laptop.answers,
    XDG_DATA_HOME: join(laptop.folder, 'data'),
    XDG_CONFIG_HOME: join(laptop.folder, 'config'),
    XDG_CACHE_HOME: join(laptop.folder, 'cache'),
    LANG: 'C.UTF-8',
    // Written by whoever draws, after the window is gone.
    MESA_SHADER_CACHE_DISABLE: 'true',
  };
}

/** Starts the program once more on a laptop where its window is open, as a click on a link or a file does; gives how it ended. */
export function startAgain(binary, laptop, given) {
  return new Promise((done, failed) => {
    const again = spawn(binary, [given], { cwd: laptop.folder, env: surroundings(laptop), stdio: 'ignore', timeout: PATIENCE });
    again.once('error', failed);
    again.once('exit', (code) => done(code));
  });
}

/** Opens the window on a laptop; `pictured` where a picture of it is taken: one that no graphics draw never comes. */
export async function open(binary, laptop, { args = [], pictured = false } = {}) {
  const port = await freePort();
  writeFileSync(laptop.answers, '\n');
  const driver = spawn('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...surroundings(laptop), TAURI_WEBVIEW_AUTOMATION: 'true', ...(pictured ? { TESSERA_PICTURES: laptop.folder } : {}) },
  });
  let log = '';
  for (const stream of [driver.stdout, driver.stderr]) stream.on('data', (text) => (log += text));
  const call = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    const { value } = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(`${method} ${path}: ${value?.error}: ${value?.message}`), { code: value?.error });
    return value;
  };
  const until = async (what, act) => {
    const start = Date.now();
    let last;
    while (Date.now() - start < PATIENCE) {
      try {
        const value = await act();
        if (value !== undefined && value !== null && value !== false) return value;
      } catch (error) {
        last = error;
      }
      await pause();
    }
    throw new Error(`${what} did not come; ${last?.message ?? ''}\n${log.slice(-2000)}`);
  };
  await until('the driver', () => call('GET', '/status'));
  const options = { binary, args };
  const { sessionId } = await call('POST', '/session', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } });
  const session = `/session/${sessionId}`;
  const find = async (css) => (await call('POST', `${session}/element`, { using: 'css selector', value: css }))[ELEMENT];
  const on = (css, act) => until(css, async () => act(`${session}/element/${await find(css)}`));
  const run = (script, args = []) => call('POST', `${session}/execute/sync`, { script, args });
  /** Clicks, and clicks again where the page moved under the pointer or the button was not to be pressed yet: what was meant says itself
   *  that it was hit, by a mark that outlives it and its page. A window that went away by it was hit as well. */
  const click = (css) => {
    const mark = `hit-${Math.random().toString(36).slice(2)}`;
    const hit = () => run(`return sessionStorage.getItem(arguments[0]) !== null`, [mark]);
    return until(`a click on ${css}`, async () => {
      if (await hit()) return true;
      const element = await find(css);
      await run(AIM, [{ [ELEMENT]: element }, mark]);
      const failed = await call('POST', `${session}/element/${element}/click`, {}).then(() => null, (error) => error);
      if (await hit().catch((error) => GONE.includes(error.code))) return true;
      if (failed) throw failed;
      return false;
    });
  };
  // What the window started may outlive it and hold its output: nobody waits for that.
  const letGo = (signal) => {
    driver.kill(signal);
    for (const stream of [driver.stdout, driver.stderr]) stream.destroy();
    driver.unref();
  };
  return {
    log: () => log,
    /** Waits for an element. */
    see: (css) => until(css, () => find(css)),
    /** Waits until an element is gone. */
    gone: (css) => until(`the end of ${css}`, () => find(css).then(() => false, (error) => error.code === 'no such element')),
    click,
    text: (css) => on(css, (element) => call('GET', `${element}/text`)),
    /** Waits until an element says something. */
    says: (css, words) => until(`${words} in ${css}`, async () => (await call('GET', `${session}/element/${await find(css)}/text`)).includes(words)),
    type: (css, text) => on(css, (element) => call('POST', `${element}/value`, { text }).then(() => true)),
    clear: (css) => on(css, (element) => call('POST', `${element}/clear`, {}).then(() => true)),
    /** Presses keys together, wherever the focus is: `press(KEYS.control, KEYS.enter)`. */
    press: async (...keys) => {
      const [down, up] = ['keyDown', 'keyUp'].map((type) => keys.map((value) => ({ type, value })));
      await call('POST', `${session}/actions`, { actions: [{ type: 'key', id: 'keyboard', actions: [...down, ...up.reverse()] }] });
    },
    run,
    runLong: (script, args = []) => call('POST', `${session}/execute/async`, { script, args }),
    until,
    /** How long a script may take, in ms. */
    patience: (ms) => call('POST', `${session}/timeouts`, { script: ms }),
    /** What the next file dialogs answer. */
    choose: (path) => writeFileSync(laptop.answers, `${path}\n`),
    picture: async (file) => writeFileSync(file, Buffer.from(await call('GET', `${session}/screenshot`), 'base64')),
    size: (width, height) => call('POST', `${session}/window/rect`, { width, height }),
    /** The process of the window. */
    process: () => (alive(driver.pid) ? children(driver.pid).find((pid) => name(pid) === 'tessera-desktop'.slice(0, 15)) : undefined),
    /** Waits until the window is gone by itself. */
    ended: async function ended() {
      const pid = this.process();
      await until('the end of the window', () => pid === undefined || !alive(pid));
    },
    /** Ends everything at once, as a power cut does. */
    cut: async function cut() {
      const pid = this.process();
      process.kill(pid, 'SIGKILL');
      await until('the end of the window', () => !alive(pid));
      letGo('SIGKILL');
    },
    close: async function close() {
      const pid = this.process();
      // A window that was ended already has no session.
      await call('DELETE', session).catch(() => undefined);
      await until('the end of the window', () => pid === undefined || !alive(pid));
      letGo('SIGTERM');
    },
  };
}

function children(parent) {
  const direct = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  return direct.flatMap((pid) => [pid, ...children(pid)]);
}

function name(pid) {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

/** False once nothing of a process is left: the first of its threads may be gone while another still waits for the disk. */
function alive(pid) {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ') || readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}
