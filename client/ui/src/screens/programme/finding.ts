// What a definition lacks, in words: by its place where there are words, else in the English of it.
import type { FindingLine } from '../../lib/backend/contract';
import { say, t } from '../../lib/i18n/i18n.svelte';
import { kindOf } from './definition';

export function inWords(finding: FindingLine): string {
  if (finding.code === 'advice' && !finding.at.endsWith('.blind')) return t('programme.finding.untranslated');
  return say(`programme.finding.${kindOf(finding.at)}`) ?? finding.message;
}

/** What is to be done at a place before the definition can be published; null where nothing is. */
export function toDo(finding: FindingLine | undefined): string | null {
  return finding?.blocks ? inWords(finding) : null;
}
