// A review in its reader's hands: scoring by keys, N/A with a reason, what is missing, submitting, amending, two laptops.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { memory } from '../../lib/backend/memory';
import { backend } from '../../lib/backend';
import { CRITERIA } from '../../lib/backend/memory/dossiers';
import { nextOf } from './home.svelte';
import { Review, scoreOfKey } from './review.svelte';
import Scorecard from './Scorecard.svelte';

beforeEach(() => memory.reset('reviewer'));

async function reviewOf(application: string): Promise<Review> {
  const review = new Review(application, 'reading');
  await review.view.load();
  return review;
}

async function scorecard(application: string) {
  const review = await reviewOf(application);
  const dossier = review.dossier;
  if (dossier === null) throw new Error('no dossier');
  render(Scorecard, { review, dossier, onjump: () => undefined, submitting: false });
  return { review, user: userEvent.setup() };
}

test('a digit scores the criterion in focus, and never while typing', async () => {
  const { review, user } = await scorecard('a-0001');
  const group = screen.getByRole('group', { name: /What the seminar gains/ });
  within(group).getByRole('radio', { name: /^0/ }).focus();
  await user.keyboard('4');
  expect(review.answer('contribution').score).toBe('4');
  await user.keyboard('9');
  expect(review.answer('contribution').score).toBe('4');
  await user.keyboard('{Delete}');
  expect(review.answer('contribution').score).toBeNull();
  await user.type(screen.getByRole('textbox', { name: /Comment on: Written English/ }), '5 pages');
  expect([review.answer('english').score, review.draft.comments['english']]).toEqual([null, '5 pages']);
});

test('N/A needs a reason, and is never a zero', async () => {
  const { review, user } = await scorecard('a-0001');
  const before = review.total;
  const group = screen.getByRole('group', { name: /What the seminar gains/ });
  await user.click(within(group).getByRole('radio', { name: 'N/A' }));
  await user.type(screen.getByRole('textbox', { name: 'Why does this not apply?' }), 'No seminar');
  await review.flush();
  expect([review.answer('contribution'), review.total]).toEqual([{ score: null, notApplicable: 'No seminar' }, before]);
});

test('what is missing is named, and jumped to one after the other', async () => {
  const review = await reviewOf('a-0001');
  expect(await review.submit(null)).toBe('missing');
  const places = review.missing.map((each) => each.place);
  expect(places).toContain('attestation');
  expect([...places, places[0]]).toEqual(Array.from({ length: places.length + 1 }, () => review.nextMissing()));
  expect(review.lacks('attestation')).not.toBeNull();
});

test('a complete review is sealed; changing it asks for a reason', async () => {
  const review = await reviewOf('a-0001');
  for (const { key, required } of CRITERIA) if (required) review.score(key, '3');
  review.change({ confidence: '4', attested: true });
  expect(await review.submit(null)).toBe('submitted');
  expect([review.locked, review.dossier?.state]).toEqual([true, 'in-outbox']);
  review.amending = true;
  review.score('english', '5');
  expect(await review.submit(null)).toBe('needs-reason');
  expect(await review.submit('I read the letters again')).toBe('submitted');
  expect(review.dossier?.submitted?.revision).toBe(2);
});

test('a draft that cannot be saved is not submitted', async () => {
  const review = await reviewOf('a-0001');
  memory.fail('saveDraft', { code: 'disk-full' });
  review.score('english', '1');
  expect(await review.submit(null)).toBe('failed');
  expect(review.saving.failure?.code).toBe('disk-full');
});

test('of two laptops one value is chosen, and the place is settled', async () => {
  const { user, review } = await scorecard('a-0004');
  await user.click(screen.getByRole('button', { name: /^Keep this\s*: 4$/ }));
  await waitFor(() => expect(review.dossier?.draftConflicts.map((each) => each.field)).toEqual(['comment/practice']));
  expect(review.answer('insight').score).toBe('4');
});

test('reading again never overwrites what is being written', async () => {
  const review = await reviewOf('a-0001');
  review.comment('english', 'half a sen');
  await review.view.load();
  expect(review.draft.comments['english']).toBe('half a sen');
});

test('digits name scores only where the criterion has them', () => {
  const [practice] = CRITERIA;
  if (practice === undefined) throw new Error('no criteria');
  expect([scoreOfKey(practice, '5'), scoreOfKey(practice, '6'), scoreOfKey(practice, ' '), scoreOfKey(practice, 'Enter')]).toEqual(['5', null, null, null]);
});

test('what is begun comes first', async () => {
  const home = await backend.reviewerHome();
  expect(nextOf(home)).toMatchObject({ kind: 'continue', task: { application: 'a-0001' } });
  expect(nextOf({ ...home, tasks: home.tasks.filter((task) => task.state === 'held-by-relay'), outbox: 0 })).toEqual({ kind: 'done' });
});
