// Files of an import that fit nowhere: they are asked about by pattern, by folder and one by one, what is said is remembered and can
// be taken back, and what stays out is counted and named.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import type { FiledView, IntakeRow } from '../../lib/backend/contract';
import { memory } from '../../lib/backend/memory';
import { importing } from './intake.svelte';
import Intake from './Intake.svelte';
import { asks, asLines, meant, staysOut } from './placing';

beforeEach(async () => {
  memory.reset('coordinator');
  await importing.again();
});

async function preview() {
  const user = userEvent.setup();
  await importing.chooseTable();
  await importing.chooseFolder();
  await importing.try();
  render(Intake);
  await screen.findByRole('heading', { name: 'What would happen' });
  const asked = screen.getByRole('heading', { name: /need a word from you/ }).closest('section') as HTMLElement;
  const again = async () => {
    await user.click(screen.getByRole('button', { name: 'Look again' }));
    await waitFor(() => expect(importing.retry).toBe(false));
  };
  return { user, asked, again };
}

const of = (at: string) => importing.report?.filed.find((file) => file.at === at);

test('what was found is shown by what it is, and what fits nowhere is asked about', async () => {
  const { asked } = await preview();
  const found = screen.getByRole('heading', { name: 'Files of the folder' }).closest('section') as HTMLElement;
  const line = within(found).getByRole('row', { name: /Curriculum vitae/ });
  expect(within(line).getAllByRole('cell').map((cell) => cell.textContent)).toEqual(['10', '10', '0']);
  expect(within(asked).getByText('*_diploma.pdf')).toBeTruthy();
  expect(within(asked).getByLabelText('Whose “Ximena R” is')).toBeTruthy();
  expect(within(asked).getByLabelText('Whose “IMG_2214.jpg” is')).toBeTruthy();
  expect(screen.getByText(/files of no application stay out/)).toBeTruthy();
});

test('a pattern says once what several files are, and is there the next time', async () => {
  const { user, asked, again } = await preview();
  await user.selectOptions(within(asked).getByLabelText('What files called “*_diploma.pdf” are'), 'Media coverage');
  await again();
  expect(of('GLS-0066/Novák_diploma.pdf')).toMatchObject({ slot: 'media', outcome: 'taken' });
  expect(importing.report?.patterns).toEqual([]);
  await importing.take();
  await importing.again();
  await importing.chooseTable();
  expect(importing.placing.patterns).toEqual({ '*_diploma.pdf': 'media' });
  // Taken back, they are asked about again.
  await importing.chooseFolder();
  await importing.try();
  importing.sayOf('patterns', '*_diploma.pdf', null);
  await importing.try();
  expect(of('GLS-0066/Novák_diploma.pdf')?.outcome).toBe('unasked');
});

test('a folder and a file are given to the application that is named, by number or by name', async () => {
  const { user, asked, again } = await preview();
  await user.type(within(asked).getByLabelText('Whose “Ximena R” is'), 'ximena');
  await user.tab();
  const whose = within(asked).getByLabelText('Whose “IMG_2214.jpg” is');
  await user.type(whose, 'nobody{Enter}');
  expect(within(asked).getByText('No row of this table that comes in is called so.')).toBeTruthy();
  await user.clear(whose);
  await user.type(whose, 'gls-0008{Enter}');
  await user.selectOptions(within(asked).getByLabelText('What “IMG_2214.jpg” is'), 'Curriculum vitae');
  await again();
  expect(importing.placing).toMatchObject({ folders: { 'Ximena R': 'GLS-0064' }, files: { 'IMG_2214.jpg': { application: 'GLS-0008', slot: 'cv' } } });
  expect(of('IMG_2214.jpg')).toMatchObject({ application: 'GLS-0008', slot: 'cv', how: 'choice' });
  expect(of('Ximena R/letter of the dean.pdf')).toMatchObject({ application: 'GLS-0064', slot: 'letters' });
});

test('what is left out is counted, named in the result, and can be taken back', async () => {
  const { user, asked, again } = await preview();
  await user.click(within(asked).getByRole('button', { name: 'Leave out Recommendation Boateng.pdf' }));
  await user.click(within(asked).getByRole('button', { name: 'Take it back Recommendation Boateng.pdf' }));
  expect(importing.placing.files).toEqual({});
  await user.click(within(asked).getByRole('button', { name: 'Leave out Recommendation Boateng.pdf' }));
  await again();
  expect(importing.report?.leftOut).toBe(1);
  const open = importing.report?.unplaced ?? 0;
  await user.click(screen.getByRole('button', { name: /^Take in/ }));
  expect(await screen.findByText(new RegExp(`^${open} files fit no application and stayed out`))).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Copy those that stay out' }));
  const lines = (await navigator.clipboard.readText()).split('\n');
  expect(lines).toContain('Recommendation Boateng.pdf\t\tleft out');
  expect(lines).toContain('IMG_2214.jpg\t\tfits no application');
  expect(lines).toContain('GLS-0063/cv.pdf\tGLS-0063\twaits: its row has a mistake');
  expect(lines.length).toBe(open + 1);
});

test('files of one pattern can be said one by one', async () => {
  const { user, asked } = await preview();
  expect(within(asked).queryByLabelText('What “GLS-0066/Novák_diploma.pdf” is')).toBeNull();
  await user.click(within(asked).getByRole('button', { name: 'One by one' }));
  await user.selectOptions(within(asked).getByLabelText('What “GLS-0066/Novák_diploma.pdf” is'), 'Media coverage');
  expect(importing.placing.files).toEqual({ 'GLS-0066/Novák_diploma.pdf': { application: 'GLS-0066', slot: 'media' } });
});

test('a number or a part of a name means one row, or none', () => {
  const row = (key: string, title: string) => ({ key, title }) as IntakeRow;
  const rows = [row('A-1', 'Ada Okoro'), row('A-11', 'Ada Mensah'), row('B-2', '李文静')];
  expect(meant(rows, 'a-1')?.key).toBe('A-1');
  expect(meant(rows, 'okoro')?.key).toBe('A-1');
  expect(meant(rows, '李')?.key).toBe('B-2');
  expect(meant(rows, 'ada')).toBeNull();
  expect(meant(rows, ' ')).toBeNull();
});

test('files are sorted by what is asked of a person, and copied as lines', () => {
  const file = (outcome: string): FiledView => ({ at: 'a.pdf', application: null, slot: null, how: null, outcome, pattern: null });
  const words = ['taken', 'unasked', 'refused', 'left-out', 'of-the-system', 'no-application', 'row-refused', 'not-in-table'];
  expect(words.filter((word) => asks(file(word)))).toEqual(['unasked', 'no-application', 'row-refused', 'not-in-table']);
  expect(words.filter((word) => staysOut(file(word)))).toEqual(['left-out', 'no-application', 'row-refused', 'not-in-table']);
  expect(asLines([file('left-out'), file('of-tomorrow')])).toBe('a.pdf\t\tleft out\na.pdf\t\tof-tomorrow');
});
