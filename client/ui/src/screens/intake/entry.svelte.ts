// The form as a coordinator fills it for an applicant: what is typed, what is wrong with it. Not whether it is right: Rust says.
import { backend } from '../../lib/backend';
import type { Entered, EntryField, EntryForm, ProblemView } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';

export class EntryDesk {
  form = $state.raw<EntryForm | null>(null);
  key = $state('');
  route = $state<'mail' | 'form'>('mail');
  answers = $state<Record<string, string>>({});
  entered = $state.raw<Entered | null>(null);
  loading = new Act();
  saving = new Act();
  touched = $state(false);
  /** Puts back the answers that were changed last; null where there is nothing to put back. */
  back: (() => Promise<void>) | null = null;

  constructor(readonly application: string | null) {}

  async load(): Promise<void> {
    await this.loading.run(async () => {
      const form = await backend.entryForm(this.application);
      this.form = form;
      this.key = form.key;
      this.route = form.route === 'form' ? 'form' : 'mail';
      this.answers = Object.fromEntries(form.fields.map((field) => [field.key, field.value]));
      this.touched = false;
    });
  }

  answer(key: string, value: string): void {
    this.answers = { ...this.answers, [key]: value };
    this.touched = true;
  }

  /** Of several choices one is taken or left. */
  toggle(field: EntryField, option: string, on: boolean): void {
    const chosen = new Set((this.answers[field.key] ?? '').split(';').filter(Boolean));
    if (on) chosen.add(option);
    else chosen.delete(option);
    this.answer(field.key, field.options.map(({ key }) => key).filter((key) => chosen.has(key)).join(';'));
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
    await this.saving.run(async () => {
      const before = this.form;
      const given = $state.snapshot(this.answers);
      this.entered = await backend.enter({ application: this.application, key: this.key.trim(), route: this.route, answers: given });
      done = this.entered.application !== null;
      if (!done) return;
      this.touched = false;
      this.back = before === null || this.application === null ? null : () => this.#put(before, given);
    });
    // What is changed next begins with what is here now.
    if (done && this.application !== null) await this.load();
    return done;
  }

  /** Writes those answers of a form as they were that are still as they were given: what was changed since stays. */
  async #put({ application, key, route, fields }: EntryForm, given: Record<string, string>): Promise<void> {
    const now = await backend.entryForm(application);
    const was = new Map(fields.map((field) => [field.key, field.value]));
    const answers = Object.fromEntries(now.fields.map((field) => [field.key, field.value === given[field.key] ? (was.get(field.key) ?? field.value) : field.value]));
    const entered = await backend.enter({ application, key, route: route === 'form' ? 'form' : 'mail', answers });
    const [wrong] = entered.refused;
    if (entered.application === null) throw { code: wrong?.code ?? 'bad-input', message: wrong?.text ?? '' };
    if (!this.touched) await this.load();
  }
}

/** How many words a text has, as the programme counts them. */
export function wordCount(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}
