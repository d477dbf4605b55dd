// An invitation that is opened while a programme is unlocked: it is said what it is, it is never lost, and neither is what is being
// typed.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import App from '../../App.svelte';
import { backend } from '../backend';
import { memory } from '../backend/memory';
import { commands } from '../state/commands.svelte';
import { given } from '../state/given.svelte';
import { route } from '../state/route.svelte';

beforeEach(() => {
  memory.reset('reviewer');
  while (given.takeInvitation() !== null);
  sessionStorage.clear();
});

function open(name = 'amara.tessera-invitation') {
  window.dispatchEvent(Object.assign(new Event('drop', { cancelable: true }), { dataTransfer: { files: [{ name }] } }));
}

async function writing() {
  render(App);
  await screen.findByRole('navigation', { name: 'Main navigation' });
  await route.go('review', { application: 'a-0001', round: 'reading' });
  return screen.findByRole('textbox', { name: /Comment on: Written English/ });
}

test('left for later, it waits, and what is being typed stands', async () => {
  const user = userEvent.setup();
  const comment = (await writing()) as HTMLTextAreaElement;
  await user.type(comment, 'half a sen');
  open();
  const dialog = within(await screen.findByRole('dialog', { name: 'An invitation was opened' }));
  expect(await dialog.findByText(/It invites you to .* as Reviewer/i)).toBeTruthy();
  await user.click(dialog.getByRole('button', { name: 'Not now' }));
  expect(screen.queryByRole('dialog')).toBe(null);
  expect(comment.value).toBe('half a sen');
  open();
  open();
  expect(given.invitations.length).toBe(1);
  await user.click(await screen.findByRole('button', { name: 'Not now' }));
  const show = commands.all.find(({ id }) => id === 'invitation');
  show?.run();
  expect(await screen.findByRole('dialog', { name: 'An invitation was opened' })).toBeTruthy();
});

test('locking saves what is being written and begins with it', async () => {
  const user = userEvent.setup();
  await user.type(await writing(), 'clear');
  open();
  const begin = (await screen.findByRole('button', { name: 'Lock and begin with it' })) as HTMLButtonElement;
  await waitFor(() => expect(begin.disabled).toBe(false));
  await user.click(begin);
  expect(await screen.findByText('This invitation can be used')).toBeTruthy();
  expect(given.invitations).toEqual([]);
  await backend.unlock(memory.world.programmes[0]?.folder ?? '', 'anchor basil cinder dolphin ember falcon');
  expect((await backend.dossier('a-0001', 'reading')).draft.comments['english']).toBe('clear');
});

test('it outlasts the page, which goes with a lock; only who said so begins with it at once', async () => {
  given.invite('tessera://one');
  given.park();
  given.takeInvitation();
  given.unpark();
  expect([given.invitations, given.begin]).toEqual([['tessera://one'], false]);
  expect(sessionStorage.length).toBe(0);
  given.begin = true;
  given.park();
  given.takeInvitation();
  given.unpark();
  expect([given.invitations, given.begin]).toEqual([['tessera://one'], true]);
});

test('what came while somebody creates a programme is offered afterwards', async () => {
  memory.reset('first-run');
  const user = userEvent.setup();
  render(App);
  await user.click(await screen.findByRole('button', { name: /^Create a programme/ }));
  const name = (await screen.findByLabelText('Your name')) as HTMLInputElement;
  await user.type(name, 'Hoa');
  open();
  await waitFor(() => expect(given.invitations.length).toBe(1));
  expect(name.value).toBe('Hoa');
  await user.click(screen.getByRole('button', { name: 'Back' }));
  await user.click(await screen.findByRole('button', { name: 'Begin with it' }));
  expect(await screen.findByText('This invitation can be used')).toBeTruthy();
});
