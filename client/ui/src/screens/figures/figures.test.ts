// Figures: bins, the line of seats, severity on demand, words for every sentence of the engine.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend';
import type { RankedRow } from '../../lib/backend/contract';
import { memory } from '../../lib/backend/memory';
import Advice from './Advice.svelte';
import Agreement from './Agreement.svelte';
import { around, bins, line, share, stepOf } from './figures';
import Ranking from './Ranking.svelte';
import { severity } from './severity.svelte';

afterEach(() => void vi.restoreAllMocks());
beforeEach(() => {
  memory.reset('coordinator');
  severity.forget();
});

function row(rank: number | null, total: string | null): RankedRow {
  return { application: null, key: `k${rank}`, title: '', rank, tiedWith: [], tieBrokenBy: null, total, sd: null, reads: 0, min: null, max: null, incomplete: false };
}

test('totals fall into bins of round sizes, and each knows how many have a seat', () => {
  const rows = [row(1, '30'), row(2, '24.5'), row(3, '21'), row(4, '12'), row(null, null)];
  const found = bins(rows, 2);
  expect(found[0]).toEqual({ from: 12, to: 14, count: 1, seats: 0 });
  expect(found.reduce((sum, bin) => sum + bin.count, 0)).toBe(4);
  expect(found.reduce((sum, bin) => sum + bin.seats, 0)).toBe(2);
  expect(bins([row(null, null)], 2)).toEqual([]);
  expect(line(rows, 2)).toBe(22.75);
  expect([line(rows, 4), line(rows, null)]).toEqual([null, null]);
  expect(around(rows, 2, 1).map((each) => each.rank)).toEqual([2, 3]);
  expect([stepOf(18, 10), stepOf(0.4, 10), stepOf(0, 10)]).toEqual([2, 0.05, 1]);
  expect([share(5, 0, 10), share(-1, 0, 10), share(1, 1, 1)]).toEqual([50, 0, 50]);
});

test('the order has its sentence and act beside it, and its line of seats', async () => {
  render(Ranking);
  expect(await screen.findByText(/applications have a place/)).toBeTruthy();
  expect(screen.getByText(/Ask for what is missing/)).toBeTruthy();
  await userEvent.setup().type(screen.getByLabelText('Find an application'), 'esi boateng');
  expect(await screen.findByText('3 of 60 applications')).toBeTruthy();
});

test('severity is calculated when it is asked for, and marked once something changed', async () => {
  const user = userEvent.setup();
  render(Agreement);
  await user.click(await screen.findByRole('tab', { name: 'Severity' }));
  await user.click(screen.getByRole('button', { name: 'Calculate severity' }));
  expect(await screen.findByText('The correction helps')).toBeTruthy();
  memory.world.changed();
  expect(await screen.findByText('Something has changed since')).toBeTruthy();
});

test('severity stays where the page is left, by the round that it is of', async () => {
  const user = userEvent.setup();
  const first = render(Agreement);
  await user.click(await screen.findByRole('tab', { name: 'Severity' }));
  await user.click(screen.getByRole('button', { name: 'Calculate severity' }));
  await screen.findByText('The correction helps');
  first.unmount();
  render(Agreement);
  await user.click(await screen.findByRole('tab', { name: 'Severity' }));
  expect(screen.getByText('The correction helps')).toBeTruthy();
  await user.selectOptions(await screen.findByLabelText('Round'), 'interview');
  expect(screen.queryByText('The correction helps')).toBeNull();
  await user.selectOptions(screen.getByLabelText('Round'), '');
  expect(await screen.findByText('The correction helps')).toBeTruthy();
});

test('a calculation is stopped by whoever has enough, and another round’s ends it', async () => {
  memory.world.stepMs = 10_000;
  const user = userEvent.setup();
  render(Agreement);
  await user.click(await screen.findByRole('tab', { name: 'Severity' }));
  await user.click(screen.getByRole('button', { name: 'Calculate severity' }));
  const stop = vi.spyOn(backend, 'stopSeverity');
  await user.click(await screen.findByRole('button', { name: 'Stop' }));
  expect(stop).toHaveBeenCalledTimes(1);
  expect([severity.busy, severity.failure]).toEqual([false, null]);
  const asked = vi.spyOn(backend, 'severity');
  void severity.calculate('reading');
  memory.world.stepMs = 0;
  await severity.calculate('interview');
  expect(asked.mock.calls).toEqual([['reading'], ['interview']]);
  expect([severity.round, severity.value === null, severity.busy]).toEqual(['interview', false, false]);
});

test('what was calculated of one round stays until another one’s is here', async () => {
  memory.world.stepMs = 0;
  await severity.calculate('reading');
  memory.fail('severity', { code: 'not-found' });
  await severity.calculate('interview');
  expect([severity.of, severity.value === null, severity.failure?.code]).toEqual(['reading', false, 'not-found']);
  memory.heal();
  await severity.calculate('interview');
  expect(severity.of).toBe('interview');
});

test('a calculation that fails says so', async () => {
  memory.fail('severity', { code: 'not-found', message: 'this round is not here' });
  await severity.calculate('x');
  await waitFor(() => expect(severity.failure?.code).toBe('not-found'));
  expect(severity.busy).toBe(false);
});

test('agreement shows every criterion by its name', async () => {
  render(Agreement);
  const first = (await backend.agreement(null)).rows[0];
  expect((await screen.findAllByText(first?.label ?? '')).length).toBeGreaterThan(0);
  expect(screen.getByText(/readers agree least on Experience in building networks/)).toBeTruthy();
});

test('warnings are said, and more than a few of one kind are folded', () => {
  const says = (code: string, params: Record<string, string>) => ({ code, text: 'In English', params });
  const many = Array.from({ length: 9 }, (_, at) => says('total-unknown', { application: `P-${at}` }));
  const advice = { sentence: says('ranking-none', { all: '9' }), act: says('await-reviews', {}) };
  render(Advice, { advice, warnings: [says('drawn', { seed: '7' }), ...many, says('of-a-newer-version', {})] });
  expect(screen.getByText('Equal totals were separated by a draw from the seed 7.')).toBeTruthy();
  expect(screen.getByText('P-0: too little was answered for a total.').closest('details')).toBeNull();
  expect(screen.getByText('P-8: too little was answered for a total.').closest('details')).not.toBeNull();
  expect(screen.getByText('6 more of this kind')).toBeTruthy();
  expect(screen.getByText('In English')).toBeTruthy();
});
