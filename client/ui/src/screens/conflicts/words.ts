// What a declaration and a ruling on it are called. Not what follows from them.
import type { ConflictRow } from '../../lib/backend/contract';
import { say, t } from '../../lib/i18n/i18n.svelte';

/** What was declared. */
export function declaredOf({ declaration }: ConflictRow): string {
  if (declaration === 'none') return t('declare.none');
  if (declaration === 'contested') return t('conflicts.contested');
  return say(`readers.conflict.${declaration}`) ?? declaration;
}

/** What kind of conflict; what somebody wrote at the command line stands as it is. */
export function kindOf({ kind }: ConflictRow): string {
  return say(`declare.kind.${kind}`) ?? kind;
}

/** How a ruling stands; an application that was handed back is no conflict. */
export function ruledOf({ declaration, ruling }: ConflictRow): string {
  if (declaration === 'handed-back') return ruling === 'lifted' ? t('conflicts.given-back') : t('conflicts.taken-back');
  return ruling === 'lifted' ? t('conflicts.lifted') : t('conflicts.upheld');
}
