// Closing the window while something is being written.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import App from './App.svelte';
import { backend } from './lib/backend';
import { memory } from './lib/backend/memory';
import { route } from './lib/state/route.svelte';

beforeEach(() => memory.reset('reviewer'));

test('closing the window saves first; what cannot be saved keeps it open', async () => {
  render(App);
  const user = userEvent.setup();
  await screen.findByRole('navigation', { name: 'Main navigation' });
  await route.go('review', { application: 'a-0001', round: 'reading' });
  const comment = await screen.findByRole('textbox', { name: /Comment on: Written English/ });
  await user.type(comment, 'clear');
  memory.fail('saveDraft', { code: 'disk-full' });
  memory.world.close();
  await screen.findByText(/Closing the window again loses them/);
  expect(memory.world.left).toBe(false);
  memory.heal();
  await user.type(comment, ' and short');
  memory.world.close();
  await waitFor(() => expect(memory.world.left).toBe(true));
  expect((await backend.dossier('a-0001', 'reading')).draft.comments['english']).toBe('clear and short');
});

test('what is typed for an applicant is kept before the window closes; what cannot be kept holds it open', async () => {
  memory.reset('coordinator');
  memory.world.left = false;
  render(App);
  const user = userEvent.setup();
  await screen.findByRole('navigation', { name: 'Main navigation' });
  await route.go('entry', { id: 'new' });
  const name = await screen.findByLabelText('Full name, as in your passport (required)');
  memory.fail('keepEntry', { code: 'disk-full' });
  await user.type(name, 'Hawa');
  memory.world.close();
  await screen.findByText(/Closing the window again loses them/);
  expect(memory.world.left).toBe(false);
  memory.heal();
  await user.type(name, ' Touré');
  memory.world.close();
  await waitFor(() => expect(memory.world.left).toBe(true));
  expect((await backend.entryForm(null)).typed.answers.name).toBe('Hawa Touré');
});
