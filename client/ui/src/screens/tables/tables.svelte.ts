// A table that somebody takes in, in four steps: which file, what its columns are, what it would come to, and what came of it. Not
// what its rows are about: whoever uses it says how they are read.
import { backend } from '../../lib/backend';
import type { IntakeProgress, ProblemView, TableChoices, TableView, UnknownValue } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';

export const STEPS = ['choose', 'match', 'preview', 'done'] as const;
export type Step = (typeof STEPS)[number];

/** What every such table would come to, or came to. */
export interface TableReport {
  done: boolean;
  /** Somebody called it off; what was taken by then is taken. */
  stopped?: boolean;
  new: number;
  changed: number;
  same: number;
  refused: ProblemView[];
  refusedCount: number;
  /** Cells of which somebody can say what is meant. */
  unknown?: UnknownValue[];
}

/** Where the table is chosen, looked at, tried and taken. */
export interface TableSource<R extends TableReport> {
  choose: () => Promise<boolean>;
  table: (sheet: string | null) => Promise<TableView | null>;
  preview: (choices: TableChoices) => Promise<R>;
  take: (choices: TableChoices) => Promise<R>;
}

export class TableDesk<R extends TableReport> {
  step = $state<Step>('choose');
  table = $state.raw<TableView | null>(null);
  /** By column: the part that it is; empty: it is not read. */
  columns = $state<Record<string, string>>({});
  /** By part: what is meant by what stands in a cell. */
  values = $state<Record<string, Record<string, string>>>({});
  report = $state.raw<R | null>(null);
  progress = $state.raw<IntakeProgress | null>(null);
  /** Something was said since it was tried. */
  retry = $state(false);
  readonly looking = new Act();
  readonly working = new Act();
  #source: TableSource<R>;

  constructor(source: TableSource<R>) {
    this.#source = source;
  }

  /** Parts that several columns are. */
  get doubled(): Set<string> {
    const all = Object.values(this.columns).filter((part) => part !== '');
    return new Set(all.filter((part, at) => all.indexOf(part) !== at));
  }

  async choose(): Promise<void> {
    await this.looking.run(async () => {
      if (await this.#source.choose()) this.#adopt(await this.#source.table(null));
    });
  }

  async chooseSheet(sheet: string): Promise<void> {
    await this.looking.run(async () => this.#adopt(await this.#source.table(sheet)));
  }

  match(column: string, part: string): void {
    this.columns = { ...this.columns, [column]: part };
  }

  meaning(part: string, value: string, meant: string): void {
    this.values = { ...this.values, [part]: { ...this.values[part], [value]: meant } };
    this.retry = true;
  }

  /** Says what would come of it; nothing is changed. */
  try(): Promise<void> {
    return this.#work(async () => {
      this.report = await this.#source.preview(this.#choices());
      this.retry = false;
      this.step = 'preview';
    });
  }

  take(): Promise<void> {
    return this.#work(async () => {
      this.report = await this.#source.take(this.#choices());
      this.step = 'done';
    });
  }

  /** Something beside the table was chosen otherwise: what it would come to is not known any more. */
  changed(): void {
    this.retry = true;
  }

  /** Goes back to the columns; what was chosen stays. */
  back(): void {
    this.step = 'match';
    this.working.failure = null;
  }

  stop(): void {
    void backend.cancel();
  }

  #adopt(table: TableView | null): void {
    if (table === null) return;
    this.table = table;
    this.columns = Object.fromEntries(table.columns.map(({ name, to }) => [name, to]));
    this.values = structuredClone(table.values) as Record<string, Record<string, string>>;
    this.report = null;
    this.working.failure = null;
    this.step = 'match';
  }

  #choices(): TableChoices {
    return { sheet: this.table?.sheet ?? null, columns: $state.snapshot(this.columns), values: $state.snapshot(this.values) };
  }

  async #work(work: () => Promise<void>): Promise<void> {
    const stop = backend.onIntakeProgress((progress) => (this.progress = progress));
    await this.working.run(work);
    stop();
    this.progress = null;
  }
}
