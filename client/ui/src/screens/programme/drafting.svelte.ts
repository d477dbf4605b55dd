// The draft of a definition while somebody types: every change is kept on the device, one write at a time, the last one winning, and
// tried again where it fails; what it lacks comes back with each; what was changed can be undone. Not the published programme.
import { untrack } from 'svelte';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { backend } from '../../lib/backend';
import type { Failure, FindingLine, ProgrammeDraft } from '../../lib/backend/contract';
import { SaveQueue, whoIsHere } from '../reviewer/save-queue.svelte';
import { foundAt, parse, type Definition } from './definition';

/** What is typed without a pause of this length is one change. */
const PAUSE_MS = 1000;
const MOST_STEPS = 100;

/** A part that is being added: what is typed of it so far. */
export class Adding {
  name = $state('');
  /** The key, where it was typed and is not made of the name. */
  key = $state<string | null>(null);
  kind = $state<string | null>(null);
  /** Answers to choose from, one a line. */
  answers = $state('');
}

/** The one that is written to the device, by whose it is: what is left of an earlier one is written no more. */
const last = new Map<string, Drafting>();

/** What was typed before and could not be kept yet goes on; else a draft is taken up as it is on the device. */
export function takeUp(draft: ProgrammeDraft, published?: string): Drafting {
  const before = here();
  return before?.saving.unsaved ? before : new Drafting(draft, published);
}

/** What is drafted in the programme that is open. */
export const here = (): Drafting | undefined => last.get(whoIsHere());

/** The draft is gone, or another one took its place on the device: nothing more of it is written. */
export function letGo(): void {
  last.delete(whoIsHere());
}

export class Drafting {
  readonly saving = new SaveQueue(() => this.#write(), () => [JSON.stringify(this.definition, null, 2)]);
  definition = $state<Definition>(parse('{}'));
  findings = $state.raw<FindingLine[]>([]);
  saved = $state(true);
  /** How often something was undone or done again: fields that keep what is typed begin anew with it. */
  turn = $state(0);
  /** The parts that are unfolded, by section and key. */
  readonly unfolded = new SvelteSet<string>();
  /** Parts that are being added, by section: they stay open when something else is undone. */
  readonly adding = new SvelteMap<string, Adding>();
  readonly #keys = new SvelteMap<string, Set<string>>();
  #past = $state.raw<string[]>([]);
  #future = $state.raw<string[]>([]);
  #seen = '';
  #changed = 0;
  /** Where the last letter was typed. */
  #place = 0;
  #written = '';

  constructor(draft: ProgrammeDraft, published: string | null = null) {
    last.set(this.saving.whose, this);
    if (published !== null) this.#note(parse(published));
    this.take(draft);
  }

  /** Keys of a section, or of a field's answers, that are or were: one has one meaning for ever. */
  taken(section: string): string[] {
    return [...(this.#keys.get(section) ?? [])];
  }

  #note(it: Definition): void {
    const note = (section: string, parts: { key: string }[]) => this.#keys.set(section, new Set([...(this.#keys.get(section) ?? []), ...parts.map(({ key }) => key)]));
    for (const section of ['criterion', 'gate', 'field', 'attachment', 'round'] as const) note(section, it[section] ?? []);
    for (const field of it.field ?? []) note(`options.${field.key}`, field.options);
  }

  take(draft: ProgrammeDraft): void {
    this.definition = parse(draft.definition);
    this.#note(this.definition);
    this.findings = draft.findings;
    this.#written = JSON.stringify(this.definition);
    this.#seen = this.#written;
  }

  /** Keeps what changed: for `$effect(() => drafting.follow())`. */
  follow(): void {
    const now = JSON.stringify(this.definition);
    untrack(() => {
      if (now !== this.#seen) this.#remember(now);
      // What is being written just now may be something else.
      if (this.saved && now === this.#written) return;
      this.saved = false;
      this.saving.change();
      void this.saving.flush();
    });
  }

  get failure(): Failure | null {
    return this.saving.failure;
  }

  get blocking(): FindingLine[] {
    return this.findings.filter(({ blocks }) => blocks);
  }

  /** How many things are to be done at a place and beneath it. */
  inside(stem: string): number {
    return this.blocking.filter(({ at }) => at === stem || at.startsWith(`${stem}.`)).length;
  }

  at(place: string): FindingLine | undefined {
    return foundAt(this.findings, place);
  }

  get undoable(): boolean {
    return this.#past.length > 0;
  }

  get redoable(): boolean {
    return this.#future.length > 0;
  }

  undo(): void {
    const last = this.#past.at(-1);
    if (last === undefined) return;
    this.#past = this.#past.slice(0, -1);
    this.#future = [...this.#future, this.#seen];
    this.#turn(last);
  }

  redo(): void {
    const next = this.#future.at(-1);
    if (next === undefined) return;
    this.#future = this.#future.slice(0, -1);
    this.#past = [...this.#past, this.#seen];
    this.#turn(next);
  }

  #turn(text: string): void {
    this.#seen = text;
    this.#changed = 0;
    this.definition = parse(text);
    this.turn += 1;
  }

  /** One step of the past for what is typed in one go, and for every box that is ticked and every part that comes, goes or moves. */
  #remember(now: string): void {
    const at = Date.now();
    const place = typedAt(this.#seen, now);
    const sameGo = place !== null && at - this.#changed < PAUSE_MS && Math.abs(place - this.#place) <= 2;
    if (!sameGo) this.#past = [...this.#past, this.#seen].slice(-MOST_STEPS);
    this.#changed = place === null ? 0 : at;
    this.#place = place ?? 0;
    this.#future = [];
    this.#seen = now;
    this.#note(this.definition);
  }

  async #write(): Promise<void> {
    if (last.get(this.saving.whose) !== this) return;
    const now = JSON.stringify(this.definition);
    const findings = await backend.draftProgramme(now);
    this.findings = findings;
    this.#written = now;
    this.saved = now === JSON.stringify(this.definition) && !findings.some(({ code }) => code === 'refused');
  }
}

/** Where one letter came or went, and nothing else; null where it was another change. */
export function typedAt(before: string, now: string): number | null {
  const [short, long] = before.length < now.length ? [before, now] : [now, before];
  let place = 0;
  while (place < short.length && short[place] === long[place]) place += 1;
  const more = long.length - short.length;
  // A line break or a quotation mark is written as two signs, a letter of some scripts is two.
  const one = more === 1 || (more === 2 && /^(\\.|[\ud800-\udbff][\udc00-\udfff])$/.test(long.slice(place, place + 2)));
  return one && long.slice(place + more) === short.slice(place) ? place : null;
}
