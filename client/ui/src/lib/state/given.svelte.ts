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
    this.#locked = what;
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
