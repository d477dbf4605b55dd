// Words for people: `t(key, params)` in the chosen language, ICU plurals included. Not dates and numbers (`format.ts`), and
// not what the engine says (`Sentence.svelte`).
import { IntlMessageFormat } from 'intl-messageformat';
import { areas as en } from './en';
import { figure, parameters } from './parameters';
import { accented } from './pseudo';

export const LANGUAGES = ['en', 'fr', 'es', 'ar', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number] | 'pseudo';
export type Key = keyof typeof en;
export type Params = Record<string, string | number | boolean>;
/** A message, and what it asks of its parameters. */
interface Ready { message: IntlMessageFormat; uses: ReturnType<typeof parameters> }

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
const compiled = new Map<string, Ready>();

/** The language that is shown. */
export function currentLanguage(): Language {
  return language;
}

/** The tag by which Intl formats: digits stay those of the scores everywhere. */
export function locale(of: Language = language): string {
  if (of === 'ar') return 'ar-u-nu-latn';
  if (of === 'zh') return 'zh-Hans';
  return of === 'pseudo' ? 'en' : of;
}

export function direction(of: Language = language): 'ltr' | 'rtl' {
  return of === 'ar' ? 'rtl' : 'ltr';
}

/** The words of a language, English where it has none. */
async function wordsOf(next: Language): Promise<Record<string, string>> {
  const words: Record<string, string> = { ...en };
  if (next !== 'en' && next !== 'pseudo') {
    const files = Object.entries(loaders).filter(([path]) => path.startsWith(`./${next}/`));
    for (const part of await Promise.all(files.map(([, load]) => load()))) Object.assign(words, part);
  }
  return words;
}

/** Says things in a language, whichever one is shown. */
export interface Speaker {
  locale: string;
  t(key: Key, params?: Params): string;
  say(key: string, params?: Params): string | null;
}

/** Words for what is written to others, in the language of a tag (`fr`, `zh-Hans`); English where it is none of ours. */
export async function speaker(tag: string): Promise<Speaker> {
  const of = LANGUAGES.find((each) => each === tag.split('-')[0]) ?? 'en';
  const words = await wordsOf(of);
  const say = (key: string, params?: Params): string | null => {
    const pattern = words[key];
    if (pattern === undefined) return null;
    const message = new IntlMessageFormat(pattern, locale(of));
    return String(message.format(params === undefined ? undefined : filled(params, parameters(message.getAst()), of)));
  };
  return { locale: locale(of), say, t: (key, params) => say(key, params) ?? key };
}

/** Shows another language, once its words are here. */
export async function setLanguage(next: Language): Promise<void> {
  const words = await wordsOf(next);
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
  const ready = readied(key);
  return ready === null ? key : formatted(ready, params);
}

/** The words of a key that may not be there, or may ask for what was not given: codes of the engine and of failures. */
export function say(key: string, params: Params = {}): string | null {
  const ready = readied(key);
  return ready === null || [...ready.uses.keys()].some((name) => params[name] === undefined) ? null : formatted(ready, params);
}

function readied(key: string): Ready | null {
  const pattern = messages[key];
  if (pattern === undefined) return null;
  let ready = compiled.get(key);
  if (ready === undefined) {
    let message = new IntlMessageFormat(pattern, locale());
    const uses = parameters(message.getAst());
    if (language === 'pseudo') message = new IntlMessageFormat(accented(message.getAst()), 'en');
    ready = { message, uses };
    compiled.set(key, ready);
  }
  return ready;
}

function formatted({ message, uses }: Ready, params?: Params): string {
  return String(message.format(params === undefined ? undefined : filled(params, uses)));
}

/** Keeps the direction of a text to itself. */
export function isolate(text: string, of: Language = language): string {
  return text !== '' && (direction(of) === 'rtl' || RTL_TEXT.test(text)) ? ISOLATE + text + POP : text;
}

/** Texts keep their direction to themselves; a word that is chosen by stays bare, a figure becomes one. */
function filled(params: Params, uses: Ready['uses'], of: Language = language): Params {
  const fill = (name: string, value: Params[string]) => {
    const use = uses.get(name);
    if (typeof value !== 'string') return value;
    if (use === 'number') return figure(value);
    const word = value.replaceAll('-', '_');
    return use instanceof Set && use.has(word) ? word : isolate(value, of);
  };
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, fill(name, value)]));
}
