// What a declaration takes from its reader, who may take it back, and handing back what cannot be read.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import Reader from './Reader.svelte';
import { Review } from './review.svelte';
import Withheld from './Withheld.svelte';

beforeEach(() => {
  memory.reset('reviewer');
  memory.world.stepMs = 0;
});

async function reviewOf(application: string): Promise<Review> {
  const review = new Review(application, 'reading');
  await review.view.load();
  return review;
}

function dossierOf(review: Review) {
  if (review.dossier === null) throw new Error('no dossier');
  return review.dossier;
}

test('whoever is unsure sees nothing, and takes it back only before anybody heard of it', async () => {
  const review = await reviewOf('a-0003');
  expect(await review.declare('unsure', 'colleague', 'We met once.')).toBe(true);
  expect([review.open, dossierOf(review).sections.length, dossierOf(review).declaration?.mayTakeBack]).toEqual([false, 0, true]);
  await backend.exchange({ files: 'none', budgetBytes: null });
  await review.view.load();
  render(Withheld, { review, dossier: dossierOf(review) });
  expect(screen.getByText('A coordinator decides on your question')).toBeTruthy();
  expect(screen.queryByRole('button', { name: /no conflict after all/ })).toBeNull();
  expect(await review.declare('none', '', '')).toBe(false);
  expect(review.act.failure?.code).toBe('not-permitted');
});

test('what a coordinator lifted is declared anew, with the reason before one’s eyes', async () => {
  const user = userEvent.setup();
  const review = await reviewOf('a-0021');
  render(Withheld, { review, dossier: dossierOf(review) });
  expect(screen.getByText(/More than ten years ago/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'No conflict: open the dossier' }));
  await waitFor(() => expect(review.open).toBe(true));
  expect(dossierOf(review).sections.length).toBeGreaterThan(0);
});

test('a conflict takes drafts, notes and marks along', async () => {
  const review = await reviewOf('a-0001');
  review.score('english', '4');
  review.note('Ask Bo.');
  await review.flush();
  await review.markAgain(true);
  expect(await review.declare('recused', 'other', '')).toBe(true);
  expect([review.open, review.notes, review.answer('english').score, dossierOf(review).again]).toEqual([false, '', null, false]);
});

test('an application is handed back with a reason, and can be taken again before the exchange', async () => {
  const user = userEvent.setup();
  const review = await reviewOf('a-0003');
  const { unmount } = render(Reader, { review, dossier: dossierOf(review) });
  await user.click(screen.getByRole('button', { name: 'I cannot read this one…' }));
  const act = screen.getByRole<HTMLButtonElement>('button', { name: 'Hand back' });
  expect(act.disabled).toBe(true);
  await user.type(screen.getByLabelText(/Why can you not read it/), 'A script that I cannot read');
  await user.click(act);
  await waitFor(() => expect(review.open).toBe(false));
  unmount();
  expect(dossierOf(review).declaration).toMatchObject({ declaration: 'recused', kind: 'hand-back', note: 'A script that I cannot read' });
  render(Withheld, { review, dossier: dossierOf(review) });
  expect(screen.getByText('You handed this application back')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'I can read it after all' }));
  await waitFor(() => expect(review.open).toBe(true));
});

test('what was submitted is not handed back', async () => {
  const review = await reviewOf('a-0006');
  render(Reader, { review, dossier: dossierOf(review) });
  expect(screen.queryByRole('button', { name: 'I cannot read this one…' })).toBeNull();
  expect(await review.handBack('too late')).toBe(false);
});
