// What was dropped or opened and waits for its turn: files that came before somebody unlocked, answers until the screen of people
// admits them, invitations until nothing is open that they would close. Not what is done with them.
import type { Dropped } from '../backend/contract';

/** Under which name invitations outlast the page, which goes with a lock; the window keeps nothing of it on disk. */
const PARKED = 'tessera.invitations';

class Given {
  /** The last that came while everything was locked. */
  #locked: Dropped | null = null;
  /** Where answers to invitations are. */
  answers = $state.raw<string[]>([]);
  /** Invitations that came while something else was open, the first one first. */
  invitations = $state.raw<string[]>([]);
  /** Whether it is asked what to do with the first of them. */
  asking = $state(false);
  /** Whether somebody said to begin with it once everything is locked. */
  begin = $state(false);

  /** True where it waits until somebody unlocks. */
  keep(what: Dropped): boolean {
    if (!['bundles', 'answers', 'intake'].includes(what.kind)) return false;
    // Several files that are opened at once come one by one.
    const before = this.#locked;
    const paths = (one: Dropped | null) => (one !== null && 'paths' in one ? one.paths : []);
    if (what.kind === 'bundles' || what.kind === 'answers') this.#locked = { kind: what.kind, paths: before?.kind === what.kind ? [...paths(before), ...what.paths] : what.paths };
    else this.#locked = what;
    return true;
  }

  take(): Dropped | null {
    const what = this.#locked;
    this.#locked = null;
    return what;
  }

  /** Keeps an invitation; opened twice, it waits once. */
  invite(text: string): void {
    if (!this.invitations.includes(text)) this.invitations = [...this.invitations, text];
  }

  /** The first invitation that waits, which does not wait any more. */
  takeInvitation(): string | null {
    const [first, ...others] = this.invitations;
    this.invitations = others;
    this.asking = false;
    this.begin = false;
    return first ?? null;
  }

  /** The page goes: what waits is there again on the next one. */
  park(): void {
    this.asking = false;
    const { invitations, begin } = this;
    if (invitations.length > 0) sessionStorage.setItem(PARKED, JSON.stringify({ invitations, begin }));
  }

  /** Takes back what was parked. */
  unpark(): void {
    const parked = sessionStorage.getItem(PARKED);
    sessionStorage.removeItem(PARKED);
    if (parked === null) return;
    const { invitations, begin } = JSON.parse(parked) as { invitations: string[]; begin: boolean };
    for (const text of invitations) this.invite(text);
    this.begin ||= begin;
  }

  /** The first answer that waits, which does not wait any more. */
  takeAnswer(): string | null {
    const [first, ...others] = this.answers;
    this.answers = others;
    return first ?? null;
  }
}

export const given = new Given();
