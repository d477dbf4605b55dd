// Seats tried out: marked as a trial, who moves and why, and nothing of it stays.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import Seats from './Seats.svelte';

beforeEach(() => memory.reset('coordinator'));

test('other seats are a trial that says who moves in, and the programme’s own come back', async () => {
  const user = userEvent.setup();
  render(Seats, { round: null });
  const seats = await screen.findByLabelText('Seats');
  expect(screen.queryByText('This is a trial')).toBeNull();
  await user.clear(seats);
  await user.type(seats, '24');
  await user.click(screen.getByRole('button', { name: 'Try these' }));
  expect(await screen.findByText('This is a trial')).toBeTruthy();
  expect(screen.getByText(/^4 move in$/)).toBeTruthy();
  expect(screen.queryByText(/The record of this selection/)).toBeNull();
  await user.click(screen.getByRole('button', { name: 'Back to the programme’s own' }));
  await waitFor(() => expect(screen.queryByText('This is a trial')).toBeNull());
  const own = await backend.selection(null, null);
  expect(own.by.seats).toBe(20);
  expect(screen.getByText(own.record)).toBeTruthy();
});

test('quotas that nobody can meet are said, and numbers that are none are named beside the field', async () => {
  const user = userEvent.setup();
  render(Seats, { round: null });
  const seats = await screen.findByLabelText('Seats');
  await user.clear(seats);
  await user.type(seats, '0');
  expect(screen.getByText('Write a whole number from 1.')).toBeTruthy();
  await user.clear(seats);
  await user.type(seats, '2');
  await user.click(screen.getByRole('button', { name: 'Try these' }));
  expect(await screen.findByText('These quotas cannot all be met')).toBeTruthy();
});
