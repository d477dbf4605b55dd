// Exports: nothing goes in that was not chosen, who could read what is said before, what left is listed.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import Exports from './Exports.svelte';

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
