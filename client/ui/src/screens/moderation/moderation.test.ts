// Moderation: what wants a verdict and why, scores without names, a verdict with its reason and taken back, what two contradict,
// what other scores came to, the filter, the empty screen, keys; and the verdict at the application and on paper.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import type { ModerationVerdict } from '../../lib/backend/contract';
import { memory } from '../../lib/backend/memory';
import { commands } from '../../lib/state/commands.svelte';
import { toasts } from '../../lib/state/toasts.svelte';
import Application from '../coordinator/Application.svelte';
import Moderation from './Moderation.svelte';
import { apart, kindOf, standing } from './moderation';

beforeEach(() => {
  memory.reset('coordinator');
  toasts.shown = [];
});

function card(application: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`[data-application="${application}"]`);
  if (found === null) throw new Error(application);
  return found;
}

async function verdictOn(application: string): Promise<ModerationVerdict | null> {
  const { rows } = await backend.moderation(null);
  return rows.find((row) => row.application === application)?.verdict ?? null;
}

test('what wants a verdict says why; what is settled stands below with its reason', async () => {
  render(Moderation);
  const open = (await screen.findByRole('heading', { name: '9 applications to settle' })).closest('section') as HTMLElement;
  expect(within(open).getAllByRole('listitem').length).toBeGreaterThan(9);
  expect(within(card('a-0018')).getByText('Wide spread')).toBeTruthy();
  expect(within(card('a-0018')).getByText(/^Readers’ totals lie 13\.4 apart/)).toBeTruthy();
  expect(within(card('a-0018')).getByText(/clearly give a seat/)).toBeTruthy();
  const settled = screen.getByRole('heading', { name: '3 applications settled' }).closest('section') as HTMLElement;
  expect(within(settled).getByText('For the meeting')).toBeTruthy();
  expect(within(settled).getByText(/The clinic is new/)).toBeTruthy();
});

test('scores stand side by side without names until somebody asks', async () => {
  const user = userEvent.setup();
  render(Moderation);
  await screen.findByRole('heading', { name: '9 applications to settle' });
  const { rows } = await backend.moderation(null);
  const readers = rows.flatMap((row) => row.reads.map((read) => read.reader));
  const shown = document.querySelector('main, body')?.textContent ?? '';
  for (const reader of readers) expect(shown).not.toContain(reader);
  expect(within(card('a-0018')).getByRole('columnheader', { name: 'Reader 3' })).toBeTruthy();
  await user.click(screen.getByLabelText('Show who the readers are'));
  expect(within(card('a-0018')).getByRole('columnheader', { name: readers[0] ?? '' })).toBeTruthy();
});

test('a verdict needs a choice and a reason, and can be put back', async () => {
  const user = userEvent.setup();
  render(Moderation);
  await screen.findByRole('heading', { name: '9 applications to settle' });
  await user.click(within(card('a-0018')).getByRole('button', { name: /^Give a verdict/ }));
  await user.click(within(card('a-0018')).getByRole('button', { name: 'Decide' }));
  expect(within(card('a-0018')).getByText('Choose what is decided.')).toBeTruthy();
  await user.click(within(card('a-0018')).getByLabelText(/^Another reader/));
  await user.click(within(card('a-0018')).getByRole('button', { name: 'Decide' }));
  expect(within(card('a-0018')).getByText('A decision needs a reason.')).toBeTruthy();
  expect(await verdictOn('a-0018')).toBeNull();
  await user.type(within(card('a-0018')).getByLabelText('Reason'), 'Two of them know the clinic.{Control>}{Enter}{/Control}');
  await screen.findByRole('heading', { name: '8 applications to settle' });
  expect(await verdictOn('a-0018')).toMatchObject({ verdict: 'another-reader', reason: 'Two of them know the clinic.', by: ['Amara Diallo'] });
  expect(within(card('a-0018')).getByRole('button', { name: 'Assignment' })).toBeTruthy();
  toasts.shown[0]?.undo?.();
  await waitFor(async () => expect(await verdictOn('a-0018')).toBeNull());
  expect(await screen.findByRole('heading', { name: '9 applications to settle' })).toBeTruthy();
});

test('decided anew, the verdict before it can be put back with its reason', async () => {
  const user = userEvent.setup();
  render(Moderation);
  await screen.findByRole('heading', { name: '3 applications settled' });
  await user.click(within(card('a-0053')).getByRole('button', { name: /^Decide anew/ }));
  const reason = within(card('a-0053')).getByLabelText('Reason');
  expect((reason as HTMLTextAreaElement).value).toMatch(/^The clinic is new/);
  await user.click(within(card('a-0053')).getByLabelText(/^The order stands/));
  await user.clear(reason);
  await user.type(reason, 'The dean answered.');
  await user.click(within(card('a-0053')).getByRole('button', { name: 'Decide' }));
  await waitFor(async () => expect(await verdictOn('a-0053')).toMatchObject({ verdict: 'keep', reason: 'The dean answered.' }));
  toasts.shown[0]?.undo?.();
  await waitFor(async () => expect(await verdictOn('a-0053')).toMatchObject({ verdict: 'meeting', reason: 'The clinic is new, and the letters say two things about it.' }));
});

