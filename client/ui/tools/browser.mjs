// Every screen in a real browser: no accessibility violation in any of the five languages, nothing in the console, no sideways
// scrolling in a small window, in light and dark, from right to left, at twice the size and with words a third longer.
import { readFile } from 'node:fs/promises';
import { browser, each, screens, serve, show } from './window.mjs';

const only = process.argv[2];
const axe = await readFile(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const { address, stop } = await serve();
const chrome = await browser();
const others = ['fr', 'es', 'zh', 'ar'];
const all = (await screens()).filter((screen) => only === undefined || screen.id.startsWith(only));
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const findings = [];

/** Tells what an audit of the page as it stands finds. */
async function audit(page, say, options) {
  const { violations } = await page.evaluate((options) => window.axe.run(document, options), { resultTypes: ['violations'], ...options });
  for (const { id, nodes } of violations) {
    say(`${id}: ${nodes.slice(0, 2).map((node) => `${node.target} ${node.any[0]?.message ?? node.all[0]?.message ?? ''}`).join(' | ')}`);
  }
}

async function sideways(page, say) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (over > 0) say(`scrolls sideways by ${over} px`);
  const below = await page.evaluate(() => document.documentElement.scrollHeight - document.documentElement.clientHeight);
  if (below > 0) say(`the page itself scrolls by ${below} px, and takes its frame along`);
}

await each([...all.entries()], 2, async ([at, screen]) => {
  let mode = 'en light';
  const say = (what) => {
    const finding = `${screen.id} ${mode}: ${what}`;
    findings.push(finding);
    console.error(finding);
  };
  const page = await chrome.newPage({ viewport: { width: 800, height: 600 }, reducedMotion: 'reduce' });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) say(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => say(`error: ${error.message}`));
  page.setDefaultTimeout(20_000);
  /** Shows the same page otherwise, as the settings do. */
  const turn = async (language, theme, textSize = 100) => {
    mode = `${language} ${theme} ${textSize}%`;
    await page.evaluate((change) => window.app.prefer(change), { language, theme, textSize });
    await sideways(page, say);
  };
  try {
    await show(page, address, screen, { language: 'en', theme: 'light' });
    await sideways(page, say);
    await page.evaluate(axe);
    await audit(page, say, { runOnly: RULES });
    await turn('en', 'dark');
    await audit(page, say, { runOnly: { type: 'rule', values: ['color-contrast'] } });
    await turn('en', 'light', 200);
    await turn('pseudo', 'light');
    for (const [nth, language] of others.entries()) {
      await turn(language, (at + nth) % 2 === 0 ? 'light' : 'dark');
      await audit(page, say, { runOnly: RULES });
    }
  } catch (error) {
    say(String(error).split('\n').slice(0, 3).join(' '));
  }
  await page.close();
});

await chrome.close();
stop();
console.log(`${all.length} screens, each in eight ways: ${findings.length} findings`);
process.exit(findings.length === 0 ? 0 : 1);
