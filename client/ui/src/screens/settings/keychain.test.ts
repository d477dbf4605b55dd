// This computer's keychain: off until it is turned on with the passphrase, one press on the unlock screen, and words for whatever
// goes wrong, beside the passphrase.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { PASSPHRASE } from '../../lib/backend/memory/session';
import type { Scenario } from '../../lib/backend/memory/world';
import { app } from '../../lib/state/app.svelte';
import { toasts } from '../../lib/state/toasts.svelte';
import Unlock from '../start/Unlock.svelte';
import ChangePassphrase from './ChangePassphrase.svelte';
import Keychain from './Keychain.svelte';
import Settings from './Settings.svelte';
import Wipe from './Wipe.svelte';

const OPEN = { name: 'Open with this computer’s keychain' };

async function begin(scenario: Scenario) {
  memory.reset(scenario);
  memory.world.stepMs = 1;
  toasts.clear();
  await app.opened(false);
}

const said = () => toasts.shown.map(({ text }) => (typeof text === 'string' ? text : text())).join('\n');

beforeEach(() => begin('reviewer'));

test('it is off, says what it means and for whom it is not, and wants the passphrase', async () => {
  const user = userEvent.setup();
  expect(app.me?.inKeychain).toBe(false);
  render(Settings);
  await user.click(screen.getByRole('button', { name: 'Let it open…' }));
  expect(screen.getByText(/^Whoever can use your account on this computer, or makes you unlock it/)).toBeTruthy();
  expect(screen.getByText('Leave it off if you cross borders with this computer')).toBeTruthy();
  const let_ = screen.getByRole('button', { name: 'Let the keychain open it' }) as HTMLButtonElement;
  expect(let_.disabled).toBe(true);
  await user.type(screen.getByLabelText('Passphrase'), 'wrong');
  await user.click(let_);
  expect((await screen.findByRole('alert')).textContent).toContain('The passphrase does not open this programme');
  expect(app.me?.inKeychain).toBe(false);
  await user.clear(screen.getByLabelText('Passphrase'));
  await user.type(screen.getByLabelText('Passphrase'), PASSPHRASE);
  await user.click(let_);
  await waitFor(() => expect(app.me?.inKeychain).toBe(true));
  expect(await screen.findByRole('button', { name: 'Turn off…' })).toBeTruthy();
  const offer = toasts.shown.find(({ undo }) => undo !== null);
  offer?.undo?.();
  await waitFor(() => expect(app.me?.inKeychain).toBe(false));
  await waitFor(() => expect(said()).toContain('Only the passphrase opens this programme.'));
});

test('a keychain that does not take its half leaves it off', async () => {
  const user = userEvent.setup();
  memory.fail('letKeychainOpen', { code: 'keychain-absent' });
  render(Keychain, { onclose: () => {} });
  await user.type(screen.getByLabelText('Passphrase'), PASSPHRASE);
  await user.click(screen.getByRole('button', { name: 'Let the keychain open it' }));
  expect((await screen.findByRole('alert')).textContent).toContain('This computer has no keychain');
  expect(app.me?.inKeychain).toBe(false);
});

test('it is turned off after a question, and what the keychain keeps is told', async () => {
  const user = userEvent.setup();
  await backend.letKeychainOpen(PASSPHRASE);
  await app.refresh();
  memory.world.keychainHolds = true;
  render(Keychain, { onclose: () => {} });
  expect(screen.getByText(/make sure that you know it/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Turn it off' }));
  await waitFor(() => expect(app.me?.inKeychain).toBe(false));
  await waitFor(() => expect(said()).toContain('The keychain may still hold an entry “Tessera”'));
});

test('whoever changes the passphrase is told that the keychain goes on', async () => {
  const { unmount } = render(ChangePassphrase, { onclose: () => {} });
  expect(screen.queryByText(/keychain goes on opening/)).toBeNull();
  unmount();
  await backend.letKeychainOpen(PASSPHRASE);
  await app.refresh();
  render(ChangePassphrase, { onclose: () => {} });
  expect(screen.getByText(/keychain goes on opening/)).toBeTruthy();
});

test('one press unlocks where it is on, and nowhere else', async () => {
  const user = userEvent.setup();
  await begin('locked');
  const { unmount } = render(Unlock, { onadd: () => {} });
  expect(screen.queryByRole('button', OPEN)).toBeNull();
  unmount();
  await begin('locked-keychain');
  render(Unlock, { onadd: () => {} });
  await user.click(screen.getByRole('radio', { name: /Youth Justice/ }));
  expect(screen.queryByRole('button', OPEN)).toBeNull();
  await user.click(screen.getByRole('radio', { name: /Global Leadership/ }));
  await user.click(screen.getByRole('button', OPEN));
  await waitFor(() => expect(app.me).not.toBeNull());
  expect(app.me?.inKeychain).toBe(true);
});

test.each(['absent', 'locked', 'missing', 'unfit', 'failed'])('f25 a keychain that is %s says so, and the passphrase opens', async (what) => {
  const user = userEvent.setup();
  await begin('locked-keychain');
  memory.fail('unlockByKeychain', { code: `keychain-${what}` });
  render(Unlock, { onadd: () => {} });
  await user.click(screen.getByRole('button', OPEN));
  expect((await screen.findByRole('alert')).textContent).toMatch(/passphrase/);
  expect([app.me, document.activeElement]).toEqual([null, screen.getByLabelText('Passphrase')]);
  await user.type(screen.getByLabelText('Passphrase'), PASSPHRASE);
  await user.click(screen.getByRole('button', { name: 'Unlock' }));
  await waitFor(() => expect(app.me).not.toBeNull());
});

test('the passphrase opens while the keychain waits for an answer of its own', async () => {
  const user = userEvent.setup();
  await begin('locked-keychain');
  const { unlockByKeychain } = memory.backend;
  memory.backend.unlockByKeychain = () => new Promise(() => {});
  render(Unlock, { onadd: () => {} });
  await user.click(screen.getByRole('button', OPEN));
  expect(screen.getByText('Asking the keychain; it may ask you first…')).toBeTruthy();
  await user.type(screen.getByLabelText('Passphrase'), PASSPHRASE);
  await user.click(screen.getByRole('button', { name: 'Unlock' }));
  await waitFor(() => expect(app.me).not.toBeNull());
  memory.backend.unlockByKeychain = unlockByKeychain;
});

test('a programme that is wiped says what its keychain keeps', async () => {
  const user = userEvent.setup();
  await backend.letKeychainOpen(PASSPHRASE);
  await app.refresh();
  memory.world.keychainHolds = true;
  const name = app.me?.programme ?? '';
  render(Wipe, { onclose: () => {} });
  await user.type(await screen.findByLabelText(`To confirm, type the programme’s name: ${name}`), name);
  await user.click(screen.getByRole('button', { name: 'Delete it for ever' }));
  await waitFor(() => expect(said()).toContain('Its keychain may still hold an entry “Tessera”'));
});
