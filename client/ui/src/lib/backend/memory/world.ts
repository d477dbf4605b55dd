// The invented world that the acts of the stand-in share: who is here, what they have. Not the acts.
import type { Draft, Me, Preferences, ProgrammeEntry, RelayForm, TaskRow } from '../contract';
import { PEOPLE } from './names';
import { applications, tasks, type Invented } from './applications';

export type Scenario =
  | 'first-run' | 'locked' | 'locked-keychain' | 'waiting' | 'settling' | 'reviewer' | 'reviewer-empty' | 'coordinator' | 'coordinator-empty' | 'coordinator-large' | 'coordinator-further' | 'admin' | 'rehearsal';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** What stands on the one scan from which somebody typed. */
const SCAN_TEXT =
  'To the selection committee.\n\nThe applicant stood before the children’s court of the harbour district in forty cases and lost three. [stamp, not legible]';
export const PROGRAMME = 'Global Leadership Seminar on Child Protection';

export class World {
  scenario: Scenario = 'reviewer';
  me: Me | null = null;
  programmes: ProgrammeEntry[] = [];
  preferences: Preferences = { language: 'en', theme: 'light', textSize: 100, idleLockMinutes: 15, hideTotal: false };
  applications: Invented[] = [];
  tasks: TaskRow[] = [];
  drafts = new Map<string, Draft>();
  settled = new Set<string>();
  /** What was submitted since the world began. */
  submitted = new Map<string, Draft>();
  notes = new Map<string, string>();
  declarations = new Map<string, { declaration: 'none' | 'conflict' | 'unsure' | 'recused'; kind: string; note: string }>();
  /** Applications whose declaration others have heard of. */
  told = new Set<string>();
  /** Why coordinators lifted a declaration, by application. */
  lifted = new Map<string, string>();
  /** What was typed from files, by handle. */
  typed = new Map<string, { pages: string[]; by: string }>();
  /** Applications for which a further reader was asked. */
  askedFurther = new Set<string>();
  lastExchangeMs: number | null = null;
  /** The relay that a programme was founded with. */
  foundedWith: RelayForm | null = null;
  /** How long one step of an exchange takes here. */
  stepMs = 350;
  /** Somebody wants the long act under way to end. */
  cancelled = false;
  /** The keychain does not delete what it holds. */
  keychainHolds = false;
  readonly now = Date.now();
  #closing = new Set<() => void>();
  /** The window is closed. */
  left = false;
  #hearers = new Set<() => void>();

  constructor(scenario: Scenario) {
    this.begin(scenario);
  }

  begin(scenario: Scenario): void {
    this.scenario = scenario;
    this.programmes =
      scenario === 'first-run'
        ? []
        : [
            { folder: '/home/amara/tessera/seminar', label: PROGRAMME, lastOpenedMs: this.now - 2 * HOUR, inKeychain: scenario === 'locked-keychain' },
            { folder: '/home/amara/tessera/fellowship', label: 'Youth Justice Fellowship', lastOpenedMs: this.now - 12 * DAY, inKeychain: false },
          ];
    this.keychainHolds = false;
    this.me = scenario === 'first-run' || scenario.startsWith('locked') ? null : this.person();
    this.applications = applications(scenario === 'coordinator-empty' ? 0 : scenario === 'coordinator-large' ? 5000 : 60);
    this.tasks = scenario === 'reviewer-empty' || scenario === 'waiting' ? [] : tasks(this.applications, scenario === 'rehearsal' ? 3 : 24);
    this.drafts.clear();
    this.settled.clear();
    this.submitted.clear();
    this.notes.clear();
    this.declarations.clear();
    this.foundedWith = null;
    this.told = new Set(['a-0013']);
    this.lifted.clear();
    this.askedFurther.clear();
    this.typed = new Map([['f-6-letter2', { pages: [SCAN_TEXT], by: PEOPLE[1] ?? '' }]]);
    if (this.tasks.length > 20) {
      this.declarations.set('a-0021', { declaration: 'unsure', kind: 'colleague', note: 'We worked in one clinic until 2014.' });
      this.told.add('a-0021');
      this.lifted.set('a-0021', 'More than ten years ago, and in another department.');
    }
    this.lastExchangeMs = scenario === 'reviewer-empty' || scenario === 'waiting' ? null : this.now - 3 * DAY;
  }

  /** The person who is unlocked in this scenario. */
  person(): Me {
    const folder = '/home/amara/tessera/seminar';
    const waiting = this.scenario === 'waiting' || this.scenario === 'first-run' || this.scenario === 'settling';
    const roles: Me['roles'] =
      this.scenario === 'rehearsal' ? ['reviewer', 'coordinator', 'admin'] : this.scenario === 'admin' ? ['admin', 'coordinator'] : this.scenario.startsWith('coordinator') ? ['coordinator'] : ['reviewer'];
    return {
      folder,
      programmeId: 'p-7c1e',
      programme: PROGRAMME,
      demo: this.scenario === 'rehearsal',
      memberId: 'm-01',
      name: PEOPLE[0] ?? '',
      deviceId: 'd-4f02',
      roles,
      state: waiting ? 'waiting' : 'active',
      checkWords: ['harbour', 'velvet', 'sixteen', 'orchard', 'gallop', 'tundra'],
      checked: !waiting,
      recoveryKept: !waiting,
      inKeychain: this.programmes.some((each) => each.folder === folder && each.inKeychain),
      notices: [],
    };
  }

  /** Whoever shows something reads it again. */
  changed(): void {
    for (const hear of this.#hearers) hear();
  }

  onChanged(hear: () => void): () => void {
    this.#hearers.add(hear);
    return () => this.#hearers.delete(hear);
  }

  /** Somebody presses the button that closes the window. */
  close(): void {
    for (const hear of this.#closing) hear();
  }

  onClosing(hear: () => void): () => void {
    this.#closing.add(hear);
    return () => this.#closing.delete(hear);
  }
}

/** A rejected promise of the contract's shape. */
export function refused(code: string, message: string, hint: string | null = null): Promise<never> {
  return Promise.reject({ code, message, hint, at: null });
}
