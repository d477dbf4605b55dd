// One's own reviews beside one another: marks to read again, the filter for them, two scorecards side by side, by keyboard too;
// and where comments point.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { commands } from '../../lib/state/commands.svelte';
import { route } from '../../lib/state/route.svelte';
import Compare from './Compare.svelte';
import Consistency from './Consistency.svelte';
import HomeScreen from './Home.svelte';
import { Home } from './home.svelte';
import { showPin } from './pins';
import Reader from './Reader.svelte';
import { Review } from './review.svelte';
import Scorecard from './Scorecard.svelte';

beforeEach(() => memory.reset('reviewer'));

function run(id: string): void {
  const command = commands.all.find((each) => each.id === id);
  if (command === undefined) throw new Error(`no command ${id}`);
  command.run();
}

/** No row has a height here, so that none is in the page: what stands for one takes the focus. */
function focusRow(at: number): void {
  const row = document.createElement('button');
  row.dataset.at = String(at);
  document.body.append(row);
  row.focus();
}

test('marks are made, filtered and taken away', async () => {
  const home = new Home();
  await home.view.load();
  const before = home.marked;
  const task = home.rows.find((each) => !each.again && each.answered > 0);
  if (task === undefined) throw new Error('nothing to mark');
  await home.mark(task);
  await home.view.load();
  home.again = true;
  expect([home.marked, home.rows.length]).toEqual([before + 1, before + 1]);
  expect(home.rows.map((each) => each.application)).toContain(task.application);
  const review = new Review(task.application, task.round);
  await review.view.load();
  await review.markAgain(false);
  await home.view.load();
  expect(home.marked).toBe(before);
});

test('two are chosen on the list with the keyboard, and stand side by side', async () => {
  render(HomeScreen);
  await screen.findByRole('grid');
  const home = await backend.reviewerHome();
  const rows = home.tasks.flatMap((task, at) => (task.answered > 0 && task.round === 'reading' ? [{ task, at }] : []));
  const [first, second] = rows;
  if (first === undefined || second === undefined) throw new Error('too few');
  focusRow(first.at);
  run('compare');
  expect(await screen.findByText(new RegExp(`${first.task.label}.* is chosen`))).toBeTruthy();
  focusRow(second.at);
  run('compare');
  await waitFor(() => expect(route.current).toMatchObject({ screen: 'compare', params: { one: first.task.application, other: second.task.application } }));
});

test('two scorecards: what differs is said, the sides are swapped, the next is put beside', async () => {
  render(Compare, { round: '-', one: 'a-0001', other: 'a-0005' });
  const table = await screen.findByRole('table');
  const [one, other] = within(table).getAllByRole<HTMLSelectElement>('combobox');
  expect([one?.value, other?.value]).toEqual(['a-0001', 'a-0005']);
  expect(within(table).getAllByText('scored differently').length).toBeGreaterThan(0);
  expect(within(table).getAllByText(/Own cases since 2016/).length).toBe(2);
  run('compare-swap');
  await waitFor(() => expect(within(screen.getByRole('table')).getAllByRole<HTMLSelectElement>('combobox')[0]?.value).toBe('a-0005'));
  run('compare-next');
  await waitFor(() => expect(within(screen.getByRole('table')).getAllByRole<HTMLSelectElement>('combobox')[1]?.value).not.toBe('a-0001'));
});

test('without two there is nothing to compare', async () => {
  memory.reset('rehearsal');
  render(Compare, { round: '-', one: '-', other: '-' });
  expect(await screen.findByText('There are not yet two to compare')).toBeTruthy();
});

test('the use of scales is shown of everything, or of what is to be read again', async () => {
  const user = userEvent.setup();
  render(Consistency);
  const all = (await backend.consistency(false)).scored;
  expect(await screen.findByText(`Everything you scored: ${all}`)).toBeTruthy();
  await user.click(screen.getByLabelText(/^To read again: 2/));
  const marked = (await backend.consistency(true)).marked;
  const list = await screen.findByRole('list', { name: 'To read again' });
  expect(within(list).getAllByRole('link').map((link) => link.textContent)).toEqual(marked.map((each) => each.label));
});

test('a comment points to where its reader is, is shown there, and points nowhere again', async () => {
  const user = userEvent.setup();
  const review = new Review('a-0003', 'reading');
  await review.view.load();
  const { dossier } = review;
  if (dossier === null) throw new Error('no dossier');
  const { unmount } = render(Reader, { review, dossier });
  const [section] = dossier.sections;
  review.here = { kind: 'field', field: section?.field ?? '' };
  render(Scorecard, { review, dossier, onjump: () => undefined, submitting: false });
  await user.click(screen.getByRole('button', { name: 'Point to where I am Written English' }));
  expect(review.draft.pins['english']).toEqual(review.here);
  await review.flush();
  await review.view.load();
  expect(review.draft.pins['english']).toEqual(review.here);
  await user.click(screen.getByRole('button', { name: /The comment on .*Written English.* points to/ }));
  expect(review.showing).toEqual(review.here);
  expect(await showPin(review.showing ?? { kind: 'field', field: '' })).toBe(true);
  expect(document.activeElement?.textContent).toBe(section?.label);
  expect(await showPin({ kind: 'field', field: 'gone' })).toBe(false);
  await user.click(screen.getByRole('button', { name: /^Point nowhere/ }));
  expect(review.draft.pins['english']).toBeUndefined();
  unmount();
});

test('a comment points to a page of a file, which is opened for it', async () => {
  const review = new Review('a-0001', 'reading');
  await review.view.load();
  const { dossier } = review;
  if (dossier === null) throw new Error('no dossier');
  render(Reader, { review, dossier });
  const pin = review.draft.pins['practice'];
  if (pin === undefined) throw new Error('no pin');
  expect(review.pins.nameOf(pin)).toBe('letter-1.pdf, page 2');
  expect(await showPin(pin)).toBe(true);
  await waitFor(() => expect(document.activeElement?.getAttribute('data-page')).toBe('2'));
});
