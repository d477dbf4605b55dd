// Shares: a table at a time with its sentence, words for codes, and nothing where a count is hidden.
import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { memory } from '../../lib/backend/memory';
import Shares from './Shares.svelte';

beforeEach(() => memory.reset('coordinator'));

test('a table says its shares, and its sentence calls group and stage as people do', async () => {
  render(Shares);
  expect(await screen.findByText(/“Woman” moves the most: from 57% of those received to 45% at the stage “Would have a seat”/)).toBeTruthy();
  const row = screen.getByRole('row', { name: /^Woman/ });
  expect(within(row).getAllByRole('cell').map((cell) => cell.textContent.replace(/\s+/g, ' ').trim())).toEqual(['34 57%', '29 57%', '26 57%', '16 53%', '12 50%', '9 45%']);
  expect(screen.getByText(/No count under 5 had to be hidden/)).toBeTruthy();
});

test('what is hidden is said, and small groups have no name', async () => {
  const user = userEvent.setup();
  render(Shares);
  await user.selectOptions(await screen.findByLabelText('Counted by'), 'Country');
  const row = screen.getByRole('row', { name: /^Kenya/ });
  expect(within(row).getAllByText('hidden')).toHaveLength(2);
  expect(screen.getByRole('row', { name: /^Other groups/ })).toBeTruthy();
  expect(screen.getByText(/Counts under 5 are hidden/)).toBeTruthy();
  await user.selectOptions(screen.getByLabelText('Counted by'), 'Way in');
  expect(screen.getByRole('row', { name: /^Entered on behalf/ })).toBeTruthy();
});

test('the smallest count that is shown is asked of the engine', async () => {
  const user = userEvent.setup();
  render(Shares);
  await user.selectOptions(await screen.findByLabelText('Counted by'), 'Country');
  await user.selectOptions(screen.getByLabelText('Smallest count shown'), '10');
  expect(await screen.findByText(/counts under 10 are hidden/)).toBeTruthy();
});

test('without applications the way to them is shown', async () => {
  memory.reset('coordinator-empty');
  render(Shares);
  expect(await screen.findByRole('button', { name: 'Take applications in' })).toBeTruthy();
});
