// Exports: nothing goes in that was not chosen, who could read what is said before, what left is listed. The words around dossiers are
// those that Rust looks for.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import words from '../../../../driver/src/exports/words.rs?raw';
import Exports from './Exports.svelte';
import SaveDossier from './SaveDossier.svelte';
import { PAPER, paper } from './paper';

beforeEach(() => memory.reset('coordinator'));

test('nothing leaves before a part is chosen; what could be read is said; it is listed afterwards', async () => {
  const user = userEvent.setup();
  render(Exports);
  const save = (await screen.findByRole('button', { name: 'Save…' })) as HTMLButtonElement;
  expect(save.disabled).toBe(true);
  await user.click(screen.getByLabelText('Who applies'));
  expect(screen.getByText('who the 60 applicants are, and how to reach them')).toBeTruthy();
  await user.click(screen.getByLabelText('Reviews that count'));
  expect(screen.queryByText(/which of the 12 readers/)).toBeNull();
  await user.click(screen.getByLabelText('With the names of readers'));
  expect(screen.getByText('which of the 12 readers gave which score')).toBeTruthy();
  await user.click(screen.getByLabelText('CSV'));
  await user.click(save);
  await waitFor(async () => expect((await backend.exports()).past[0]).toMatchObject({ what: 'applications', form: 'csv', parts: ['identity', 'scores', 'names'] }));
  expect(await screen.findByText(/Saved: .*applications\.csv/)).toBeTruthy();
});

test('the report says that it names readers', async () => {
  const user = userEvent.setup();
  render(Exports);
  await user.click(await screen.findByLabelText(/^A report with charts/));
  expect(screen.getByText('which of the 12 readers gave which score')).toBeTruthy();
  expect(screen.getByLabelText('PDF')).toBeTruthy();
});

test('a failure leaves the choice as it was', async () => {
  memory.fail('export', { code: 'disk-full' });
  const user = userEvent.setup();
  render(Exports);
  await user.click(await screen.findByLabelText('What readers read'));
  await user.click(screen.getByRole('button', { name: 'Save…' }));
  await screen.findByRole('alert');
  expect((screen.getByLabelText('What readers read') as HTMLInputElement).checked).toBe(true);
  memory.heal();
});

test('dossiers hold what readers read and what else is asked for; they are listed', async () => {
  const user = userEvent.setup();
  render(Exports);
  await user.click(await screen.findByLabelText(/^Dossiers to read or print/));
  expect(screen.getByText('what each of them wrote, with the sizes of the files')).toBeTruthy();
  expect(screen.queryByLabelText('With the names of readers')).toBeNull();
  await user.click(screen.getByLabelText('Reviews that count'));
  expect(screen.getByText('what their reviews say, score by score')).toBeTruthy();
  expect(screen.queryByText('which reader gave which score')).toBeNull();
  await user.click(screen.getByLabelText('Rulings'));
  await user.click(screen.getByLabelText('One file for each, in a new folder'));
  await user.click(screen.getByLabelText('HTML'));
  await user.click(screen.getByRole('button', { name: 'Save…' }));
  await waitFor(async () => expect((await backend.exports()).past[0]).toMatchObject({ what: 'dossier', form: 'html', parts: ['dossier', 'scores', 'rulings'], applications: 60 }));
  expect(await screen.findByText(/Saved: .*Documents\/dossiers/)).toBeTruthy();
});

test('one application is saved by itself; a failure leaves the choice', async () => {
  const user = userEvent.setup();
  let closed = false;
  memory.fail('exportDossiers', { code: 'disk-full' });
  render(SaveDossier, { id: 'a-0006', name: 'A0006', onclose: () => (closed = true) });
  await user.click(await screen.findByLabelText('Who applies'));
  await user.click(screen.getByRole('button', { name: 'Save…' }));
  await screen.findByRole('alert');
  expect((screen.getByLabelText('Who applies') as HTMLInputElement).checked).toBe(true);
  expect(closed).toBe(false);
  memory.heal();
  await user.click(screen.getByRole('button', { name: 'Save…' }));
  await waitFor(() => expect(closed).toBe(true));
  expect((await backend.exports()).past[0]).toMatchObject({ what: 'dossier', form: 'pdf', parts: ['identity', 'dossier'], applications: 1 });
});

test('every word that Rust sets is brought, and none that it does not know', () => {
  const known = [...words.matchAll(/^ {4}[a-z_]+ "([a-z-]+)" "/gm)].map((match) => match[1] ?? '');
  expect(known.length).toBeGreaterThan(50);
  expect([...Object.keys(PAPER), 'made'].sort()).toEqual(known.sort());
  expect(Object.values(paper()).filter((word) => word === '' || /[\u2066-\u2069]/.test(word))).toEqual([]);
});

test('an order, a correction and a selection leave as tables without readers; its record as it was calculated', async () => {
  const user = userEvent.setup();
  render(Exports);
  await user.click(await screen.findByLabelText(/^The order(?! corrected)/));
  expect(screen.getByText('which places and totals they have')).toBeTruthy();
  expect(screen.queryByText(/which of the 12 readers/)).toBeNull();
  expect(screen.getByLabelText('Round')).toBeTruthy();
  await user.click(screen.getByLabelText('CSV'));
  await user.click(screen.getByRole('button', { name: 'Save…' }));
  await waitFor(async () => expect((await backend.exports()).past[0]).toMatchObject({ what: 'ranking', form: 'csv', parts: ['figures'] }));
  await user.click(screen.getByLabelText(/^The record of that selection/));
  expect(screen.queryByLabelText('CSV')).toBeNull();
  await user.click(screen.getByRole('button', { name: 'Save…' }));
  await waitFor(async () => expect((await backend.exports()).past[0]).toMatchObject({ what: 'snapshot', form: 'json' }));
  expect((await screen.findAllByText(/^The record of that selection/)).length).toBeGreaterThan(1);
});
