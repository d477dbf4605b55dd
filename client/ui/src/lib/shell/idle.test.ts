// The idle clock: calls after its minutes, put off by any touch, never at 0.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { idle } from './idle';

const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a touch puts it off, and it calls again', () => {
  const call = vi.fn();
  const stop = idle(5, call);
  vi.advanceTimersByTime(4 * MINUTE);
  window.dispatchEvent(new Event('keydown'));
  vi.advanceTimersByTime(4 * MINUTE);
  expect(call).not.toHaveBeenCalled();
  vi.advanceTimersByTime(6 * MINUTE);
  expect(call).toHaveBeenCalledTimes(2);
  stop();
  vi.advanceTimersByTime(60 * MINUTE);
  expect(call).toHaveBeenCalledTimes(2);
});

test('0 minutes never call', () => {
  const call = vi.fn();
  idle(0, call);
  vi.advanceTimersByTime(1000 * MINUTE);
  expect(call).not.toHaveBeenCalled();
});
