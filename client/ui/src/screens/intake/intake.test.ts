// The intake desk: columns are guessed and changed, nothing changes before it is taken, meanings are said once, mistakes are told.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { setLanguage, speaker } from '../../lib/i18n/i18n.svelte';
import { toasts } from '../../lib/state/toasts.svelte';
import { fits, lines, mail } from './chase';
import Entry from './Entry.svelte';
import { EntryDesk } from './entry.svelte';
import { importing } from './intake.svelte';
import Intake from './Intake.svelte';
import Letter from '../../lib/ui/Letter.svelte';
import Missing from './Missing.svelte';
import { asText, grouped, problemWords } from './problems';

afterEach(() => void vi.restoreAllMocks());
beforeEach(async () => {
  memory.reset('coordinator');
  await importing.again();
});

async function preview() {
  const user = userEvent.setup();
  render(Intake);
  await user.click(await screen.findByRole('button', { name: 'Choose a table…' }));
  await user.click(await screen.findByRole('button', { name: 'Look at what would happen' }));
  await screen.findByRole('heading', { name: 'What would happen' });
  return user;
}

test('columns are guessed, and what is matched twice stops the way on', async () => {
  const user = userEvent.setup();
  render(Intake);
  await user.click(await screen.findByRole('button', { name: 'Choose a table…' }));
  expect(((await screen.findByLabelText('Column that names the application')) as HTMLSelectElement).value).toBe('Application no.');
  expect((screen.getByLabelText('What “Your full name” is') as HTMLSelectElement).value).toBe('name');
  await user.selectOptions(screen.getByLabelText('What “Timestamp” is'), 'name');
  expect(screen.getAllByText('Another column is this answer too.').length).toBe(2);
  expect((screen.getByRole('button', { name: 'Look at what would happen' }) as HTMLButtonElement).disabled).toBe(true);
});

test('a preview changes nothing; taking in makes what it said', async () => {
  const before = (await backend.board()).total;
  const user = await preview();
  expect((await backend.board()).total).toBe(before);
  const said = importing.report;
  await user.click(screen.getByRole('button', { name: /^Take in/ }));
  await screen.findByText(/applications were taken in/);
  expect((await backend.board()).total).toBe(before + (said?.new ?? 0));
  // The same table again changes nothing more.
  await importing.chooseTable();
  await importing.try();
  expect(importing.report).toMatchObject({ new: 0, changed: 0, same: (said?.new ?? 0) + (said?.changed ?? 0) + (said?.same ?? 0) });
  expect(importing.table?.remembered).toBe(true);
});

test('what a cell means is said once and lets its rows in', async () => {
  const user = await preview();
  const without = importing.report?.refusedRows ?? 0;
  const list = screen.getByRole('heading', { name: /What is meant/ }).closest('section') as HTMLElement;
  await user.selectOptions(within(list).getByLabelText(/“Advocate”/), 'lawyer');
  await user.click(screen.getByRole('button', { name: 'Look again' }));
  await waitFor(() => expect(importing.report?.refusedRows).toBe(without - 2));
});

test('mistakes have their row, their column and what to do', async () => {
  await preview();
  const list = screen.getByRole('heading', { name: /not taken in/ }).closest('section') as HTMLElement;
  const line = within(list).getByText(/“14\/05\/1988” is not a day/).closest('tr') as HTMLElement;
  expect(within(line).getByText('GLS-0063')).toBeTruthy();
  expect(within(line).getByText('Date of birth')).toBeTruthy();
  expect(within(line).getByText(/Write it as 1980-02-29/)).toBeTruthy();
});

test('rows that are here by another number stop the way on until somebody decides', async () => {
  const user = userEvent.setup();
  render(Intake);
  await user.click(await screen.findByRole('button', { name: 'Choose a table…' }));
  await user.selectOptions(await screen.findByLabelText('Column that names the application'), 'E-mail');
  await user.click(screen.getByRole('button', { name: 'Look at what would happen' }));
  await screen.findByText(/are here already, under other numbers/);
  expect((screen.getByRole('button', { name: /^Take in/ }) as HTMLButtonElement).disabled).toBe(true);
  await user.click(screen.getByRole('button', { name: 'Use “Application no.” as the number' }));
  await waitFor(() => expect(importing.report?.again).toBeNull());
});

