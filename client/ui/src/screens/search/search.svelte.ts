// A search while it is typed: one is under way at a time, and the newest text waits for it; hits come together by application.
import { backend } from '../../lib/backend';
import type { Failure, SearchHit } from '../../lib/backend/contract';
import { failure } from '../../lib/state/failure';

const ASK_AFTER_MS = 40;

/** What was found of one application, or of one person. */
export interface Group {
  key: string;
  application: string | null;
  member: string | null;
  label: string;
  round: string | null;
  hits: SearchHit[];
}

export class Search {
  text = $state('');
  /** For which text the hits are. */
  asked = $state('');
  hits = $state.raw<SearchHit[]>([]);
  failure = $state.raw<Failure | null>(null);
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asking = false;
  /** What was typed while one was under way is asked for after it. */
  #again = false;

  get groups(): Group[] {
    const groups = new Map<string, Group>();
    for (const hit of this.hits) {
      const { application, round, memberId: member } = hit;
      const key = application ?? member ?? hit.kind;
      const group = groups.get(key) ?? { key, application, member, label: hit.label ?? hit.member ?? '', round, hits: [] };
      group.hits.push(hit);
      groups.set(key, group);
    }
    return [...groups.values()];
  }

  type(text: string): void {
    this.text = text;
    this.stop();
    this.#timer = setTimeout(() => void this.ask(), ASK_AFTER_MS);
  }

  async ask(): Promise<void> {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    do {
      this.#again = false;
      await this.#once(this.text);
    } while (this.#again);
    this.#asking = false;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#again = false;
  }

  async #once(asked: string): Promise<void> {
    try {
      const hits = await backend.search(asked);
      if (asked !== this.text) return;
      this.hits = hits;
      this.asked = asked;
      this.failure = null;
    } catch (thrown) {
      if (asked === this.text) this.failure = failure(thrown);
    }
  }
}
