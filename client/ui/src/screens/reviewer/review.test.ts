// A review in its reader's hands: scoring by keys, N/A with a reason, what is missing, submitting, amending, two laptops.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { memory } from '../../lib/backend/memory';
import { backend } from '../../lib/backend';
import { CRITERIA } from '../../lib/backend/memory/dossiers';
import { commands } from '../../lib/state/commands.svelte';
import { toasts } from '../../lib/state/toasts.svelte';
import { nextOf } from './home.svelte';
import { nameOf, valueOf } from './places';
import { Review, scoreOfKey } from './review.svelte';
import ReviewScreen from './Review.svelte';
import Scorecard from './Scorecard.svelte';

beforeEach(() => {
  memory.reset('reviewer');
  toasts.clear();
});

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

/** Takes back what was done last, once that is offered. */
async function takeBack(): Promise<void> {
  await waitFor(() => expect(toasts.shown.at(-1)?.undo).toBeTruthy());
  const last = toasts.shown.at(-1);
  toasts.close(last?.id ?? 0);
  last?.undo?.();
}

test('an amendment is called off, and taken up again', async () => {
  const { review, user } = await scorecard('a-0007');
  const before = review.dossier?.draft;
  await user.click(screen.getByRole('button', { name: 'Amend…' }));
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Keep as it was' }));
  review.score('english', '1');
  review.comment('english', 'Hard to follow.');
  await review.flush();
  await user.click(screen.getByRole('button', { name: 'Keep as it was' }));
  await waitFor(() => expect(review.locked).toBe(true));
  await takeBack();
  await waitFor(() => expect(review.amending).toBe(true));
  expect([review.answer('english').score, review.draft.comments['english']]).toEqual(['1', 'Hard to follow.']);
  await user.click(screen.getByRole('button', { name: 'Keep as it was' }));
  await waitFor(() => expect(review.locked).toBe(true));
  await review.flush();
  expect((await backend.dossier('a-0007', 'reading')).draft).toEqual(before);
});

test('an amendment that was begun goes on where one comes back, and is none where nothing differs', async () => {
  const review = await reviewOf('a-0007');
  expect(review.amending).toBe(false);
  review.amending = true;
  review.comment('english', 'Hard to follow.');
  await review.flush();
  const later = await reviewOf('a-0007');
  expect([later.amending, later.locked]).toEqual([true, false]);
  await later.callOff(later.dossier!.submitted!.draft);
  expect((await reviewOf('a-0007')).amending).toBe(false);
});

test('an amendment is taken up again without what was written since', async () => {
  const review = await reviewOf('a-0007');
  review.amending = true;
  review.score('english', '1');
  review.comment('english', 'Hard to follow.');
  await review.flush();
  const back = await review.callOff(review.dossier!.submitted!.draft);
  const later = await reviewOf('a-0007');
  later.comment('english', 'Clear and short.');
  await later.flush();
  await back();
  const { draft } = await backend.dossier('a-0007', 'reading');
  expect([draft.answers['english']?.score, draft.comments['english']]).toEqual(['1', 'Clear and short.']);
});

test('what could not be saved is not called off, chosen or taken back', async () => {
  const review = await reviewOf('a-0007');
  review.amending = true;
  review.comment('english', 'Hard to follow.');
  await review.flush();
  memory.fail('saveDraft', { code: 'disk-full' });
  await expect(review.callOff(review.dossier!.submitted!.draft)).rejects.toMatchObject({ code: 'disk-full' });
  expect([review.amending, review.draft.comments['english']]).toEqual([true, 'Hard to follow.']);
  const other = await reviewOf('a-0004');
  expect([await other.settle('answer/insight', '4'), other.act.failure?.code]).toEqual([false, 'disk-full']);
  memory.heal();
  await Promise.all([review.flush(), other.flush()]);
  const difference = { field: 'answer/insight', values: ['3', '4'] };
  memory.fail('saveDraft', { code: 'disk-full' });
  await expect(other.reopen(difference, '4')).rejects.toMatchObject({ code: 'disk-full' });
  memory.heal();
  await other.flush();
});

test('what another laptop wrote stays, whatever is written beside it', async () => {
  const review = await reviewOf('a-0001');
  // It came in while this one was open.
  const there = (await backend.dossier('a-0001', 'reading')).draft;
  there.answers['english'] = { score: '5', notApplicable: null };
  there.comments['english'] = 'A pleasure.';
  memory.world.drafts.set('a-0001', there);
  memory.world.notes.set('a-0001', 'Ask Bo. ');
  review.comment('insight', 'Reasons, and few.');
  review.note('Ask Cem.');
  await review.flush();
  const { draft, notes } = await backend.dossier('a-0001', 'reading');
  expect([draft.answers['english']?.score, draft.comments['english'], draft.comments['insight']]).toEqual(['5', 'A pleasure.', 'Reasons, and few.']);
  expect(notes).toBe('Ask Bo. Ask Cem.');
  await review.view.load();
  expect([review.answer('english').score, review.notes]).toEqual(['5', notes]);
});

