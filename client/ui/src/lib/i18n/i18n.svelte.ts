// Words for people: `t(key, params)` in the chosen language, ICU plurals included. Not dates and numbers (`format.ts`), and
// not what the engine says (`Sentence.svelte`).
import { IntlMessageFormat } from 'intl-messageformat';
import { areas as en } from './en';
import { accented } from './pseudo';

export const LANGUAGES = ['en', 'fr', 'es', 'ar', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number] | 'pseudo';
export type Key = keyof typeof en;
export type Params = Record<string, string | number | boolean>;

/** How each language calls itself. */
export const AUTONYMS: Record<Language, string> = {
  en: 'English',
  fr: 'Français',
  es: 'Español',
  ar: 'العربية',
  zh: '简体中文',
  pseudo: '[Ƥşéüđö]',
};

const loaders = import.meta.glob<Record<string, string>>('./{fr,es,ar,zh}/*.json', { import: 'default' });
/** First strong isolate, and pop: what stands between keeps its own direction. */
const ISOLATE = String.fromCharCode(0x2068);
const POP = String.fromCharCode(0x2069);
const RTL_TEXT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

let language = $state<Language>('en');
let messages = $state.raw<Record<string, string>>(en);
const compiled = new Map<string, IntlMessageFormat>();

/** The language that is shown. */
export function currentLanguage(): Language {
  return language;
}

/** The tag by which Intl formats: digits stay those of the scores everywhere. */
export function locale(): string {
  if (language === 'ar') return 'ar-u-nu-latn';
  if (language === 'zh') return 'zh-Hans';
  return language === 'pseudo' ? 'en' : language;
}

export function direction(of: Language = language): 'ltr' | 'rtl' {
  return of === 'ar' ? 'rtl' : 'ltr';
}

/** Shows another language, once its words are here. */
export async function setLanguage(next: Language): Promise<void> {
  const words: Record<string, string> = { ...en };
  if (next !== 'en' && next !== 'pseudo') {
    const files = Object.entries(loaders).filter(([path]) => path.startsWith(`./${next}/`));
    for (const part of await Promise.all(files.map(([, load]) => load()))) Object.assign(words, part);
  }
  compiled.clear();
  messages = words;
  language = next;
  if (typeof document !== 'undefined') {
    document.documentElement.lang = next === 'zh' ? 'zh-Hans' : next === 'pseudo' ? 'en' : next;
    document.documentElement.dir = direction(next);
  }
}

/** The words of a key. A name in another direction cannot turn the sentence around it. */
export function t(key: Key, params?: Params): string {
  return say(key, params) ?? key;
}

/** The words of a key that may not be there: codes of the engine and of failures. */
export function say(key: string, params?: Params): string | null {
  const pattern = messages[key];
  if (pattern === undefined) return null;
  let message = compiled.get(key);
  if (message === undefined) {
    message = new IntlMessageFormat(pattern, locale());
    if (language === 'pseudo') message = new IntlMessageFormat(accented(message.getAst()), 'en');
    compiled.set(key, message);
  }
  return String(message.format(params === undefined ? undefined : isolated(params)));
}

/** Keeps the direction of a text to itself. */
export function isolate(text: string): string {
  return text !== '' && (direction() === 'rtl' || RTL_TEXT.test(text)) ? ISOLATE + text + POP : text;
}

function isolated(params: Params): Params {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, typeof value === 'string' ? isolate(value) : value]));
}
