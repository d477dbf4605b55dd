// The eligibility desk: what wants a verdict, arrows and digits, a reason where one is needed, the way back; and a table of
// verdicts that changes nothing before it is taken.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { setLanguage } from '../../lib/i18n/i18n.svelte';
import { commands } from '../../lib/state/commands.svelte';
import { toasts } from '../../lib/state/toasts.svelte';
import { desk } from './eligibility.svelte';
import Eligibility from './Eligibility.svelte';
import VerdictTable from './VerdictTable.svelte';

beforeEach(() => {
  memory.reset('coordinator');
  toasts.clear();
  desk.reset();
});

/** The shell hears keys for the commands on offer. */
function shell() {
  const hear = (event: KeyboardEvent) => void commands.press(event);
  window.addEventListener('keydown', hear);
  return () => window.removeEventListener('keydown', hear);
}

/** Opens the desk; no row has a height here, so that what stands for one takes the focus. */
async function open() {
  render(Eligibility);
  const grid = await screen.findByRole('grid');
  await waitFor(() => expect(desk.rows.length).toBeGreaterThan(2));
  const row = document.createElement('div');
  row.setAttribute('role', 'row');
  row.setAttribute('tabindex', '0');
  grid.append(row);
  row.focus();
  return row;
}

const gate = async (application: string, key: string) => (await backend.application(application)).gates.find((each) => each.gate === key);

test('arrows go between conditions, a digit judges, and the row stays until the list is filtered anew', async () => {
  const deaf = shell();
  const user = userEvent.setup();
  await open();
  const [, row] = desk.rows;
  if (row === undefined) throw new Error('no rows');
  desk.mark(row);
  const at = row.application;
  await waitFor(() => expect(desk.gate).toBe('target-group'));
  await user.keyboard('{ArrowRight}{ArrowRight}{ArrowRight}');
  expect(desk.gate).toBe('age');
  await user.keyboard('{ArrowRight}');
  expect(desk.gate).toBe('age');
  expect((await gate(at, 'age'))?.verdict).toBeNull();
  await user.keyboard('1');
  await waitFor(async () => expect(await gate(at, 'age')).toMatchObject({ verdict: 'met', by: ['Amara Diallo'] }));
  await waitFor(() => expect(desk.rows[1]).toMatchObject({ application: at, verdicts: { age: 'met' } }));
  toasts.shown.at(-1)?.undo?.();
  await waitFor(async () => expect(await gate(at, 'age')).toMatchObject({ verdict: null, by: [] }));
  await user.keyboard('3');
  await waitFor(async () => expect((await gate(at, 'age'))?.verdict).toBe('open'));
  await waitFor(() => expect(desk.rows.some(({ application }) => application === at)).toBe(true));
  await desk.ask({ gate: 'age' });
  expect(desk.rows.some(({ application }) => application === at)).toBe(false);
  deaf();
});

test('from right to left the arrows keep to what is seen', async () => {
  await setLanguage('ar');
  await open();
  await waitFor(() => expect(desk.gate).toBe('target-group'));
  const user = userEvent.setup();
  await user.keyboard('{ArrowRight}');
  expect(desk.gate).toBe('target-group');
  await user.keyboard('{ArrowLeft}');
  expect(desk.gate).toBe('media');
});

test('a condition that is not met needs a reason, which goes with its evidence', async () => {
  const deaf = shell();
  const user = userEvent.setup();
  const row = await open();
  const at = desk.row?.application ?? '';
  await user.keyboard('2');
  const reason = await screen.findByLabelText('Reason');
  await waitFor(() => expect(document.activeElement).toBe(reason));
  await user.click(screen.getByRole('button', { name: 'Save' }));
  expect(screen.getByText('Say why the condition is not met.')).toBeTruthy();
  await user.type(reason, 'Leads no clinic.');
  await user.type(screen.getByLabelText('Evidence'), 'The letter of the dean{Control>}{Enter}{/Control}');
  await waitFor(async () => expect(await gate(at, desk.gate)).toMatchObject({ verdict: 'not-met', reason: 'Leads no clinic.', evidenceGiven: 'The letter of the dean' }));
  await waitFor(() => expect(document.activeElement).toBe(row));
  deaf();
});

