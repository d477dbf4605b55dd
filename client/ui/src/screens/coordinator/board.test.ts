// The board: filtering and sorting by the engine, paging, what stands before and after an application, the empty board.
import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import Board from './Board.svelte';
import { boardList } from './board.svelte';
import Reads from './Reads.svelte';

beforeEach(() => {
  memory.reset('coordinator');
  boardList.reset();
});

test('a stage is chosen by its tile, words by typing, and both can be cleared', async () => {
  const user = userEvent.setup();
  render(Board);
  expect(await screen.findByText('60 of 60 applications')).toBeTruthy();
  await user.click(within(screen.getByRole('group', { name: 'Show one stage' })).getByRole('button', { name: /Assigned/ }));
  expect(boardList.rows.every((row) => row.stage === 'assigned')).toBe(true);
  await user.type(screen.getByLabelText('Find an application'), 'esi');
  await screen.findByText(/^\d of 60 applications/);
  await user.click(screen.getAllByRole('button', { name: 'Clear filters' })[0] as HTMLElement);
  expect(await screen.findByText('60 of 60 applications')).toBeTruthy();
});

test('an answer of the form filters, once its field is chosen', async () => {
  const user = userEvent.setup();
  render(Board);
  await user.selectOptions(await screen.findByLabelText('Filter by an answer'), 'country');
  await user.selectOptions(await screen.findByLabelText('Country'), 'ghana');
  expect(await screen.findByText('3 of 60 applications')).toBeTruthy();
});

test('the same column again turns the order round', async () => {
  await boardList.sort('title');
  const first = boardList.rows[0]?.title;
  await boardList.sort('title');
  expect(boardList.wanted.descending).toBe(true);
  expect(boardList.rows.at(-1)?.title).toBe(first);
});

test('pages are read as they are needed, and neighbours follow the order across pages', async () => {
  memory.reset('coordinator-large');
  await boardList.load();
  expect([boardList.rows.length, boardList.total]).toEqual([200, 5000]);
  await boardList.more();
  expect(boardList.rows.length).toBe(400);
  expect(await boardList.around('a-0500')).toEqual({ previous: 'a-0499', next: 'a-0501', place: 500, of: 5000 });
  expect(await boardList.around('a-0501')).toMatchObject({ previous: 'a-0500' });
  expect(await boardList.around('a-0001')).toMatchObject({ previous: null });
  expect(await boardList.around('a-5000')).toMatchObject({ next: null });
  await boardList.stage('read');
  expect(await boardList.around('a-0002')).toBeNull();
});

test('the next rows come after what is being read, and not in its place', async () => {
  memory.reset('coordinator-large');
  await boardList.load();
  boardList.rows = boardList.rows.map((row) => ({ ...row, title: 'As it was' }));
  await Promise.all([boardList.load(), boardList.more()]);
  expect([boardList.rows.length, boardList.rows.some(({ title }) => title === 'As it was')]).toEqual([400, false]);
});

test('whoever is far down stays there when something changes', async () => {
  memory.reset('coordinator-large');
  await boardList.load();
  while (boardList.rows.length < 3000) await boardList.more();
  const last = boardList.rows.at(-1);
  await boardList.load();
  expect([boardList.rows.length, boardList.rows.at(-1)]).toEqual([3000, last]);
  await boardList.ask({ text: 'esi' });
  await boardList.load();
  expect(boardList.rows.length).toBe(Math.min(200, boardList.total));
});

test('an empty board says how applications come in', async () => {
  memory.reset('coordinator-empty');
  render(Board);
  expect(await screen.findByText('No application is here yet')).toBeTruthy();
});

test('a failure says what to do, and trying again helps', async () => {
  memory.fail('board', { code: 'not-permitted', message: "this is a coordinator's" });
  render(Board);
  await screen.findByRole('alert');
  memory.heal();
  await userEvent.setup().click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByText('60 of 60 applications')).toBeTruthy();
});

test('the board counts a further reader whom nobody has asked yet, and how many reads remain', async () => {
  memory.reset('coordinator-further');
  boardList.reset();
  const { reads } = await backend.board();
  expect(reads.further).toBeGreaterThan(0);
  render(Board);
  const remain = reads.wanted - reads.done + reads.further;
  expect(await screen.findByText(new RegExp(`^${reads.further} applications need a further reader whom nobody has asked yet: ${remain} reads remain in all\\.`))).toBeTruthy();
  await boardList.load();
  const row = boardList.rows.find(({ further }) => further);
  expect([row?.reviews, row?.readers]).toEqual([2, 2]);
});

test.each([
  [2, 2, false, '2 of 2'],
  [2, 2, true, '2 of 3'],
  [2, 3, false, '2 of 3'],
  [1, 2, false, '1 of 2'],
])('%i reviews of %i readers, with a further one %s, are %s', (reviews, readers, further, shown) => {
  render(Reads, { reviews, readers, wanted: 2, further });
  expect(screen.getByText(shown)).toBeTruthy();
  expect(document.querySelectorAll('rect').length).toBe(Math.max(2, readers + Number(further)));
});
