// One picture per screen, window size, language and theme, into `target/screens/` of the repository; fails where one is missing.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { browser, each, screens, serve, show } from './window.mjs';

const only = process.argv[2];
const folder = fileURLToPath(new URL('../../../target/screens/', import.meta.url));
const sizes = [{ width: 1280, height: 800 }, { width: 800, height: 600 }];
await mkdir(folder, { recursive: true });
const { address, stop } = await serve();
const chrome = await browser();
const missing = [];

const views = (await screens())
  .filter((screen) => only === undefined || screen.id.startsWith(only))
  .flatMap((screen) => sizes.flatMap((size) => ['en', 'ar'].flatMap((language) => ['light', 'dark'].map((theme) => ({ screen, size, language, theme })))));

await each(views, 3, async ({ screen, size, language, theme }) => {
  const name = `${screen.id}-${size.width}x${size.height}-${language}-${theme}.png`;
  const page = await chrome.newPage({ viewport: size, reducedMotion: 'reduce' });
  page.setDefaultTimeout(10_000);
  try {
    await show(page, address, screen, { language, theme });
    await page.screenshot({ path: `${folder}${name}` });
  } catch (error) {
    missing.push(`${name}: ${String(error).split('\n')[0]}`);
  }
  await page.close();
});

await chrome.close();
stop();
for (const each of missing) console.error(each);
console.log(`${views.length - missing.length} of ${views.length} pictures in ${folder}`);
process.exit(missing.length === 0 ? 0 : 1);