test('two that contradict one another are named; other scores ask for another look, and neither can be put back', async () => {
  const user = userEvent.setup();
  render(Moderation);
  await screen.findByRole('heading', { name: '9 applications to settle' });
  expect(within(card('a-0016')).getByText(/Amara Diallo and Nguyễn Thị Hoa gave different verdicts/)).toBeTruthy();
  expect(within(card('a-0060')).getByText('Other scores count by now')).toBeTruthy();
  expect(within(card('a-0060')).getByText('Before they came, the verdict was: Another reader.')).toBeTruthy();
  await user.click(within(card('a-0060')).getByRole('button', { name: /^Give a verdict/ }));
  await user.click(within(card('a-0060')).getByLabelText(/^For the meeting/));
  await user.type(within(card('a-0060')).getByLabelText('Reason'), 'The third reader agrees.');
  await user.click(within(card('a-0060')).getByRole('button', { name: 'Decide' }));
  await screen.findByRole('heading', { name: '8 applications to settle' });
  expect(toasts.shown[0]?.undo).toBeNull();
});

test('a reason filters, and so do words', async () => {
  const user = userEvent.setup();
  render(Moderation);
  await user.selectOptions(await screen.findByLabelText('Filter by a reason'), 'wide-spread');
  expect(await screen.findByText('4 of 12 applications')).toBeTruthy();
  await user.type(screen.getByLabelText('Find an application'), 'zzz');
  expect(screen.getByText('Nothing fits this filter')).toBeTruthy();
  await user.click(screen.getAllByRole('button', { name: 'Clear the filter' })[0] as HTMLElement);
  expect(await screen.findByText('12 of 12 applications')).toBeTruthy();
});

test('from the keyboard the next one is reached and its form opened', async () => {
  render(Moderation);
  await screen.findByRole('heading', { name: '9 applications to settle' });
  const run = (id: string) => commands.all.find((command) => command.id === id)?.run();
  run('moderation-next');
  expect(document.activeElement).toBe(card('a-0018'));
  run('moderation-next');
  expect(document.activeElement).toBe(card('a-0022'));
  run('moderation-give');
  expect(await within(card('a-0022')).findByLabelText('Reason')).toBeTruthy();
  await waitFor(() => expect((document.activeElement as HTMLInputElement).type).toBe('radio'));
});

test('before reviews are there it says what will stand here, and when', async () => {
  memory.reset('coordinator-empty');
  render(Moderation);
  expect(await screen.findByText('No reviews to compare yet')).toBeTruthy();
  expect(screen.getByText('The totals of two readers lie three tenths of the scale apart, or more.')).toBeTruthy();
});

test('a failure says what to do', async () => {
  memory.fail('moderation', { code: 'not-permitted', message: "this is a coordinator's" });
  render(Moderation);
  expect(await screen.findByRole('alert')).toBeTruthy();
});

test('an application shows how disagreement was settled, on paper too; the board says so', async () => {
  const user = userEvent.setup();
  await backend.moderate('a-0018', 'reading', 'meeting', 'One letter is doubted.');
  expect((await backend.board()).stages.find((one) => one.stage === 'moderated')?.count).toBe(2);
  render(Application, { id: 'a-0018' });
  const panel = (await screen.findByRole('heading', { name: 'How disagreement was settled' })).closest('section') as HTMLElement;
  expect(within(panel).getByText('For the meeting')).toBeTruthy();
  const sheet = document.querySelector<HTMLElement>('.sheet');
  expect(sheet?.textContent).toMatch(/How disagreement was settled\s+First reading: For the meeting\s+One letter is doubted\. — Amara Diallo/);
  await user.click(within(panel).getByRole('button', { name: 'Decide anew' }));
  await user.click(within(panel).getByLabelText(/^The order stands/));
  await user.click(within(panel).getByRole('button', { name: 'Decide' }));
  await waitFor(async () => expect((await backend.application('a-0018')).moderation[0]).toMatchObject({ verdict: 'keep', reason: 'One letter is doubted.' }));
});

test('reasons have kinds, verdicts stand or do not, and the distance on a criterion wants two scores', () => {
  const said = (code: string) => kindOf({ code, text: '', params: {} });
  expect(['moderation-wide-spread-criterion', 'moderation-seat-line-beyond', 'moderation-other'].map(said)).toEqual(['wide-spread', 'seat-line', null]);
  const verdict: ModerationVerdict = { round: 'r', roundLabel: 'R', verdict: 'keep', reason: 'x', by: [], said: [], outdated: false };
  expect([standing(verdict), standing({ ...verdict, outdated: true }), standing({ ...verdict, verdict: null }), standing(null)]).toEqual(['keep', null, null, null]);
  const reads = [{ k: '4', l: '1' }, { k: '1.5' }].map((scores) => ({ reader: '', total: '1', complete: true, scores: scores as Record<string, string> }));
  const row = { application: 'a', key: 'A', title: '', rank: 1, total: '1', reasons: [], reads, verdict: null };
  expect([apart(row, 'k'), apart(row, 'l')]).toEqual([2.5, null]);
});
