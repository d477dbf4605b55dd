// What arrived: by day, by which way, whose, and the way on to what was refused.
import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { memory } from '../../lib/backend/memory';
import Queue from './Queue.svelte';

beforeEach(() => memory.reset('coordinator'));

async function opened() {
  const user = userEvent.setup();
  render(Queue);
  await user.click(await screen.findByRole('tab', { name: 'What arrived' }));
  return user;
}

test('exchanges and bundles stand by day, with whose work came and how much', async () => {
  await opened();
  expect(await screen.findAllByText('From the relay')).toHaveLength(2);
  const stick = screen.getByText(/In a bundle that says it is from/).closest('.arrival');
  expect(within(stick as HTMLElement).getByText('12 reviews and 1 other change')).toBeTruthy();
  expect(within(stick as HTMLElement).getByText('2 items wait for their key or their author')).toBeTruthy();
  expect(screen.getAllByRole('heading', { level: 2 }).length).toBe(3);
  expect(screen.getByText(/41 items came before this device noted by which way/)).toBeTruthy();
});

test('what was refused is said, and leads to why', async () => {
  const user = await opened();
  expect(await screen.findByText('Somebody not known here')).toBeTruthy();
  expect(screen.getByText('3 items refused')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Notices' }));
  expect(screen.getByRole('tab', { name: /Notices/ }).getAttribute('aria-selected')).toBe('true');
});

test('a search leaves those whom it names, and nothing found can be cleared', async () => {
  const user = await opened();
  await screen.findAllByText('From the relay');
  await user.type(screen.getByLabelText('Find on the merge desk'), 'not known');
  expect(screen.queryByText('From the relay')).toBeNull();
  await user.type(screen.getByLabelText('Find on the merge desk'), ' xyz');
  await user.click(await screen.findByRole('button', { name: 'Clear the filter' }));
  expect(await screen.findAllByText('From the relay')).toHaveLength(2);
});

test('where nothing arrived, the exchange is offered', async () => {
  memory.reset('coordinator-empty');
  await opened();
  expect(await screen.findByText('Nothing has arrived yet')).toBeTruthy();
});
