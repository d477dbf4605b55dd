// Where the person is: one typed route, kept in the fragment of the address. Not a router: no nesting, no loading of code.

/** Every place, with what it names in braces of a path. */
const PATHS = {
  home: '/home',
  review: '/review/:application/:round',
  reviewPage: '/review/:application/:round/:file/:page',
  consistency: '/consistency',
  compare: '/compare/:round/:one/:other',
  exchange: '/exchange',
  search: '/search',
  settings: '/settings',
  board: '/board',
  intake: '/intake',
  entry: '/intake/entry/:id',
  missing: '/intake/missing',
  duplicates: '/intake/duplicates',
  pair: '/intake/duplicates/:one/:other',
  eligibility: '/eligibility',
  verdicts: '/eligibility/table',
  ownScores: '/scores',
  theirScores: '/scores/theirs',
  conflicts: '/conflicts',
  application: '/application/:id',
  typing: '/application/:id/type/:file',
  applicationPage: '/application/:id/:file/:page',
  assignment: '/assignment',
  record: '/application/:id/record',
  exports: '/exports',
  queue: '/queue',
  moderation: '/moderation',
  ranking: '/ranking',
  agreement: '/agreement',
  shares: '/shares',
  programme: '/programme',
  people: '/people',
  access: '/access',
} as const;

export type ScreenName = keyof typeof PATHS;
type Names<P extends string> = P extends `${string}:${infer N}/${infer R}` ? N | Names<R> : P extends `${string}:${infer N}` ? N : never;
export type ParamsOf<S extends ScreenName> = Record<Names<(typeof PATHS)[S]>, string>;
export type Route = { [S in ScreenName]: { screen: S; params: ParamsOf<S> } }[ScreenName];

/** A place whose parameters are not known one by one. */
interface Place {
  screen: ScreenName;
  params: Record<string, string>;
}

type Leaving = () => void | Promise<void>;

class Router {
  /** Where the person is; null: nowhere yet, the shell chooses. */
  current = $state<Route | null>(null);
  #leaving = new Set<Leaving>();
  #hash = '';

  constructor() {
    this.#read();
    window.addEventListener('hashchange', () => {
      if (window.location.hash !== this.#hash) this.#read();
    });
  }

  /** Goes elsewhere, after what was being written is saved. */
  async go<S extends ScreenName>(screen: S, ...params: keyof ParamsOf<S> extends never ? [] : [ParamsOf<S>]): Promise<void> {
    // Where nothing is being written it is there at once: who asks next knows of it.
    if (this.#leaving.size > 0) await this.leave();
    const next = href(screen, ...params);
    window.location.hash = next;
    this.#read();
  }

  /** Is asked before every step away; gives back how to stop asking. */
  onLeave(leave: Leaving): () => void {
    this.#leaving.add(leave);
    return () => this.#leaving.delete(leave);
  }

  /** Saves what is being written; stays where it is. */
  async leave(): Promise<void> {
    await Promise.all([...this.#leaving].map((leave) => leave()));
  }

  /** Forgets the place: after a lock nothing names an application. */
  async forget(): Promise<void> {
    await this.leave();
    history.replaceState(null, '', window.location.pathname + window.location.search);
    this.#hash = '';
    this.current = null;
  }

  #read(): void {
    this.#hash = window.location.hash;
    this.current = parse(window.location.hash) as Route | null;
  }
}

/** The fragment of a place, for links. */
export function href<S extends ScreenName>(screen: S, ...params: keyof ParamsOf<S> extends never ? [] : [ParamsOf<S>]): string {
  const values: Record<string, string> = params[0] ?? {};
  return `#${PATHS[screen].replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))}`;
}

/** Reads a fragment; null where it names no place. */
export function parse(hash: string): Place | null {
  const parts = hash.replace(/^#\//, '').split('/');
  for (const [screen, path] of Object.entries(PATHS)) {
    const pattern = path.slice(1).split('/');
    if (pattern.length !== parts.length) continue;
    const params: Record<string, string> = {};
    const fits = pattern.every((piece, at) => {
      const part = parts[at] ?? '';
      if (!piece.startsWith(':')) return piece === part;
      params[piece.slice(1)] = decodeURIComponent(part);
      return part !== '';
    });
    if (fits) return { screen: screen as ScreenName, params };
  }
  return null;
}

export const route = new Router();