test('each saving says from where it goes on', async () => {
  const save = vi.spyOn(memory.backend, 'saveDraft');
  const review = await reviewOf('a-0001');
  save.mockResolvedValueOnce({ total: null, missing: [], heads: ['one'] });
  for (const text of ['Clear', 'Clear and short']) {
    review.comment('english', text);
    await review.flush();
  }
  expect(save.mock.calls.map(([, , seen, before, draft]) => [seen, before.comments['english'], draft.comments['english']])).toEqual([
    [[], undefined, 'Clear'],
    [['one'], 'Clear', 'Clear and short'],
  ]);
  save.mockRestore();
});

test('of two laptops one value is chosen, and the place is settled', async () => {
  const { user, review } = await scorecard('a-0004');
  await user.click(screen.getByRole('button', { name: /^Keep this\s*: 4$/ }));
  await waitFor(() => expect(review.differences.map((each) => each.field)).toEqual(['answer/practice']));
  expect(review.answer('insight').score).toBe('4');
});

test('what does not apply keeps its reason, and a choice is taken back to be made again', async () => {
  const { user, review } = await scorecard('a-0004');
  const kept = { score: null, notApplicable: 'No case is named.' };
  for (let times = 0; times < 2; times += 1) {
    await user.click(await screen.findByRole('button', { name: /^Keep this\s*: N\/A$/ }));
    await waitFor(() => expect(review.answer('practice')).toEqual(kept));
    expect((await backend.dossier('a-0004', 'reading')).draft.answers['practice']).toEqual(kept);
    await takeBack();
    await waitFor(() => expect(review.differences.map((each) => each.field)).toEqual(['answer/insight', 'answer/practice']));
    expect(review.answer('practice')).toEqual({ score: null, notApplicable: null });
  }
  await user.click(await screen.findByRole('button', { name: /^Keep this\s*: 5$/ }));
  await waitFor(() => expect(review.differences.map((each) => each.field)).toEqual(['answer/insight']));
  expect((await backend.dossier('a-0004', 'reading')).draft.answers['practice']?.score).toBe('5');
});

const differenceAt = (review: Review, field: string) => review.differences.find((one) => one.field === field)!;

test('a choice is not taken back where something else was put since', async () => {
  const review = await reviewOf('a-0004');
  const difference = differenceAt(review, 'answer/insight');
  expect(await review.settle('answer/insight', '4')).toBe(true);
  review.score('insight', '2');
  await review.flush();
  await expect(review.reopen(difference, '4')).rejects.toMatchObject({ code: 'changed-since' });
  expect(review.answer('insight').score).toBe('2');
});

test('a reason outlasts two changes of mind, and what was chosen is a difference no more', async () => {
  const review = await reviewOf('a-0004');
  const first = differenceAt(review, 'answer/practice');
  await review.settle('answer/practice', '');
  review.notApplicable('practice', 'She has not practised yet.');
  await review.flush();
  await review.reopen(first, '');
  const again = differenceAt(review, 'answer/practice');
  await review.settle('answer/practice', '5');
  await review.reopen(again, '5');
  await review.settle('answer/practice', '');
  expect(review.answer('practice')).toEqual({ score: null, notApplicable: 'She has not practised yet.' });
  review.score('practice', null);
  expect(differenceAt(review, 'answer/practice')).toBeUndefined();
});

test('whether two laptops confirmed the statement is said in words', async () => {
  const { dossier } = await reviewOf('a-0001');
  if (dossier === null) throw new Error('no dossier');
  expect([nameOf(dossier, 'attestation'), valueOf('attestation', 'true'), valueOf('attestation', 'false')]).toEqual(['Statement', 'Confirmed', 'Not confirmed']);
  expect([valueOf('answer/english', ''), valueOf('answer/english', '3'), valueOf('reason/english', 'None named.')]).toEqual(['N/A', '3', 'None named.']);
});

test('submitting is offered beside a scorecard, and never waits for one', async () => {
  const submit = vi.spyOn(memory.backend, 'submit');
  render(ReviewScreen, { application: 'a-0002', round: 'reading' });
  const command = () => commands.all.find(({ id }) => id === 'submit');
  await screen.findByRole('heading', { level: 1 });
  command()?.run();
  await backend.declare('a-0002', 'none', '', '');
  await screen.findByRole('form', { name: 'Scorecard' });
  await waitFor(() => expect(command()).toBeDefined());
  // Whatever was asked for has begun by now.
  await new Promise((done) => setTimeout(done));
  expect(submit).not.toHaveBeenCalled();
  command()?.run();
  await waitFor(() => expect(submit).toHaveBeenCalledTimes(1));
  submit.mockRestore();
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
