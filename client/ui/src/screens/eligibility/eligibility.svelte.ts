// The eligibility desk: which applications are looked at, which of them and which condition is marked, and giving a verdict there
// with a way back. What was judged stays in the list until it is filtered anew. Not what the marked application says.
import { backend } from '../../lib/backend';
import type { EligibilityQuery, EligibilityRow, Failure, GateVerdict, Wanting } from '../../lib/backend/contract';
import { t } from '../../lib/i18n/i18n.svelte';
import { Act } from '../../lib/state/act.svelte';
import { app } from '../../lib/state/app.svelte';
import { failure } from '../../lib/state/failure';
import { toasts } from '../../lib/state/toasts.svelte';
import { sayUndoable } from '../../lib/state/undo';
import { verdictOf } from '../coordinator/verdict';

export const WANTINGS: Wanting[] = ['unchecked', 'open', 'not-met', 'contested', 'exception'];

/** How many rows are read at once; the engine gives at most 500. */
const STEP = 200;
const MOST = 500;

type Wanted = Pick<EligibilityQuery, 'text' | 'wanting' | 'gate'>;
const FIRST: Wanted = { text: '', wanting: 'unchecked', gate: null };

export class EligibilityDesk {
  wanted = $state<Wanted>({ ...FIRST });
  rows = $state.raw<EligibilityRow[]>([]);
  counts = $state.raw<Partial<Record<Wanting, number>>>({});
  total = $state(0);
  /** Whether anything was read since the desk was opened. */
  read = $state(false);
  failure = $state.raw<Failure | null>(null);
  /** The condition that is marked. */
  gate = $state('');
  /** The verdict for which a reason is being written. */
  writing = $state<GateVerdict | null>(null);
  readonly act = new Act();
  /** The application that is marked. */
  #at = $state<string | null>(null);
  #turn = 0;

  constructor() {
    // A search is a name more often than not: a lock forgets it.
    $effect.root(() => {
      $effect(() => {
        if (app.me === null) this.reset();
      });
    });
  }

  /** The marked row; the first where none is. */
  get row(): EligibilityRow | null {
    return this.rows.find(({ application }) => application === this.#at) ?? this.rows[0] ?? null;
  }

  reset(): void {
    this.#turn += 1;
    this.wanted = { ...FIRST };
    this.rows = [];
    this.counts = {};
    this.total = 0;
    this.read = false;
    this.gate = '';
    this.writing = null;
    this.#at = null;
  }

  /** Marks an application, and a condition of it where one is named. */
  mark(row: EligibilityRow, gate = this.gate): void {
    if (row.application !== this.row?.application || gate !== this.gate) this.writing = null;
    this.#at = row.application;
    this.gate = gate;
  }

  /** Reads the rows anew, as many as were seen, and none of them goes. */
  load(): Promise<void> {
    return this.#page(0, Math.min(MOST, Math.max(STEP, this.rows.length)), this.#shown());
  }

  more(): Promise<void> {
    return this.#page(this.rows.length, STEP, this.#shown());
  }

  ask(change: Partial<Wanted>): Promise<void> {
    Object.assign(this.wanted, change);
    this.writing = null;
    return this.#page(0, STEP, []);
  }

  /** Gives a verdict on the marked condition; whether it was given. */
  give(verdict: GateVerdict, evidence: string, reason: string): Promise<boolean> {
    const { row, gate: key } = this;
    if (row === null || key === '') return Promise.resolve(false);
    const { application: id } = row;
    return this.act.run(async () => {
      const gate = (await backend.application(id)).gates.find((each) => each.gate === key);
      if (gate === undefined) return;
      const before = verdictOf(gate);
      await backend.judge(id, key, verdict, evidence.trim(), reason.trim());
      this.writing = null;
      // A contradiction that is settled does not come back; theirs stay in the history.
      if (before === 'contested') toasts.say(t('conditions.saved'));
      else sayUndoable(t('eligibility.given', { key: row.key, verdict: t(`verdict.${verdict}`) }), () => backend.judge(id, key, before, gate.evidenceGiven, gate.reason));
    });
  }

  #shown(): string[] {
    return this.rows.map(({ application }) => application);
  }

  async #page(offset: number, limit: number, keep: string[]): Promise<void> {
    const turn = ++this.#turn;
    try {
      const page = await backend.eligibilityPage({ ...$state.snapshot(this.wanted), keep, offset, limit });
      if (turn !== this.#turn) return;
      this.rows = offset === 0 ? page.rows : [...this.rows, ...page.rows];
      this.counts = Object.fromEntries(page.counts.map(({ wanting, count }) => [wanting, count]));
      this.total = page.total;
      this.read = true;
      this.failure = null;
    } catch (thrown) {
      if (turn === this.#turn) this.failure = failure(thrown);
    }
  }
}

export const desk = new EligibilityDesk();
