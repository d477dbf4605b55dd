// What is said of a time follows the clock, though nothing else changes.
import { render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { memory } from '../backend/memory';
import TopBar from '../shell/TopBar.svelte';
import Deadline from '../../screens/reviewer/Deadline.svelte';
import { app } from './app.svelte';

const HOUR = 3_600_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a deadline comes nearer, and is past', async () => {
  render(Deadline, { deadline: { round: 'First reading', local: '', programmeZone: 'UTC', programmeTime: '23:59', ms: Date.now() + 1.5 * HOUR } });
  expect(screen.getByText('in 1 hour')).toBeTruthy();
  const label = screen.getByRole('region').getAttribute('aria-label');
  vi.advanceTimersByTime(HOUR);
  await tick();
  expect(screen.getByText('in 30 minutes')).toBeTruthy();
  vi.advanceTimersByTime(2 * HOUR);
  await tick();
  expect(screen.getByText('1 hour ago')).toBeTruthy();
  expect(screen.getByRole('region').getAttribute('aria-label')).not.toBe(label);
});

test('the last exchange grows older', async () => {
  memory.reset('reviewer');
  await app.opened(false);
  render(TopBar);
  expect(screen.getByText(/Last exchange 3 days ago/)).toBeTruthy();
  vi.advanceTimersByTime(24 * HOUR);
  await tick();
  expect(screen.getByText(/Last exchange 4 days ago/)).toBeTruthy();
});
