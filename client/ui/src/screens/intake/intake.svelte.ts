// The import under way: the table that was chosen, how its columns are matched, where its files go, what trying it came to, and what
// was taken in.
// Lives on while other screens are shown. Decides nothing about a row: Rust does.
import { backend } from '../../lib/backend';
import type { FilePlace, IntakeChoices, IntakeProgress, IntakeReport, IntakeTable, Placing } from '../../lib/backend/contract';
import { Act } from '../../lib/state/act.svelte';

/** A column whose cells name files. */
export const FILES = '@files';

const NOTHING_SAID: Placing = { patterns: {}, folders: {}, files: {} };

export type Step = 'choose' | 'match' | 'preview' | 'done';

class Import {
  step = $state<Step>('choose');
  table = $state.raw<IntakeTable | null>(null);
  key = $state('');
  columns = $state<Record<string, string>>({});
  values = $state<Record<string, Record<string, string>>>({});
  placing = $state<Placing>(structuredClone(NOTHING_SAID));
  partial = $state(false);
  newKey = $state(false);
  /** Whether a cell's meaning, or a file's place, was chosen since the table was tried. */
  retry = $state(false);
  report = $state.raw<IntakeReport | null>(null);
  progress = $state.raw<IntakeProgress | null>(null);
  looking = new Act();
  trying = new Act();
  taking = new Act();
  #of = '';

  /** A table belongs to one person of one programme. */
  belongTo(member: string): void {
    if (this.#of === member) return;
    this.#of = member;
    this.#forget();
  }

  /** Answers that two columns would give. */
  get doubled(): Set<string> {
    const seen = new Set<string>();
    const doubled = new Set<string>();
    for (const to of Object.values(this.columns)) {
      if (to === '' || to === FILES) continue;
      if (seen.has(to)) doubled.add(to);
      seen.add(to);
    }
    return doubled;
  }

  /** Asks for a table, or takes the one that was dropped; then looks at it. */
  async chooseTable(dropped = false): Promise<void> {
    await this.looking.run(async () => {
      if (await backend.intakeChooseTable(dropped)) this.#adopt(await backend.intakeTable(null));
    });
  }

  async chooseFolder(dropped = false): Promise<void> {
    await this.looking.run(async () => {
      if (!(await backend.intakeChooseFolder(dropped))) return;
      const table = await backend.intakeTable(this.table?.sheet ?? null);
      if (table !== null) this.#refile(table);
    });
  }

  async dropFolder(): Promise<void> {
    await this.looking.run(async () => {
      await backend.intakeForget(true);
      this.#refile({ folder: null, folders: 0, loose: 0 });
    });
  }

  async chooseSheet(sheet: string): Promise<void> {
    await this.looking.run(async () => this.#adopt(await backend.intakeTable(sheet)));
  }

  /** Says what would be done; nothing is changed. */
  async try(): Promise<void> {
    await this.#steps(this.trying, async () => {
      this.report = await backend.intakePreview(this.#choices());
      this.retry = false;
      this.step = 'preview';
    });
  }

  async take(): Promise<void> {
    await this.#steps(this.taking, async () => {
      this.report = await backend.intakeTake(this.#choices());
      this.step = 'done';
    });
  }

  stop(): void {
    void backend.cancel();
  }

  /** Goes back to the columns; what was chosen stays. */
  back(): void {
    this.step = 'match';
    this.trying.failure = null;
    this.taking.failure = null;
  }

  /** Begins with another table. */
  async again(): Promise<void> {
    await this.looking.run(() => backend.intakeForget(false));
    this.#forget();
  }

  nameBy(column: string): void {
    this.key = column;
  }

  match(column: string, to: string): void {
    this.columns = { ...this.columns, [column]: to };
  }

  meaning(field: string, value: string, meant: string): void {
    this.values = { ...this.values, [field]: { ...this.values[field], [value]: meant } };
    this.retry = true;
  }

  /** Says what files of a pattern are, or whose a folder is: empty leaves them out, null takes the word back. */
  sayOf(of: 'patterns' | 'folders', name: string, to: string | null): void {
    const { [name]: _, ...others } = this.placing[of];
    this.placing = { ...this.placing, [of]: to === null ? others : { ...others, [name]: to } };
    this.retry = true;
  }

  /** Says where one file goes; null takes the word back. */
  placeFile(at: string, place: FilePlace | null): void {
    const { [at]: _, ...others } = this.placing.files;
    this.placing = { ...this.placing, files: place === null ? others : { ...others, [at]: place } };
    this.retry = true;
  }

  /** Other files: what was tried with those before says nothing any more. */
  #refile({ folder, folders, loose }: Pick<IntakeTable, 'folder' | 'folders' | 'loose'>): void {
    if (this.table === null) return;
    this.table = { ...this.table, folder, folders, loose };
    this.report = null;
    this.step = 'match';
  }

  #adopt(table: IntakeTable | null): void {
    if (table === null) return;
    this.table = table;
    this.key = table.key ?? table.columns[0]?.name ?? '';
    this.columns = Object.fromEntries(table.columns.map(({ name, to }) => [name, to]));
    this.values = structuredClone(table.values) as Record<string, Record<string, string>>;
    this.placing = structuredClone(table.placing);
    this.report = null;
    this.step = 'match';
  }

  #forget(): void {
    Object.assign(this, { step: 'choose', table: null, key: '', columns: {}, values: {}, placing: structuredClone(NOTHING_SAID), partial: false, newKey: false, report: null, progress: null, retry: false });
    for (const act of [this.looking, this.trying, this.taking]) act.failure = null;
  }

  #choices(): IntakeChoices {
    const { key, partial, newKey } = this;
    const [columns, values, placing] = [$state.snapshot(this.columns), $state.snapshot(this.values), $state.snapshot(this.placing)];
    return { sheet: this.table?.sheet ?? null, key, columns, values, placing, partial, newKey };
  }

  async #steps(act: Act, work: () => Promise<void>): Promise<void> {
    this.trying.failure = null;
    this.taking.failure = null;
    const stop = backend.onIntakeProgress((progress) => (this.progress = progress));
    await act.run(work);
    stop();
    this.progress = null;
  }
}

export const importing = new Import();
