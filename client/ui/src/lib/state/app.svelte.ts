// The application as a whole: who is unlocked, what was chosen for this device, the exchange in the frame, locking. Not what
// any screen shows.
import { backend } from '../backend';
import type { ExchangeState, Failure, Me, Preferences, Role, Standing } from '../backend/contract';
import { LANGUAGES, setLanguage, t, type Key, type Language } from '../i18n/i18n.svelte';
import { failure } from './failure';
import { given } from './given.svelte';
import { route } from './route.svelte';
import { toasts } from './toasts.svelte';

const DEFAULTS: Preferences = { language: null, theme: 'system', textSize: 100, idleLockMinutes: 15, hideTotal: false };

const PARTING = 'tessera.parting';

/** Said once nothing is open any more, on the page that follows. */
interface Parting {
  key: Key;
  params: Record<string, string>;
  tone: 'good' | 'bad';
}

class App {
  standing = $state.raw<Standing | null>(null);
  exchange = $state.raw<ExchangeState | null>(null);
  preferences = $state.raw<Preferences>(DEFAULTS);
  /** Why what is above could not be read, or not anew: what was read before stands. */
  failure = $state.raw<Failure | null>(null);
  /** What is said where an act under way closes the home. */
  parting: Parting | null = null;
  /** Whether what was written is not saved yet. */
  holding: () => boolean = () => false;
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
      const said = sessionStorage.getItem(PARTING);
      sessionStorage.removeItem(PARTING);
      if (said !== null) {
        const { key, params, tone } = JSON.parse(said) as Parting;
        toasts.say(() => t(key, params), tone);
      }
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
    const before = this.me?.memberId ?? null;
    try {
      this.standing = await backend.standing();
      // What one person did is not shown, or taken back, where that person is no longer.
      if (before !== null && before !== this.me?.memberId) toasts.clear();
      if (before !== null && this.me === null) this.#part();
      this.exchange = this.me === null ? null : await backend.exchangeState();
      this.failure = null;
    } catch (thrown) {
      this.failure = failure(thrown);
    }
  }

  /** What was read is in the page's memory too: it goes with the page, unless something is still to be saved. */
  #part(): void {
    if (this.holding()) return;
    given.park();
    if (this.parting !== null) sessionStorage.setItem(PARTING, JSON.stringify(this.parting));
    history.replaceState(null, '', location.pathname + location.search);
    backend.forget();
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
    await this.#closed();
  }

  /** The home that was open is not there any more: forgets everything that named it. */
  async gone(): Promise<void> {
    await route.forget();
    await this.#closed();
  }

  async #closed(): Promise<void> {
    this.settling = false;
    await this.refresh();
    if (this.me === null) return;
    // What could not be read anew must not stand here any more.
    this.standing = null;
    this.exchange = null;
    this.#part();
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
