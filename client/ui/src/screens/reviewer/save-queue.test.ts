// Saving while writing: at most half a second after the first change, one at a time, the newest last, again after a failure.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { memory } from '../../lib/backend/memory';
import { app } from '../../lib/state/app.svelte';
import { anythingUnsaved, ELSEWHERE, Held, putAway, RETRY_AFTER_MS, SAVE_AFTER_MS, saveAll, SaveQueue, unsavedWords, whyUnsaved } from './save-queue.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  app.standing = null;
  vi.useRealTimers();
});

/** A programme is open, and somebody is there. */
function opened(programmeId: string, memberId = 'm-01'): void {
  app.standing = { open: { ...memory.world.person(), programmeId, memberId }, programmes: [], version: '' };
}

test('typing on does not put saving off', async () => {
  expect(SAVE_AFTER_MS).toBeLessThanOrEqual(500);
  const save = vi.fn(() => Promise.resolve());
  const queue = new SaveQueue(save);
  for (let at = 0; at < 4; at += 1) {
    queue.change();
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS / 4);
  }
  expect(save).toHaveBeenCalledTimes(1);
  expect(queue.dirty).toBe(false);
  expect(queue.savedMs).not.toBeNull();
});

test('what is written during a saving is saved after it', async () => {
  const ends: (() => void)[] = [];
  const save = vi.fn(() => new Promise<void>((end) => ends.push(end)));
  const queue = new SaveQueue(save);
  queue.change();
  const first = queue.flush();
  queue.change();
  const second = queue.flush();
  expect(save).toHaveBeenCalledTimes(1);
  ends[0]?.();
  await first;
  await vi.advanceTimersByTimeAsync(0);
  expect(save).toHaveBeenCalledTimes(2);
  ends[1]?.();
  await second;
  expect(queue.dirty).toBe(false);
});

test('however many ask meanwhile, each waits until what was written by then is saved', async () => {
  const ends: (() => void)[] = [];
  const save = vi.fn(() => new Promise<void>((end) => ends.push(end)));
  const queue = new SaveQueue(save);
  queue.change();
  const first = queue.flush();
  queue.change();
  let through = 0;
  const asked = [queue.flush(), queue.flush()].map((each) => each.then(() => (through += 1)));
  ends[0]?.();
  await first;
  await vi.advanceTimersByTimeAsync(0);
  expect([save.mock.calls.length, through]).toEqual([2, 0]);
  ends[1]?.();
  await Promise.all(asked);
  expect([queue.dirty, queue.unsaved, through]).toEqual([false, false, 2]);
});

test('of all that is written it is known why something is not saved, and all is tried again', async () => {
  const save = vi.fn<() => Promise<void>>().mockRejectedValueOnce({ code: 'disk-full', message: 'full', hint: null, at: null }).mockResolvedValue();
  const [one, other] = [new SaveQueue(() => Promise.resolve()), new SaveQueue(save)];
  one.change();
  other.change();
  expect([anythingUnsaved(), whyUnsaved()]).toEqual([true, null]);
  await saveAll();
  expect([one.unsaved, other.unsaved, whyUnsaved()?.code]).toEqual([false, true, 'disk-full']);
  await saveAll();
  expect([anythingUnsaved(), whyUnsaved()]).toEqual([false, null]);
});

test('a failure is told, nothing is called saved, and it is tried again', async () => {
  const save = vi.fn<() => Promise<void>>().mockRejectedValueOnce({ code: 'disk-full', message: 'full', hint: null, at: null }).mockResolvedValue();
  const queue = new SaveQueue(save);
  queue.change();
  await queue.flush();
  expect([queue.dirty, queue.savedMs, queue.failure?.code]).toEqual([true, null, 'disk-full']);
  await vi.advanceTimersByTimeAsync(RETRY_AFTER_MS);
  expect([queue.dirty, queue.failure, save.mock.calls.length]).toEqual([false, null, 2]);
});