test('a required answer without a column is named, and taken in without it only when somebody says so', async () => {
  const user = userEvent.setup();
  render(Intake);
  await user.click(await screen.findByRole('button', { name: 'Choose a table…' }));
  await user.selectOptions(await screen.findByLabelText('What “Country” is'), '');
  expect(screen.getByText(/No column is matched with: Country in which you work/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Look at what would happen' }));
  expect(((await screen.findByRole('button', { name: /^Take in/ })) as HTMLButtonElement).disabled).toBe(true);
  await user.click(screen.getByLabelText('Take them in all the same'));
  expect((screen.getByRole('button', { name: /^Take in/ }) as HTMLButtonElement).disabled).toBe(false);
});

test('a failure stays where the work is, with what to do', async () => {
  memory.fail('intakePreview', { code: 'id-duplicate', at: 'a.csv, row 4' });
  const user = userEvent.setup();
  render(Intake);
  await user.click(await screen.findByRole('button', { name: 'Choose a table…' }));
  await user.click(await screen.findByRole('button', { name: 'Look at what would happen' }));
  expect(await screen.findByText('Two rows have the same number')).toBeTruthy();
  expect(screen.getByText('a.csv, row 4')).toBeTruthy();
  memory.heal();
});

test('an entry by hand says what is wrong where it is wrong, and goes on with files', async () => {
  const user = userEvent.setup();
  render(Entry, { id: 'new' });
  expect(((await screen.findByLabelText('Number of the application')) as HTMLInputElement).value).toBe('GLS-0061');
  await user.type(screen.getByLabelText('Full name, as in your passport (required)'), 'Hawa Touré');
  await user.type(screen.getByLabelText(/Date of birth/), '3 May 1985');
  await user.click(screen.getByRole('button', { name: 'Take it in' }));
  expect(await screen.findByText(/“3 May 1985” is not a day/)).toBeTruthy();
  await user.clear(screen.getByLabelText(/Date of birth/));
  await user.type(screen.getByLabelText(/Date of birth/), '1985-05-03');
  await user.click(screen.getByRole('button', { name: 'Take it in' }));
  await waitFor(() => expect(memory.world.applications.at(-1)).toMatchObject({ key: 'GLS-0061', name: 'Hawa Touré' }));
});

test('what is typed is there again after leaving and locking, until it is taken in or put away', async () => {
  const user = userEvent.setup();
  const name = () => screen.findByLabelText<HTMLInputElement>('Full name, as in your passport (required)');
  const first = render(Entry, { id: 'new' });
  await user.type(await name(), 'Hawa Touré');
  first.unmount();
  await waitFor(async () => expect((await backend.entryForm(null)).typed.answers).toEqual({ name: 'Hawa Touré' }));
  const second = render(Entry, { id: 'new' });
  expect((await name()).value).toBe('Hawa Touré');
  expect(screen.getByText('What you typed before is here again')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Begin anew' }));
  expect((await name()).value).toBe('');
  toasts.shown.at(-1)?.undo?.();
  await waitFor(async () => expect((await name()).value).toBe('Hawa Touré'));
  await user.click(screen.getByRole('button', { name: 'Take it in' }));
  await waitFor(() => expect(memory.world.applications.at(-1)?.name).toBe('Hawa Touré'));
  second.unmount();
  await waitFor(async () => expect((await backend.entryForm(null)).typed).toEqual({ key: null, route: null, answers: {} }));
});

test('what could not be kept is found again; what was put away is put back where nothing was typed since', async () => {
  const desk = EntryDesk.at(null);
  await desk.load();
  memory.fail('keepEntry', { code: 'disk-full' });
  desk.answer('name', 'Hawa');
  await desk.keeping.flush();
  expect(EntryDesk.at(null)).toBe(desk);
  memory.heal();
  desk.answer('organisation', 'High Court');
  await desk.keeping.flush();
  const back = desk.discard();
  await desk.keeping.flush();
  const open = EntryDesk.at(null);
  await open.load();
  expect([open === desk, open.typed.answers]).toEqual([false, {}]);
  open.answer('name', 'Awa');
  await back();
  const both = { name: 'Awa', organisation: 'High Court' };
  expect([open.typed.answers, (await backend.entryForm(null)).typed.answers]).toEqual([both, both]);
});

test('adding a file leaves what is typed', async () => {
  const user = userEvent.setup();
  render(Entry, { id: 'a-0004' });
  const field = await screen.findByLabelText<HTMLInputElement>('Organisation (required)');
  await user.clear(field);
  await user.type(field, 'High Court');
  const read = vi.spyOn(backend, 'entryForm');
  await user.click(screen.getByRole('button', { name: 'Add… Recommendation letters' }));
  await waitFor(() => expect(read).toHaveBeenCalled());
  await read.mock.results[0]?.value;
  await tick();
  expect(field.value).toBe('High Court');
  expect((await backend.entryForm('a-0004')).fields.find(({ key }) => key === 'organisation')?.value).not.toBe('High Court');
});

test('another folder leads back to the columns: what was tried without it says nothing any more', async () => {
  await preview();
  await importing.chooseFolder();
  expect([importing.step, importing.report]).toEqual(['match', null]);
  expect(await screen.findByRole('button', { name: 'Look at what would happen' })).toBeTruthy();
});

test('a number that is taken is told beside it', async () => {
  const user = userEvent.setup();
  render(Entry, { id: 'new' });
  const key = await screen.findByLabelText('Number of the application');
  await user.clear(key);
  await user.type(key, 'GLS-0003');
  await user.click(screen.getByRole('button', { name: 'Take it in' }));
  expect(await screen.findByText(/Another application has this number. Choose/)).toBeTruthy();
});

test('the chase list writes a mail for each', async () => {
  const { rows } = await backend.chase();
  const [row] = rows;
  if (row === undefined) throw new Error('nothing is missing');
  render(Missing);
  expect(await screen.findByText(`${rows.length} of ${rows.length}`)).toBeTruthy();
  render(Letter, { title: 'T', contact: row.contact, nobody: 'N', text: mail(row, 'P', 'Amara', await speaker('en')), onclose: () => undefined });
  const text = screen.getByLabelText('The mail; change it as you like') as HTMLTextAreaElement;
  expect(text.value).toMatch(/^Dear .*,\n\nThank you for your application GLS-/);
});

test('a mail to an applicant speaks the language of the programme, whatever the window speaks', async () => {
  await setLanguage('zh');
  const [row] = (await backend.chase()).rows;
  if (row === undefined) throw new Error('nothing is missing');
  const asked = { answers: ['Année de naissance'], files: [{ slot: 'letters', label: 'Lettres', more: 2 }] };
  const text = mail({ ...row, asked }, 'Séminaire', 'Amara', await speaker('fr-CA'));
  expect(text.split('\n').slice(2)).toEqual([expect.stringMatching(/^Merci de votre candidature GLS-.*Séminaire/), '', '– Lettres (2)', '– Année de naissance', '', expect.any(String), '', 'Amara']);
  expect(text).not.toMatch(/\p{Script=Han}/u);
});

test('the list is found by name, number and paper; its text is one line each', async () => {
  const { rows } = await backend.chase();
  const row = rows.find((each) => each.lacks.files.length > 0);
  if (row === undefined) throw new Error('nothing is missing');
  expect(fits(row, 'files', 'recommendation')).toBe(true);
  expect(fits(row, 'all', 'nobody')).toBe(false);
  expect(lines([row], () => 'a\tletter')).toBe(`${row.key}\t${row.title}\t${row.contact ?? ''}\ta letter`);
});

test('problems become a table, remarks become groups', () => {
  const problem = { row: 4, key: 'A\t1', column: 'born', code: 'date-bad', value: 'x\ny', text: 'English' };
  expect(asText([problem], ['Row', 'Number'])).toBe('Row\tNumber\n4\tA 1\tborn\t“x y” is not a day as it is written here.');
  expect(problemWords({ ...problem, code: 'of-tomorrow' })).toEqual({ wrong: 'English', next: null });
  const remark = { row: 2, key: 'A1', code: 'answer-missing', about: ['E-mail'], text: '' };
  expect(grouped([remark, { ...remark, code: 'column-unmapped' }, remark]).map(({ code, rows }) => [code, rows.length])).toEqual([['answer-missing', 2], ['column-unmapped', 1]]);
});
