// The application as a whole: what cannot be read anew leaves what is shown, and what fails beside the work is said.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import App from '../../App.svelte';
import { memory } from '../backend/memory';
import { app } from './app.svelte';
import { commands } from './commands.svelte';
import { route } from './route.svelte';
import { toasts } from './toasts.svelte';

beforeEach(() => {
  memory.reset('reviewer');
  toasts.clear();
});

async function opened() {
  render(App);
  return screen.findByRole('navigation', { name: 'Main navigation' });
}

test.each(['standing', 'exchangeState'] as const)('where %s cannot be read anew, what is being written stands, and a line says so', async (act) => {
  const user = userEvent.setup();
  await opened();
  await route.go('review', { application: 'a-0001', round: 'reading' });
  const comment = (await screen.findByRole('textbox', { name: /Comment on: Written English/ })) as HTMLTextAreaElement;
  await user.type(comment, 'half a sen');
  memory.fail(act, { code: 'disk-full' });
  memory.world.changed();
  const line = (await screen.findByText('The disk is full')).closest<HTMLElement>('[role=alert]');
  expect(screen.getByRole('textbox', { name: /Comment on: Written English/ })).toBe(comment);
  expect(comment.value).toContain('half a sen');
  memory.heal();
  await user.click(within(line as HTMLElement).getByRole('button', { name: 'Try again' }));
  await waitFor(() => expect(screen.queryByText('The disk is full')).toBe(null));
});

test('after a lock nothing of what was open stands, also where nothing can be read', async () => {
  await opened();
  memory.fail('standing', { code: 'disk-full' });
  await app.lock();
  await waitFor(() => expect(screen.queryByRole('navigation', { name: 'Main navigation' })).toBe(null));
  expect(await screen.findByText('The disk is full')).toBeTruthy();
  expect(app.me).toBe(null);
});

test('a lock that fails is said', async () => {
  const user = userEvent.setup();
  await opened();
  memory.fail('lock', { code: 'disk-full' });
  await user.click(screen.getByRole('button', { name: 'Lock' }));
  expect(await screen.findByText('Tessera could not be locked: The disk is full')).toBeTruthy();
});

test('a choice that cannot be kept is said', async () => {
  await opened();
  memory.fail('savePreferences', { code: 'disk-full' });
  commands.all.find(({ id }) => id === 'theme')?.run();
  expect(await screen.findByText('This choice could not be kept: The disk is full')).toBeTruthy();
});
