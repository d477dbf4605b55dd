// The merge desk: one cause is decided for many, sides are chosen, a reason is needed, what was decided is decided anew.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { causes, decisions, fits, idsOf } from './causes';
import { saysOf } from './queue-words';
import Queue from './Queue.svelte';

beforeEach(() => memory.reset('coordinator'));

function card(code: string): HTMLElement {
  return document.querySelector<HTMLElement>(`[data-code="${code}"]`) ?? document.body;
}

test('items of one kind about one person are one cause; different recommendations stay apart', async () => {
  const { waiting } = await backend.queue();
  const found = causes(waiting);
  const late = found.filter((cause) => cause.item.code === 'review-after-close');
  expect(late.map((cause) => [cause.item.recommended, cause.item.asked, cause.items.length])).toEqual([['ask', false, 1], ['accept', false, 1], ['ask', true, 1]]);
  const two = found.find((cause) => cause.item.code === 'two-versions');
  expect([two?.sides, two?.items.length]).toEqual([true, 2]);
  expect(new Set(found.map((cause) => cause.key)).size).toBe(found.length);
});

test('what is recommended comes first, and sides of shared records cannot be asked about', async () => {
  const { waiting } = await backend.queue();
  const of = (code: string) => causes(waiting).find((cause) => cause.item.code === code);
  const verdicts = (code: string) => decisions(of(code) ?? { key: '', item: waiting[0]!, items: [], sides: false }).map((each) => each.verdict);
  expect(verdicts('review-after-removal')).toEqual(['set-aside', 'accept', 'ask']);
  expect(verdicts('older-rubric')).toEqual(['accept', 'set-aside']);
  expect(verdicts('two-versions')).toEqual(['ask', 'accept', 'accept']);
  expect(verdicts('eligibility-contradicts')).toEqual(['accept', 'accept']);
  const sides = of('recorded-beside-own');
  expect(sides && idsOf(sides, { verdict: 'accept', side: '2a11' }, new Set())).toEqual(['2a11']);
});

test('a side says what is scored by its name, and a score as people write it', async () => {
  const { waiting } = await backend.queue();
  const of = (id: string) => waiting.find((each) => each.id === id)!;
  expect(saysOf(of('1c02'))).toBe('Written English: 3 · Practice in child protection law: 4');
  expect(saysOf(of('2a11'))).toBe('Insight in the four answers: 3 · Practice in child protection law: N/A');
  const one = (place: string, says: string, placeLabels = ['What it is called']) => saysOf({ ...of('1c02'), place, placeLabels, says: [says] });
  expect(one('english', 'english -')).toBe('What it is called: no score');
  expect(one('overall', 'Yes, she does')).toBe('Yes, she does');
  expect(one('english,practice', 'english 3, pract…', ['Written English', 'Practice'])).toBe('Written English: 3 · pract…');
});

test('words are found in people, applications and sentences', async () => {
  const item = (await backend.queue()).waiting.find((each) => each.code === 'review-after-removal');
  expect(item && fits(item, 'The review came after its author was removed.', 'lindqvist')).toBe(false);
  expect(item && fits(item, 'The review came after its author was removed.', 'gls-0028 removed')).toBe(true);
});

test('the recommended act is done with its reason, for all applications of the cause', async () => {
  const user = userEvent.setup();
  render(Queue);
  await screen.findByText(/causes, about/);
  await user.click(within(card('older-rubric')).getByRole('button', { name: 'Let it count' }));
  expect(within(card('older-rubric')).getByLabelText('Let it count', { exact: false })).toBeTruthy();
  expect((screen.getByLabelText('Reason') as HTMLTextAreaElement).value).toBe('The scores mean what they meant when they were given');
  await user.click(screen.getByRole('button', { name: 'Decide' }));
  await waitFor(async () => expect((await backend.queue()).decided[0]).toMatchObject({ verdict: 'accept', by: 'Amara Diallo', item: { code: 'older-rubric' } }));
  await waitFor(() => expect(document.querySelector('[data-code="older-rubric"]')).toBeNull());
});

test('of two sides one is chosen, and the other goes with it', async () => {
  const user = userEvent.setup();
  render(Queue);
  await screen.findByText(/causes, about/);
  await user.click(within(card('eligibility-contradicts')).getByRole('button', { name: 'Choose a side…' }));
  await user.click(screen.getByRole('button', { name: 'Decide' }));
  expect(screen.getByText('Choose what is decided.')).toBeTruthy();
  await user.click(screen.getByLabelText(/^Not met/));
  expect(screen.getByText(/the others are set aside/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Decide' }));
  await waitFor(async () => expect((await backend.queue()).waiting.filter((each) => each.code === 'eligibility-contradicts')).toEqual([]));
});

test('without a reason nothing is decided', async () => {
  const user = userEvent.setup();
  render(Queue);
  await screen.findByText(/causes, about/);
  await user.click(within(card('conflict-declared')).getByRole('button', { name: 'Decide otherwise…' }));
  await user.click(screen.getByLabelText(/Lift the conflict/));
  await user.click(screen.getByRole('button', { name: 'Decide' }));
  expect(screen.getByText('A decision needs a reason.')).toBeTruthy();
  expect((await backend.queue()).decided.length).toBe(2);
});

test('what was decided is decided anew', async () => {
  const user = userEvent.setup();
  render(Queue);
  await user.click(await screen.findByRole('tab', { name: /Decided/ }));
  await user.click(screen.getAllByRole('button', { name: 'Decide anew' })[1] as HTMLElement);
  await user.click(screen.getByLabelText(/Set it aside/));
  await user.type(screen.getByLabelText('Reason'), 'The receipt was of another stick.');
  await user.click(screen.getByRole('button', { name: 'Decide' }));
  expect(await screen.findByText('The receipt was of another stick.')).toBeTruthy();
});

test('a notice is put away once it is seen', async () => {
  const user = userEvent.setup();
  render(Queue);
  await user.click(await screen.findByRole('tab', { name: /Notices/ }));
  await user.click(screen.getAllByRole('button', { name: 'Seen' })[0] as HTMLElement);
  await waitFor(() => expect(screen.getAllByRole('button', { name: 'Seen' }).length).toBe(1));
});
