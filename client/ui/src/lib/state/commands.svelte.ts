// What can be done from the keyboard at this moment: the commands of the palette and the shortcuts that are shown under "?".
// Not the keys of a single control.
import { untrack } from 'svelte';
import type { Key } from '../i18n/i18n.svelte';

export interface Command {
  id: string;
  label: string;
  /** As it is pressed: `Ctrl+K`, `n`, `Alt+ArrowRight`. */
  keys?: string;
  run: () => void;
}

/** Keys that a screen explains and a control handles itself. */
export interface Hint {
  label: Key;
  keys: string;
}

class Commands {
  #sets = $state.raw<{ commands: () => Command[]; hints: Hint[] }[]>([]);
  paletteOpen = $state(false);
  helpOpen = $state(false);

  /** Offers commands while a component lives: for `$effect(() => commands.offer(…))`. */
  offer(list: () => Command[], hints: Hint[] = []): () => void {
    const set = { commands: list, hints };
    // Offering is not looking: the effect that offers must not run again for it.
    this.#sets = [...untrack(() => this.#sets), set];
    return () => {
      this.#sets = untrack(() => this.#sets).filter((other) => other !== set);
    };
  }

  get all(): Command[] {
    return this.#sets.flatMap((set) => set.commands());
  }

  get hints(): Hint[] {
    return this.#sets.flatMap((set) => set.hints);
  }

  /** Runs the command of a key that was pressed; whether there is one. */
  press(event: KeyboardEvent): boolean {
    // What is asked in a dialog is answered there; locking is always at hand.
    if (document.querySelector('dialog[open]') !== null && !matches('Ctrl+l', event, false)) return false;
    const typed = isTyping(event.target);
    const command = this.all.find((each) => each.keys !== undefined && matches(each.keys, event, typed));
    if (command === undefined) return false;
    event.preventDefault();
    command.run();
    return true;
  }
}

/** Whether keys go into a text just now. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'range'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

function matches(keys: string, event: KeyboardEvent, typed: boolean): boolean {
  const parts = keys.split('+');
  const key = parts.at(-1) ?? '';
  const ctrl = parts.includes('Ctrl');
  const alt = parts.includes('Alt');
  if (typed && !ctrl && !alt) return false;
  return event.key.toLowerCase() === key.toLowerCase() && (event.ctrlKey || event.metaKey) === ctrl && event.altKey === alt;
}

export const commands = new Commands();
