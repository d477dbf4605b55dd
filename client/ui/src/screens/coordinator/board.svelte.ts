// The rows of the board in the order that is looked at: what is asked for, what of it is here, and what stands before and after
// an application in it. Not the board above the rows.
import { backend } from '../../lib/backend';
import type { AppStage, BoardPage, BoardPlace, BoardQuery, BoardRow, BoardSort, Failure } from '../../lib/backend/contract';
import { app } from '../../lib/state/app.svelte';
import { failure } from '../../lib/state/failure';

/** How many rows are read at once; the engine gives at most 500. */
const STEP = 200;
const MOST = 500;

type Wanted = Omit<BoardQuery, 'offset' | 'limit'>;
const EVERYTHING: Wanted = { text: '', stage: null, field: null, value: null, sort: 'key', descending: false };

class BoardList {
  wanted = $state<Wanted>({ ...EVERYTHING });
  rows = $state.raw<BoardRow[]>([]);
  total = $state(0);
  /** Whether anything was read since the board was opened. */
  read = $state(false);
  failure = $state.raw<Failure | null>(null);
  #turn = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor() {
    // A search is a name more often than not: a lock forgets it.
    $effect.root(() => {
      $effect(() => {
        if (app.me === null) this.reset();
      });
    });
  }

  get filtered(): boolean {
    const { text, stage, value } = this.wanted;
    return text.trim() !== '' || stage !== null || value !== null;
  }

  reset(): void {
    this.#turn += 1;
    this.wanted = { ...EVERYTHING };
    this.rows = [];
    this.total = 0;
    this.read = false;
  }

  /** Reads the rows anew, as many as were seen: whoever is far down stays there. */
  load(): Promise<void> {
    return this.#page(0, Math.max(STEP, this.rows.length));
  }

  /** Reads the next rows, once what is being read is here. */
  async more(): Promise<void> {
    await this.#reading;
    await this.#page(this.rows.length, STEP);
  }

  ask(change: Partial<Wanted>): Promise<void> {
    Object.assign(this.wanted, change);
    return this.#page(0, STEP);
  }

  /** Sorts by this; the same again turns it round. */
  sort(by: BoardSort): Promise<void> {
    return this.ask({ sort: by, descending: this.wanted.sort === by && !this.wanted.descending });
  }

  stage(stage: AppStage | null): Promise<void> {
    return this.ask({ stage });
  }

  /** What stands before and after an application, and where it stands; null where it is not among what is looked at. */
  around(application: string): Promise<BoardPlace | null> {
    return backend.boardAround({ ...$state.snapshot(this.wanted), offset: 0, limit: 0 }, application);
  }

  #page(offset: number, limit: number): Promise<void> {
    return (this.#reading = this.#read(offset, limit));
  }

  async #read(offset: number, limit: number): Promise<void> {
    const turn = ++this.#turn;
    try {
      const rows = this.rows.slice(0, offset);
      let page: BoardPage;
      do {
        page = await backend.boardPage({ ...$state.snapshot(this.wanted), offset: rows.length, limit: Math.min(MOST, offset + limit - rows.length) });
        if (turn !== this.#turn) return;
        rows.push(...page.rows);
      } while (page.rows.length > 0 && rows.length < Math.min(offset + limit, page.total));
      this.rows = rows;
      this.total = page.total;
      this.read = true;
      this.failure = null;
    } catch (thrown) {
      if (turn === this.#turn) this.failure = failure(thrown);
    }
  }
}

export const boardList = new BoardList();
