// Short words at the foot of the window, also said to screen readers; an act that can be undone offers it here. Not errors
// that stop somebody's work: these stand where the work is.

export interface Toast {
  id: number;
  /** What is said; as a function where the words may still be on their way. */
  text: string | (() => string);
  tone: 'good' | 'warn' | 'bad';
  undo: (() => void) | null;
}

const SHOWN_MS = 6000;
/** So many of those that stay, for what can be taken back: the last ones. */
const MOST_UNDO = 3;

class Toasts {
  shown = $state<Toast[]>([]);
  /** Where they can be shown: the last place is on top, as a dialog covers what is beneath it. */
  places = $state.raw<symbol[]>([]);
  #next = 1;

  say(text: Toast['text'], tone: Toast['tone'] = 'good', undo: (() => void) | null = null): void {
    const id = this.#next++;
    this.shown.push({ id, text, tone, undo });
    // What can be undone stays until it is put away, or later ones take its place.
    if (undo === null && tone !== 'bad') setTimeout(() => this.close(id), SHOWN_MS);
    const old = this.shown.filter((toast) => toast.undo !== null).slice(0, -MOST_UNDO);
    this.shown = this.shown.filter((toast) => !old.includes(toast));
  }

  /** A place to show them opens; gives how to close it. */
  open(place: symbol): () => void {
    this.places = [...this.places, place];
    return () => (this.places = this.places.filter((one) => one !== place));
  }

  /** Forgets all: the person whose acts they were is no longer here. */
  clear(): void {
    this.shown = [];
  }

  close(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
