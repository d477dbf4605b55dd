// Words: every language has every key with the same parameters, every key is used, nothing was left in English, and no
// component says anything that did not go through `t`.
import { IntlMessageFormat } from 'intl-messageformat';
import { expect, test } from 'vitest';
import { areas as en } from './en';
import { LANGUAGES, say, setLanguage, t } from './i18n.svelte';
import { parameters } from './parameters';

const files = import.meta.glob<Record<string, string>>('./*/*.json', { import: 'default', eager: true });
const sources: Record<string, string> = import.meta.glob('../../**/*.{svelte,ts}', { query: '?raw', import: 'default', eager: true });
const components = Object.entries(sources).filter(([path]) => path.endsWith('.svelte'));
const code = Object.entries(sources).filter(([path]) => !path.endsWith('.test.ts')).map(([, text]) => text).join('\n');

/** Words that every area may take, whether or not one does. */
const SHARED = /^(common|nav|role)\./;

/** Words that are the same in several languages, and rightly so. */
const SAME = /^(common|nav|role)\.|^settings\.(about|minutes)$/;

function words(language: string): Record<string, string> {
  return Object.assign({}, ...Object.entries(files).filter(([path]) => path.startsWith(`./${language}/`)).map(([, part]) => part)) as Record<string, string>;
}

test.each(LANGUAGES)('%s has every key, with its parameters', (language) => {
  const own = words(language);
  expect(Object.keys(own).sort()).toEqual(Object.keys(en).sort());
  for (const [key, english] of Object.entries(en)) {
    const theirs = parameters(new IntlMessageFormat(own[key] ?? '', language).getAst()).keys();
    const ours = parameters(new IntlMessageFormat(english, 'en').getAst()).keys();
    expect([...theirs].sort(), `${language} ${key}`).toEqual([...ours].sort());
  }
});

test.each(LANGUAGES.filter((language) => language !== 'en'))('%s is translated', (language) => {
  const own = words(language);
  const left = Object.entries(en).filter(([key, english]) => own[key] === english && english.split(' ').length > 2 && !SAME.test(key));
  expect(left).toEqual([]);
});

test('every key is used', () => {
  // Keys made of a stem and a code: `t(`state.${…}`)`.
  const stems = [...code.matchAll(/[`'"]([a-z-]+(?:\.[a-z-]+)*\.)\$\{/g)].map((match) => match[1] ?? '');
  const unused = Object.keys(en).filter((key) => !SHARED.test(key) && !code.includes(`'${key}'`) && !stems.some((stem) => key.startsWith(stem)));
  expect(unused).toEqual([]);
});

test('every key that is asked for is there', () => {
  const asked = [...code.matchAll(/\bt\('([^']+)'/g)].map((match) => match[1] ?? '');
  expect(asked.filter((key) => !(key in en))).toEqual([]);
});

test('no component says anything without t()', () => {
  const found = components.flatMap(([path, source]) => {
    const markup = source.replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g, '');
    // Expressions and the values of attributes go first, innermost braces first.
    let bare = markup;
    for (let before = ''; before !== bare; ) {
      before = bare;
      bare = bare.replace(/\{[^{}]*\}/g, '');
    }
    const texts = [...bare.replace(/<kbd[^>]*>.*?<\/kbd>/g, '').replace(/=>/g, '').matchAll(/>([^<>]+)</g)].map((match) => match[1]?.trim() ?? '');
    const labels = [...bare.matchAll(/\b(?:aria-label|title|placeholder|alt|label)="([^"]+)"/g)].map((match) => match[1] ?? '');
    return [...texts, ...labels].filter((text) => /\p{L}{2}/u.test(text) && text !== 'Tessera').map((text) => `${path}: ${text}`);
  });
  expect(found).toEqual([]);
});

test('plurals, isolation and the pseudo-locale', async () => {
  expect(t('shell.outbox', { count: 1 })).toBe('1 in outbox');
  await setLanguage('ar');
  expect(t('shell.outbox', { count: 2 })).toBe('اثنان في صندوق الصادر');
  await setLanguage('pseudo');
  expect(t('shell.outbox', { count: 3 })).toMatch(/^\[3 .*·+\]$/);
  await setLanguage('en');
  expect(t('shell.go', { place: 'ليلى' })).toBe('Go to: \u2068ليلى\u2069');
  expect(say('error.of-nobody')).toBeNull();
});

test('figures and codes that come as text fill a message, and a key stays as it is written', async () => {
  const left = { count: '2', why: 'after-close' };
  expect(say('engine.not-counted', left)).toBe('2 reviews do not count: came after the round was closed.');
  expect(say('engine.not-counted', { count: '1', why: 'unheard-of' })).toBe('One review does not count: unheard-of.');
  expect(say('engine.not-counted', { count: '1' })).toBeNull();
  expect(say('engine.total-unknown', { application: '1.10' })).toBe('1.10: too little was answered for a total.');
  expect(say('engine.agreement-good', { criterion: 'Merit', alpha: '0.80' })).toBe('Readers agree well on Merit: alpha 0.8.');
  await setLanguage('ar');
  expect(say('engine.not-counted', left)).toBe('تقييمان لا يُحتسبان: وصلت بعد إغلاق الجولة.');
  await setLanguage('en');
});