test('what is wanted is chosen, at one condition or at any, and counted', async () => {
  const user = userEvent.setup();
  await open();
  const every = desk.total;
  await user.selectOptions(screen.getByLabelText('At which condition'), 'age');
  await waitFor(() => expect(desk.rows.every((row) => row.verdicts.age === 'none')).toBe(true));
  expect(desk.total).toBeLessThanOrEqual(every);
  await user.selectOptions(screen.getByLabelText('What is wanted'), 'exception');
  await waitFor(() => expect(desk.rows.every((row) => row.exception === 'asked')).toBe(true));
  expect(desk.counts.exception).toBe(desk.total);
  await user.click(screen.getByRole('button', { name: 'Clear filters' }));
  await waitFor(() => expect(desk.total).toBe(60));
});

test('an exception that somebody asked for is decided without leaving the desk', async () => {
  const deaf = shell();
  const user = userEvent.setup();
  const row = await open();
  await user.selectOptions(screen.getByLabelText('What is wanted'), 'exception');
  await waitFor(() => expect(desk.row?.exception).toBe('asked'));
  const at = desk.row?.application ?? '';
  await screen.findByRole('button', { name: 'Grant it' });
  row.focus();
  await user.keyboard('4');
  const why = await screen.findByLabelText('Why it is granted');
  await waitFor(() => expect(document.activeElement).toBe(why));
  await user.type(why, 'The proof convinces.');
  await user.click(screen.getByRole('button', { name: 'Grant it' }));
  await waitFor(async () => expect((await backend.application(at)).exception?.granted).toBe(true));
  deaf();
});

test('a failure says what to do', async () => {
  await open();
  memory.fail('judge', { code: 'disk-full' });
  await desk.give('met', '', '');
  expect(await screen.findByRole('alert')).toBeTruthy();
});

async function preview() {
  const user = userEvent.setup();
  render(VerdictTable);
  await user.click(await screen.findByRole('button', { name: 'Choose a table…' }));
  expect((await screen.findByLabelText('What “No.” is') as HTMLSelectElement).value).toBe('application');
  expect(screen.getByText(/^No column says this: .*Verdict/)).toBeTruthy();
  for (const [column, part] of [['Condition', 'criterion'], ['Result', 'verdict'], ['Why', 'reason']] as const) {
    await user.selectOptions(screen.getByLabelText(`What “${column}” is`), part);
  }
  await user.click(screen.getByRole('button', { name: 'Look at what would happen' }));
  await screen.findByRole('heading', { name: 'What would happen' });
  return user;
}

test('a table of verdicts is matched, what its cells mean is said once, and only then is it taken', async () => {
  const user = await preview();
  const problems = screen.getByRole('heading', { name: /not taken in/ }).closest('section') as HTMLElement;
  expect(within(problems).getByText('A condition that is not met needs a reason.')).toBeTruthy();
  expect(within(problems).getAllByText(/“yes” is no verdict/).length).toBe(2);
  expect((await gate('a-0005', 'english'))?.verdict).toBeNull();
  await user.selectOptions(screen.getByLabelText('What “yes” means for “Verdict”'), 'met');
  await user.selectOptions(screen.getByLabelText('What “no” means for “Verdict”'), 'not-met');
  await user.click(screen.getByRole('button', { name: 'Look again' }));
  await user.click(await screen.findByRole('button', { name: 'Give 4 verdicts' }));
  await screen.findByText('4 verdicts were given');
  expect(await gate('a-0005', 'english')).toMatchObject({ verdict: 'met', reason: 'Studied in English.' });
  expect(await gate('a-0014', 'age')).toMatchObject({ verdict: 'not-met', reason: 'Born in 1969, by the copy of the passport.' });
  // The same table again changes nothing, and what was chosen is remembered.
  await user.click(screen.getByRole('button', { name: 'Another table…' }));
  expect((await screen.findByLabelText('What “Result” is') as HTMLSelectElement).value).toBe('verdict');
  await user.click(screen.getByRole('button', { name: 'Look at what would happen' }));
  await screen.findByText('Nothing would change: everything that can be taken stands just so.');
});

test('a column that is matched twice stops the way on', async () => {
  const user = userEvent.setup();
  render(VerdictTable);
  await user.click(await screen.findByRole('button', { name: 'Choose a table…' }));
  await user.selectOptions(await screen.findByLabelText('What “Why” is'), 'application');
  expect(screen.getAllByText('Another column is this too.').length).toBe(2);
  expect((screen.getByRole('button', { name: 'Look at what would happen' }) as HTMLButtonElement).disabled).toBe(true);
});
