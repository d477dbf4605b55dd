// One file that was sent for two parts of the form is one of each.
import { render } from '@testing-library/svelte';
import { beforeEach, expect, test } from 'vitest';
import { memory } from '../../lib/backend/memory';
import type { DossierView } from '../../lib/backend/contract';
import Files from '../coordinator/Files.svelte';
import Reader from './Reader.svelte';
import { Review } from './review.svelte';

beforeEach(() => memory.reset('reviewer'));

async function twice(): Promise<{ review: Review; dossier: DossierView }> {
  const review = new Review('a-0003', 'reading');
  await review.view.load();
  const [file] = review.dossier?.files ?? [];
  if (review.dossier === null || file === undefined) throw new Error('no file');
  return { review, dossier: { ...review.dossier, files: [file, { ...file, slot: 'other', slotLabel: 'Another' }] } };
}

test('a dossier lists it twice, and leads to either', async () => {
  const { review, dossier } = await twice();
  const { container } = render(Reader, { review, dossier });
  const places = [...container.querySelectorAll('details')].map(({ id }) => id);
  expect(new Set(places).size).toBe(2);
  const name = dossier.files[0]?.name;
  expect([...container.querySelectorAll('nav button')].filter(({ textContent }) => textContent === name)).toHaveLength(2);
});

test('so does a coordinator’s view', async () => {
  const { files } = (await twice()).dossier;
  const { container } = render(Files, { id: 'a', files });
  expect(container.querySelectorAll('details')).toHaveLength(2);
});