test('leaving the window saves at once', async () => {
  const save = vi.fn(() => Promise.resolve());
  const queue = new SaveQueue(save);
  const stop = queue.watch();
  queue.change();
  window.dispatchEvent(new Event('pagehide'));
  await vi.advanceTimersByTimeAsync(0);
  expect(save).toHaveBeenCalledTimes(1);
  queue.change();
  stop();
  await vi.advanceTimersByTimeAsync(0);
  expect(save).toHaveBeenCalledTimes(2);
});

test('what was read before or during a saving never takes the place of what was written', async () => {
  let end = () => undefined as void;
  const queue = new SaveQueue(() => new Promise<void>((done) => (end = done)));
  const before = queue.since();
  queue.change();
  const typing = queue.since();
  expect(before()).toBe(false);
  const saved = queue.flush();
  const during = queue.since();
  expect([before(), during()]).toEqual([false, false]);
  end();
  await saved;
  expect([before(), typing(), during(), queue.since()()]).toEqual([false, false, false, true]);
});

test('what is written in one programme is saved there by whoever wrote it, and nowhere else', async () => {
  const save = vi.fn(() => Promise.resolve());
  opened('p-a');
  const queue = new SaveQueue(save);
  queue.change();
  for (const [programme, member] of [['p-b', 'm-01'], ['p-a', 'm-02']] as const) {
    opened(programme, member);
    await queue.flush();
    expect([save.mock.calls.length, queue.unsaved, whyUnsaved()?.code]).toEqual([0, true, ELSEWHERE]);
  }
  await expect(queue.mustFlush()).rejects.toMatchObject({ code: ELSEWHERE });
  const full = new SaveQueue(() => Promise.reject({ code: 'disk-full', message: 'full' }));
  full.change();
  await full.flush();
  // What trying again may help is told first.
  opened('p-a', 'm-02');
  expect(whyUnsaved()?.code).toBe('disk-full');
  opened('p-a');
  await saveAll();
  expect([save.mock.calls.length, queue.unsaved]).toEqual([1, false]);
  await full.putAway();
});

test('one that waits until it is flushed is unsaved until then', async () => {
  const save = vi.fn(() => Promise.resolve());
  const queue = new SaveQueue(save, undefined, null);
  queue.change();
  await vi.advanceTimersByTimeAsync(10 * RETRY_AFTER_MS);
  expect([save.mock.calls.length, queue.unsaved, anythingUnsaved()]).toEqual([0, true, true]);
  await queue.flush();
  expect([save.mock.calls.length, queue.unsaved]).toEqual([1, false]);
});

test('what holds something unsaved is found again by whoever wrote it', () => {
  const held = new Held<{ unsaved: boolean }>();
  opened('p-a');
  const [one, other] = [held.at('one', () => ({ unsaved: true })), held.at('other', () => ({ unsaved: false }))];
  expect([held.find('one'), held.find('other')]).toEqual([one, other]);
  opened('p-b');
  expect(held.find('one')).toBeUndefined();
  held.at('one', () => ({ unsaved: false }));
  opened('p-a');
  expect(held.at('one', () => ({ unsaved: false }))).toBe(one);
  expect(held.find('other')).toBeUndefined();
});

test('what cannot be saved is shown to whoever typed it, and put away by nobody else', async () => {
  opened('p-a');
  const save = vi.fn(() => Promise.reject({ code: 'not-permitted', message: 'no' }));
  const queue = new SaveQueue(save, () => ['Hard to follow.', '']);
  queue.change();
  await queue.flush();
  opened('p-a', 'm-02');
  await queue.flush();
  await putAway();
  expect([unsavedWords(), queue.unsaved]).toEqual(['', true]);
  opened('p-a');
  await queue.flush();
  expect(unsavedWords()).toBe('Hard to follow.');
  await putAway();
  const times = save.mock.calls.length;
  await vi.advanceTimersByTimeAsync(2 * RETRY_AFTER_MS);
  expect([queue.unsaved, queue.dirty, queue.failure, whyUnsaved(), save.mock.calls.length]).toEqual([false, false, null, null, times]);
});
