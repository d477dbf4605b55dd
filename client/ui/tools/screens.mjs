// One picture per screen, window size, language and theme, into `target/screens/` of the repository; fails where one is missing.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { browser, each, screens, serve, show } from './window.mjs';

const only = process.argv.slice(2);
const folder = fileURLToPath(new URL('../../../target/screens/', import.meta.url));
const sizes = [{ width: 1280, height: 800 }, { width: 800, height: 600 }];
await mkdir(folder, { recursive: true });
const { address, stop } = await serve();
const chrome = await browser();
const missing = [];

const views = (await screens())
  .filter((screen) => only.length === 0 || only.some((prefix) => screen.id.startsWith(prefix)))
  .flatMap((screen) => sizes.map((size) => ({ screen, size })));
let made = 0;

await each(views, 2, async ({ screen, size }) => {
  const page = await chrome.newPage({ viewport: size, reducedMotion: 'reduce' });
  page.setDefaultTimeout(20_000);
  const name = `${screen.id}-${size.width}x${size.height}`;
  try {
    await show(page, address, screen, { language: 'en', theme: 'light' });
    for (const language of ['en', 'ar']) {
      for (const theme of ['light', 'dark']) {
        await page.evaluate((change) => window.app.prefer(change), { language, theme });
        await page.evaluate(() => document.fonts.ready);
        await page.screenshot({ path: `${folder}${name}-${language}-${theme}.png` });
        made += 1;
      }
    }
  } catch (error) {
    missing.push(`${name}: ${String(error).split('\n')[0]}`);
  }
  await page.close();
});

await chrome.close();
stop();
for (const each of missing) console.error(each);
console.log(`${made} of ${views.length * 4} pictures in ${folder}`);
process.exit(missing.length === 0 ? 0 : 1);
