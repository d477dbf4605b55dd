// A whole number in a field: what is none is kept as it was typed, and is named as an error. Not the field (`Field.svelte`).

const MOST = 10_000;

export class Whole {
  typed = $state('');
  readonly least: number;
  readonly optional: boolean;

  constructor(value: number | null, least: number, optional = false) {
    this.typed = value === null ? '' : String(value);
    this.least = least;
    this.optional = optional;
  }

  /** A field of numbers hands over a number, and null where it is empty. */
  get #text(): string {
    return String((this.typed as string | number | null) ?? '').trim();
  }

  get value(): number | null {
    const text = this.#text;
    return /^\d{1,5}$/.test(text) && Number(text) >= this.least && Number(text) <= MOST ? Number(text) : null;
  }

  get wrong(): boolean {
    return this.value === null && !(this.optional && this.#text === '');
  }
}
