// The application as a whole: who is unlocked, what was chosen for this device, the exchange in the frame, locking. Not what
// any screen shows.
import { backend } from '../backend';
import type { ExchangeState, Failure, Me, Preferences, Role, Standing } from '../backend/contract';
import { LANGUAGES, setLanguage, type Language } from '../i18n/i18n.svelte';
import { failure } from './failure';
import { route } from './route.svelte';

const DEFAULTS: Preferences = { language: null, theme: 'system', textSize: 100, idleLockMinutes: 10, hideTotal: false };

class App {
  standing = $state.raw<Standing | null>(null);
  exchange = $state.raw<ExchangeState | null>(null);
  preferences = $state.raw<Preferences>(DEFAULTS);
  failure = $state.raw<Failure | null>(null);
  /** A new home whose recovery sheet and check words are still to be shown. */
  settling = $state(false);

  get me(): Me | null {
    return this.standing?.open ?? null;
  }

  has(role: Role): boolean {
    return this.me?.roles.includes(role) ?? false;
  }

  /** Reads everything for the first time; gives back how to stop listening. */
  async start(): Promise<() => void> {
    try {
      this.preferences = await backend.preferences();
      await this.#show();
      await this.refresh();
    } catch (thrown) {
      this.failure = failure(thrown);
    }
    const system = window.matchMedia('(prefers-color-scheme: dark)');
    const follow = () => void this.#show();
    system.addEventListener('change', follow);
    const stop = backend.onChanged(() => void this.refresh());
    return () => {
      system.removeEventListener('change', follow);
      stop();
    };
  }

  async refresh(): Promise<void> {
    try {
      this.standing = await backend.standing();
      this.exchange = this.me === null ? null : await backend.exchangeState();
      this.failure = null;
    } catch (thrown) {
      this.failure = failure(thrown);
    }
  }

  /** A home was opened or made. */
  async opened(settling: boolean): Promise<void> {
    this.settling = settling;
    await this.refresh();
  }

  /** Saves what is being written, then forgets everything. */
  async lock(): Promise<void> {
    await route.forget();
    await backend.lock();
    this.settling = false;
    await this.refresh();
  }

  async prefer(change: Partial<Preferences>): Promise<void> {
    this.preferences = { ...this.preferences, ...change };
    await this.#show();
    await backend.savePreferences(this.preferences);
  }

  async #show(): Promise<void> {
    const { theme, textSize } = this.preferences;
    const dark = theme === 'dark' || (theme === 'system' && window.matchMedia('(prefers-color-scheme: dark)').matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    document.documentElement.style.setProperty('--zoom', String(textSize / 100));
    await setLanguage(chosen(this.preferences.language));
  }
}

/** The language that was chosen, else the first of the system's that there is. */
function chosen(language: string | null): Language {
  if (language === 'pseudo') return 'pseudo';
  const wanted = language === null ? navigator.languages : [language];
  for (const tag of wanted) {
    const found = LANGUAGES.find((each) => tag.toLowerCase().startsWith(each));
    if (found !== undefined) return found;
  }
  return 'en';
}

export const app = new App();
