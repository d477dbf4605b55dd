// What groups and stages of a table of shares are called. Not the counting, which is the engine's.
import type { SharesGroup, SharesTable } from '../../lib/backend/contract';
import { t, type Key } from '../../lib/i18n/i18n.svelte';

export function stageName(stage: string): string {
  return t(`shares.stage.${stage}` as Key);
}

/** What people call a group: the label of what was chosen, what was written, or a word of ours. */
export function groupName(table: SharesTable, { group, label }: Pick<SharesGroup, 'group' | 'label'>): string {
  if (group === null) return t('shares.others');
  if (group === '') return t('shares.unanswered');
  return table.label === null ? t(`shares.group.${group}` as Key) : (label ?? group);
}
