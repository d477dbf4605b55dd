// Closing the window, leaving a review, or locking, while something is being written.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import App from './App.svelte';
import { backend } from './lib/backend';
import { memory } from './lib/backend/memory';
import { app } from './lib/state/app.svelte';
import { route } from './lib/state/route.svelte';
import { toasts } from './lib/state/toasts.svelte';
import { saveAll } from './screens/reviewer/save-queue.svelte';

beforeEach(() => memory.reset('reviewer'));
afterEach(() => void vi.restoreAllMocks());

const comment = () => screen.findByRole<HTMLTextAreaElement>('textbox', { name: /Comment on: Written English/ });
const saved = async () => (await backend.dossier('a-0001', 'reading')).draft.comments['english'];

/** Writes something into a review that cannot be saved. */
async function writing() {
  render(App);
  const user = userEvent.setup();
  await screen.findByRole('navigation', { name: 'Main navigation' });
  await route.go('review', { application: 'a-0001', round: 'reading' });
  memory.fail('saveDraft', { code: 'disk-full' });
  await user.type(await comment(), 'clear');
  return user;
}

test('closing the window saves first; what cannot be saved keeps it open', async () => {
  const user = await writing();
  memory.world.close();
  await screen.findByText(/Closing the window again loses them/);
  expect(memory.world.left).toBe(false);
  memory.heal();
  await user.type(await comment(), ' and short');
  memory.world.close();
  await waitFor(() => expect(memory.world.left).toBe(true));
  expect(await saved()).toBe('clear and short');
});

test('closed again soon after that was said it closes; a while later it is said again', async () => {
  await writing();
  memory.world.left = false;
  toasts.clear();
  const start = Date.now();
  const now = vi.spyOn(Date, 'now').mockReturnValue(start);
  memory.world.close();
  await waitFor(() => expect(toasts.shown.length).toBe(1));
  now.mockReturnValue(start + 60_000);
  memory.world.close();
  await waitFor(() => expect(toasts.shown.length).toBe(2));
  expect(memory.world.left).toBe(false);
  memory.world.close();
  await waitFor(() => expect(memory.world.left).toBe(true));
  memory.heal();
  await saveAll();
});

test('what could not be saved is said wherever one goes, and is found again where it was written', async () => {
  const user = await writing();
  await route.go('home');
  await screen.findByText('The disk is full');
  expect(screen.getByText(/This window holds it/)).toBeTruthy();
  await route.go('review', { application: 'a-0001', round: 'reading' });
  expect((await comment()).value).toBe('clear');
  memory.heal();
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  await waitFor(() => expect(screen.queryByText('The disk is full')).toBeNull());
  expect(await saved()).toBe('clear');
});

test('what cannot be saved is shown, and given up by whoever says so', async () => {
  const user = await writing();
  await route.leave();
  await user.click(await screen.findByRole('button', { name: 'Give it up…' }));
  const dialog = within(screen.getByRole('dialog'));
  expect(dialog.getByRole<HTMLTextAreaElement>('textbox').value).toContain('clear');
  await user.click(dialog.getByRole('button', { name: 'Give it up' }));
  await waitFor(() => expect(screen.queryByText('The disk is full')).toBeNull());
  await waitFor(async () => expect((await comment()).value).toBe(''));
  memory.heal();
  await saveAll();
  expect(await saved()).toBeUndefined();
});

test('a lock says what is not saved; it is saved for whoever wrote it and for nobody else', async () => {
  await writing();
  await app.lock();
  await screen.findByText(/This window still holds it/);
  memory.heal();
  await saveAll();
  memory.world.me = { ...memory.world.person(), memberId: 'm-99' };
  await app.refresh();
  const said = (await screen.findByText('This belongs to another programme, or to somebody else')).closest<HTMLElement>('[role=alert]')!;
  expect(within(said).queryByRole('button'), 'trying again does not help').toBeNull();
  await saveAll();
  expect(await saved()).toBeUndefined();
  memory.world.me = memory.world.person();
  await app.refresh();
  await saveAll();
  expect(await saved()).toBe('clear');
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
