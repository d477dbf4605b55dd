// What the parts of a table are called. Not what they mean: Rust says so.
import type { TablePart } from '../../lib/backend/contract';
import { say, t } from '../../lib/i18n/i18n.svelte';

/** The words of a part; one of the programme's own has its label, and `a/b` is an `a` of it. */
export function partWords({ key, label }: TablePart): string {
  if (label === null) return say(`tables.part.${key}`) ?? key;
  const kind = key.split('/')[0] ?? '';
  return key.includes('/') ? t('tables.part-of', { kind: say(`tables.part.${kind}`) ?? kind, label }) : label;
}
