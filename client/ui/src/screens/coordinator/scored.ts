// What was scored of an application, in the rubric's order and with its names; and by whom a review was taken down.
import type { ApplicationView, CriterionName, TakenDownView } from '../../lib/backend/contract';
import { list } from '../../lib/i18n/format';
import { t } from '../../lib/i18n/i18n.svelte';

/** The criteria that somebody scored; one that the rubric does not have any more comes last, by its key. */
export function scored(application: ApplicationView): CriterionName[] {
  const given = new Set(application.readers.flatMap((reader) => Object.keys(reader.scores)));
  const known = application.criteria.filter(({ key }) => given.has(key));
  const others = [...given].filter((key) => !application.criteria.some((one) => one.key === key));
  return [...known, ...others.map((key) => ({ key, label: key }))];
}

export function enteredBy({ by, source }: TakenDownView): string {
  return t('record.entered', { names: list(by), source: t(`record.from.${(source ?? 'paper') as 'paper'}`) });
}
