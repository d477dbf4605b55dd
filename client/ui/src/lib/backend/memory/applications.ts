// Invented applications and the share of them that the reviewer reads, in every state there is. Not their texts.
import type { TaskRow, WorkState } from '../contract';
import { APPLICANTS, COUNTRIES, ORGANISATIONS } from './names';

export interface Invented {
  id: string;
  key: string;
  name: string;
  organisation: string;
  country: string;
  /** A number by which everything else about it varies. */
  n: number;
  /** What was answered since, by field. */
  answers?: Record<string, string>;
  /** True where it came in since. */
  fresh?: boolean;
  files?: number;
}

export const ROUNDS = [
  { key: 'reading', label: 'First reading' },
  { key: 'third', label: 'Third readers' },
  { key: 'interview', label: 'Interviews' },
];
/** The first round is blind. */
export const BLIND_ROUNDS = ROUNDS.slice(0, 1);
export const OPEN_ROUNDS = ROUNDS.slice(1);

/** Makes applications: the first twenty by name, the others by turning the lists against each other. */
export function applications(count: number): Invented[] {
  return Array.from({ length: count }, (_, n) => {
    const lap = Math.floor(n / 20);
    return {
      id: `a-${String(n + 1).padStart(4, '0')}`,
      key: `GLS-${String(n + 1).padStart(4, '0')}`,
      name: APPLICANTS[(n + lap * 7) % 20] ?? '',
      organisation: ORGANISATIONS[(n + lap * 3) % 20] ?? '',
      country: COUNTRIES[(n + lap * 3) % 20] ?? '',
      n,
    };
  });
}

const STATES: WorkState[] = [
  'on-device', 'to-declare', 'to-read', 'on-device', 'in-outbox', 'held-by-relay', 'opened-by-coordinator', 'to-declare', 'to-read',
  'opened-by-coordinator', 'opened-by-coordinator', 'held-by-relay', 'conflict', 'to-declare', 'on-device', 'in-outbox', 'to-read',
  'opened-by-coordinator', 'taken-back', 'no-text', 'to-declare', 'to-read', 'on-device', 'opened-by-coordinator',
];

/** The reviewer's share: the first of all, a state each. */
export function tasks(all: Invented[], count: number): TaskRow[] {
  return all.slice(0, count).map((each, at) => {
    const state = count <= 3 ? 'to-declare' : (STATES[at % STATES.length] ?? 'to-read');
    const done = ['in-outbox', 'held-by-relay', 'opened-by-coordinator'].includes(state);
    const round = ROUNDS[at % 9 === 8 ? 1 : 0] ?? { key: 'reading', label: 'First reading' };
    return {
      application: each.id,
      label: each.key,
      round: round.key,
      roundLabel: round.label,
      place: at + 1,
      state,
      outcome: state === 'opened-by-coordinator' ? (at === 10 ? { code: 'waits', why: 'after-close' } : { code: 'counted', why: null }) : null,
      answered: done ? 6 : state === 'on-device' ? 2 + (at % 3) : 0,
      criteria: 6,
      revision: done ? 1 + (at % 2) : 0,
      readable: state !== 'no-text' && state !== 'taken-back' && state !== 'conflict',
      filesHere: at % 3 === 0 ? 4 : 2,
      filesAll: 4,
      filesBytesLeft: at % 3 === 0 ? 0 : 3_800_000 + at * 112_000,
      again: at === 4 || at === 11,
      card: [
        { field: 'organisation', label: 'Organisation', value: each.organisation },
        { field: 'country', label: 'Country', value: each.country },
      ],
    };
  });
}
