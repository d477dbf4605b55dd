// The form as a coordinator fills it for an applicant: what is typed, what is wrong with it. What is typed is kept in the home until it
// is taken in. Not whether it is right: Rust says.
import { backend } from '../../lib/backend';
import type { Entered, EntryField, EntryForm, EntryTyped, ProblemView } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';
import { Held, SaveQueue } from '../reviewer/save-queue.svelte';

type Way = 'mail' | 'form';
const NOTHING: EntryTyped = { key: null, route: null, answers: {} };

const held = new Held<EntryDesk>();

export class EntryDesk {
  form = $state.raw<EntryForm | null>(null);
  /** What is typed and not taken in: only what differs from what is here. */
  typed = $state.raw<EntryTyped>(NOTHING);
  /** Whether the form began with what was typed before. */
  resumed = $state(false);
  entered = $state.raw<Entered | null>(null);
  loading = new Act();
  saving = new Act();
  readonly keeping: SaveQueue;
  answers = $derived({ ...valuesOf(this.form), ...this.typed.answers });
  /** Puts back the answers that were changed last; null where there is nothing to put back. */
  back: (() => Promise<void>) | null = null;

  constructor(readonly application: string | null) {
    this.keeping = new SaveQueue(() => backend.keepEntry(application, this.typed), () => Object.values(this.typed.answers));
  }

  /** The form of an application, or of a new one: the one that holds something unsaved, else as it is on this device. */
  static at(application: string | null): EntryDesk {
    return held.at(nameOf(application), () => new EntryDesk(application));
  }

  /** Whether something that is typed is not kept. */
  get unsaved(): boolean {
    return this.keeping.unsaved;
  }

  get key(): string {
    return this.typed.key ?? this.form?.key ?? '';
  }

  set key(key: string) {
    this.#type({ ...this.typed, key });
  }

  get route(): Way {
    return this.typed.route === null ? wayOf(this.form) : this.typed.route === 'form' ? 'form' : 'mail';
  }

  set route(route: Way) {
    this.#type({ ...this.typed, route });
  }

  /** Reads the form; what is typed stays typed. */
  async load(): Promise<void> {
    await this.loading.run(() => this.#read());
  }

  answer(key: string, value: string): void {
    this.#type({ ...this.typed, answers: { ...this.typed.answers, [key]: value } });
  }

  /** Of several choices one is taken or left. */
  toggle(field: EntryField, option: string, on: boolean): void {
    const chosen = new Set((this.answers[field.key] ?? '').split(';').filter(Boolean));
    if (on) chosen.add(option);
    else chosen.delete(option);
    this.answer(field.key, field.options.map(({ key }) => key).filter((key) => chosen.has(key)).join(';'));
  }

  /** Forgets what is typed; gives how to put it back, wherever nothing was typed since. */
  discard(): () => Promise<void> {
    const before = this.typed;
    this.#type(NOTHING);
    this.resumed = false;
    return () => (held.find(nameOf(this.application)) ?? new EntryDesk(this.application)).#putBack(before);
  }

  problem(key: string): ProblemView | null {
    return this.entered?.refused.find((problem) => problem.column === key) ?? null;
  }

  /** Required answers that are empty. */
  get lacking(): EntryField[] {
    return (this.form?.fields ?? []).filter((field) => field.required && (this.answers[field.key] ?? '').trim() === '');
  }

  /** Takes it in; whether it is in. */
  async save(): Promise<boolean> {
    let done = false;
    const before = this.form;
    const given = { application: this.application, key: this.key.trim(), route: this.route, answers: this.answers };
    await this.keeping.flush();
    await this.saving.run(async () => {
      this.entered = await backend.enter(given);
      done = this.entered.application !== null;
    });
    if (!done) return false;
    this.back = before === null || this.application === null ? null : () => this.#put(before, given.answers);
    this.resumed = false;
    // What is changed next begins with what is here now; what was typed meanwhile stays.
    if (this.application !== null) await this.load();
    const { key, route, answers } = this.typed;
    const left = Object.entries(answers).filter(([field, typed]) => given.answers[field] !== typed);
    this.#type({ key: key?.trim() === given.key ? null : key, route: route === given.route ? null : route, answers: Object.fromEntries(left) });
    return true;
  }

  async #read(): Promise<void> {
    const form = await backend.entryForm(this.application);
    const before = this.form;
    this.form = form;
    this.typed = this.#differing(before === null ? form.typed : this.typed);
    if (before === null) this.resumed = this.typed !== NOTHING;
  }

  async #putBack(before: EntryTyped): Promise<void> {
    if (this.form === null) await this.#read();
    const { key, route, answers } = this.typed;
    this.#type({ key: key ?? before.key, route: route ?? before.route, answers: { ...before.answers, ...answers } });
    await this.keeping.mustFlush();
  }

  #type(typed: EntryTyped): void {
    this.typed = this.#differing(typed);
    this.keeping.change();
  }

  /** What of it differs from what is here. */
  #differing({ key, route, answers }: EntryTyped): EntryTyped {
    const here = valuesOf(this.form);
    const typed = Object.entries(answers).filter(([field, value]) => value !== (here[field] ?? ''));
    const [name, way] = [key === this.form?.key ? null : key, route === wayOf(this.form) ? null : route];
    return name === null && way === null && typed.length === 0 ? NOTHING : { key: name, route: way, answers: Object.fromEntries(typed) };
  }

  /** Writes those answers of a form as they were that are still as they were given: what was changed since stays. */
  async #put({ application, key, route, fields }: EntryForm, given: Record<string, string>): Promise<void> {
    const now = await backend.entryForm(application);
    const was = new Map(fields.map((field) => [field.key, field.value]));
    const answers = Object.fromEntries(now.fields.map((field) => [field.key, field.value === given[field.key] ? (was.get(field.key) ?? field.value) : field.value]));
    const entered = await backend.enter({ application, key, route: route === 'form' ? 'form' : 'mail', answers });
    const [wrong] = entered.refused;
    if (entered.application === null) throw { code: wrong?.code ?? 'bad-input', message: wrong?.text ?? '' };
    await this.load();
  }
}

const nameOf = (application: string | null): string => application ?? 'new';

function valuesOf(form: EntryForm | null): Record<string, string> {
  return Object.fromEntries((form?.fields ?? []).map((field) => [field.key, field.value]));
}

/** The way that a form begins with. */
function wayOf(form: EntryForm | null): Way {
  return form?.route === 'form' ? 'form' : 'mail';
}

/** How many words a text has, as the programme counts them. */
export function wordCount(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}
