// A stand-in for everything behind the interface, in memory and with invented data: tests, pictures and work on the screens
// run on it. Nothing of it is in the shipped build.
import type { Backend, Failure } from './contract';
import { assignment } from './memory/assignment';
import { care } from './memory/care';
import { conflicts } from './memory/conflicts';
import { coordinator } from './memory/coordinator';
import { devices } from './memory/devices';
import { eligibility } from './memory/eligibility';
import { exchange } from './memory/exchange';
import { intake } from './memory/intake';
import { moderation } from './memory/moderation';
import { mails } from './memory/mails';
import { own } from './memory/own';
import { pairs } from './memory/pairs';
import { people } from './memory/people';
import { programme } from './memory/programme';
import { relays } from './memory/relays';
import { reviewer } from './memory/reviewer';
import { scores } from './memory/scores';
import { selection } from './memory/selection';
import { session } from './memory/session';
import { typed } from './memory/typed';
import { World, type Scenario } from './memory/world';

export class Memory {
  world: World;
  backend: Backend;
  #failing = new Map<string, Failure>();
  latencyMs = 0;

  constructor(scenario: Scenario = 'reviewer') {
    this.world = new World(scenario);
    const acts: Backend = {
      ...session(this.world),
      ...care(this.world),
      ...reviewer(this.world),
      ...own(this.world),
      ...exchange(this.world),
      ...assignment(this.world),
      ...conflicts(this.world),
      ...coordinator(this.world),
      ...eligibility(this.world),
      ...mails(this.world),
      ...intake(this.world),
      ...moderation(this.world),
      ...pairs(this.world),
      ...people(this.world),
      ...programme(this.world),
      ...devices(this.world),
      ...relays(this.world),
      ...scores(this.world),
      ...selection(this.world),
      ...typed(this.world),
    };
    this.backend = this.#watched(acts);
  }

  /** Makes an act fail from here on. */
  fail(act: keyof Backend, failure: Partial<Failure> & { code: string }): void {
    this.#failing.set(act, { message: `This failed: ${failure.code}.`, hint: null, at: null, row: null, column: null, ...failure });
  }

  heal(): void {
    this.#failing.clear();
  }

  /** Starts over, for one test after another. */
  reset(scenario: Scenario = 'reviewer'): void {
    this.#failing.clear();
    this.latencyMs = 0;
    this.world.begin(scenario);
  }

  #watched(acts: Backend): Backend {
    return new Proxy(acts, {
      get: (target, name: keyof Backend) => {
        const act = target[name];
        const failure = this.#failing.get(name);
        if (failure !== undefined) return () => Promise.reject(failure);
        if (this.latencyMs === 0) return act;
        return async (...given: unknown[]) => {
          await new Promise((done) => setTimeout(done, this.latencyMs));
          return (act as (...given: unknown[]) => unknown)(...given);
        };
      },
    });
  }
}

/** What the address asks for: `?scenario=coordinator&fail=exchange:no-network&language=ar&theme=dark`. */
function asked(): Memory {
  const query = new URLSearchParams(window.location.search);
  const made = new Memory((query.get('scenario') ?? 'reviewer') as Scenario);
  const [act, code] = query.get('fail')?.split(':') ?? [];
  if (act !== undefined && code !== undefined) made.fail(act as keyof Backend, { code });
  made.world.stepMs = Number(query.get('step') ?? made.world.stepMs);
  const { preferences } = made.world;
  preferences.language = query.get('language') ?? preferences.language;
  if (query.get('theme') === 'dark') preferences.theme = 'dark';
  preferences.textSize = Number(query.get('size') ?? 100);
  return made;
}

export const memory = asked();
