// What stands at a condition: a verdict, none, or a contradiction of two coordinators. Not how it is shown.
import type { GateVerdict, GateView } from '../../lib/backend/contract';

export const VERDICTS: GateVerdict[] = ['met', 'not-met', 'open'];

export function verdictOf(gate: GateView): GateVerdict | 'contested' | 'none' {
  const given = VERDICTS.find((verdict) => verdict === gate.verdict);
  return given ?? (gate.by.length > 1 ? 'contested' : 'none');
}

/** The drawing that stands for it. */
export const MARKS = { met: 'check', 'not-met': 'cross', open: 'help', contested: 'warn', none: 'help' } as const;
export type Stands = keyof typeof MARKS;

/** What follows from the verdicts, with how it is to be taken. */
export function toneOf(outcome: string): 'good' | 'bad' | 'warn' | 'plain' {
  const tones = { eligible: 'good', 'by-exception': 'good', 'not-eligible': 'bad', contested: 'warn' } as const;
  return outcome in tones ? tones[outcome as keyof typeof tones] : 'plain';
}
