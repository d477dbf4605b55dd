// What was dropped or opened and waits for its turn: files that came before somebody unlocked, answers until the screen of people
// admits them. Not what is done with them.
import type { Dropped } from '../backend/contract';

class Given {
  /** The last that came while everything was locked. */
  #locked: Dropped | null = null;
  /** Where answers to invitations are. */
  answers = $state.raw<string[]>([]);

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

  takeAnswers(): string[] {
    const answers = this.answers;
    this.answers = [];
    return answers;
  }
}

export const given = new Given();
