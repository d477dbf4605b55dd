// Pace: the answer beside its sentence and act, on what it rests, and "not known" in words.
import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { memory } from '../../lib/backend/memory';
import Board from './Board.svelte';
import Pace from './Pace.svelte';

beforeEach(() => memory.reset('coordinator'));

test('the board says whether the date holds, what to do, and on what that rests', async () => {
  render(Board);
  expect(await screen.findByText('Does the date hold? First reading')).toBeTruthy();
  expect(screen.getByText('Tight')).toBeTruthy();
  expect(screen.getByText(/67 reads remain\. The date holds at about 24 a week, but not at the 15 of the slowest of the last 3 weeks\./)).toBeTruthy();
  expect(screen.getByText(/Remind who is behind now/)).toBeTruthy();
  await userEvent.setup().click(screen.getByText('On what this rests'));
  expect(screen.getByText('In the last week: 15 reads.')).toBeTruthy();
  expect(screen.getByText(/a relay received 73 reads, not on when they were written; of 4 reads no such day is known/)).toBeTruthy();
});

test('where too little is known, it says so and names no day', async () => {
  memory.world.lastExchangeMs = null;
  render(Pace);
  expect(await screen.findByText('Not known')).toBeTruthy();
  expect(screen.getByText(/it takes 5 reads and one week/)).toBeTruthy();
  expect(screen.queryByText(/the last read comes about/)).toBeNull();
  expect(screen.getByText('No whole week has passed since the first read came.')).toBeTruthy();
});

test('a failure is shown', async () => {
  memory.fail('pace', { code: 'not-permitted', message: 'this is a coordinator’s' });
  render(Pace);
  expect(await screen.findByRole('alert')).toBeTruthy();
});
