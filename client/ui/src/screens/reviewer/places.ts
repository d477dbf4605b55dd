// Places of a scorecard as the engine names them (`answer/KEY`, `reason/KEY`, `comment/KEY`, `overall`, `confidence`,
// `attestation`): finding them on screen, saying where they are and what is missing there. Not what has to be there: the engine says so.
import { tick } from 'svelte';
import type { DossierView } from '../../lib/backend/contract';
import { say, t } from '../../lib/i18n/i18n.svelte';

/** The element that stands for a place. */
export function idOf(place: string): string {
  return `at-${place.replaceAll('/', '-')}`;
}

/** Brings a place into sight, and the focus into it. */
export async function showPlace(place: string): Promise<void> {
  await tick();
  const spot = document.getElementById(idOf(place));
  const target = spot?.querySelector<HTMLElement>('input:checked, input, textarea, button') ?? spot;
  spot?.scrollIntoView({ block: 'center' });
  target?.focus({ preventScroll: true });
}

/** What a place is called. */
export function nameOf(dossier: DossierView, place: string): string {
  const [part, key] = place.split('/');
  const label = dossier.criteria.find((criterion) => criterion.key === key)?.label;
  if (part === 'comment' && label !== undefined) return t('review.comment-on', { criterion: label });
  if (label !== undefined) return label;
  if (part === 'overall') return t('review.overall');
  if (part === 'attestation') return t('review.statement');
  return part === 'confidence' ? t('review.confidence') : place;
}

/** A value of a place, where two laptops differ, in words. */
export function valueOf(place: string, value: string): string {
  if (place === 'attestation') return value === 'true' ? t('review.confirmed') : t('review.not-confirmed');
  return value === '' && place.startsWith('answer/') ? t('review.not-applicable') : value;
}

/** What is missing at a place, by its code; null where nothing is. */
export function wantOf(missing: DossierView['missing'][number] | null): string | null {
  return missing === null ? null : (say(`review.lacks.${missing.code}`) ?? missing.text);
}
