// What the browser checks and the pictures share: the built interface on a free port under the policy of the window, and a
// browser that speaks to nobody else. Not the checks.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../dist-memory', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2', '.png': 'image/png', '.svg': 'image/svg+xml' };
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' page: http://page.localhost; connect-src 'self'; base-uri 'none'; form-action 'none'";
const FLAGS = ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A moment at which every picture is taken, so that "3 days ago" stays so. */
export const NOW = new Date('2027-02-10T09:30:00Z');

export async function screens() {
  return JSON.parse(await readFile(new URL('../screens.json', import.meta.url), 'utf8'));
}

/** Serves the build; gives its address and how to stop. */
export async function serve() {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    const file = join(root, path === '/' ? 'index.html' : path);
    readFile(file).then(
      (body) => response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { address: `http://127.0.0.1:${server.address().port}/`, stop: () => server.close() };
}

export function browser() {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
}

/** Opens a screen in a state, does its steps, and waits until it stands still. */
export async function show(page, address, screen, { language, theme, size = 100 }) {
  await page.clock.setFixedTime(NOW);
  const query = new URLSearchParams({ scenario: screen.scenario, language, theme, size: String(size), ...(screen.fail ? { fail: screen.fail } : {}), step: screen.slow ? '60000' : '20' });
  await page.goto(`${address}?${query}${screen.route ?? ''}`);
  await page.locator(screen.ready ?? 'h1').first().waitFor();
  for (const [act, target, value] of screen.steps ?? []) {
    if (act === 'press') await page.keyboard.press(target);
    else if (act === 'fill') await page.locator(target).first().fill(value);
    else if (act === 'select') await page.locator(target).first().selectOption(value);
    else if (act === 'wait') await page.locator(target).first().waitFor();
    else if (act === 'tap') {
      // Only where the window is small enough to have it.
      if ((await page.locator(target).count()) > 0) await page.locator(target).first().click();
    } else if (act === 'drop') await drop(page, target);
    else await page.locator(target).first().click();
  }
  await page.evaluate(() => document.fonts.ready);
}

/** Drops a file of this name on the page. */
async function drop(page, name) {
  await page.evaluate((name) => {
    const carried = new DataTransfer();
    carried.items.add(new File(['x'], name));
    window.dispatchEvent(new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true }));
  }, name);
}

/** Does the work for each of the list, a few at a time. */
export async function each(list, many, work) {
  const rest = [...list];
  await Promise.all(Array.from({ length: many }, async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await work(next);
  }));
}
