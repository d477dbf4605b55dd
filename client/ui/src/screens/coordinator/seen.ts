// Which readers see an answer, in words. Not what decides it: Rust says so.
import type { SeenBy } from '../../lib/backend/contract';
import { list } from '../../lib/i18n/format';
import { t } from '../../lib/i18n/i18n.svelte';

export function seenBy(by: SeenBy): string {
  return 'rounds' in by ? t(`seen.${by.kind}`, { rounds: list(by.rounds) }) : t(`seen.${by.kind}`);
}
