// The programme's relays: keys and addresses as they are typed, where each relay is, another address, one more and one less.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { KEY, OTHER } from '../../lib/backend/memory/relays';
import { app } from '../../lib/state/app.svelte';
import { toasts } from '../../lib/state/toasts.svelte';
import AddRelay from './AddRelay.svelte';
import Relays from './Relays.svelte';
import { addressWrong, digits, groups } from './relay';

beforeEach(async () => {
  memory.reset('admin');
  await app.opened(false);
});

test('a key is read as people have it, and nothing else is one', () => {
  expect(digits(groups(KEY).join(' '))).toBe(KEY);
  expect(digits(` ${KEY.toUpperCase()}\n`)).toBe(KEY);
  expect(digits(`{"listening":"127.0.0.1:8470","key":"${KEY}"}`)).toBe(KEY);
  for (const wrong of ['', 'key', KEY.slice(1), `${KEY}0`, '{"key":7}', 'null']) expect(digits(wrong), wrong).toBe(null);
});

test('only a whole https origin is an address, and http on this computer', () => {
  for (const good of ['https://relay.example.org', 'https://relay.example.org:8443/', ' https://[2001:db8::1]:8443', 'http://127.0.0.1:8470', 'http://[::1]:8470', 'http://localhost']) {
    expect(addressWrong(good), good).toBe(null);
  }
  expect(addressWrong('http://relay.example.org')).toBe('insecure-address');
  for (const bad of ['', 'relay.example.org', 'https://', 'https://relay.example.org/v1', 'https://me@relay.example.org', 'ftp://relay.example.org']) {
    expect(addressWrong(bad), bad).toBe('bad-address');
  }
});

test('relays say where they are and when this device reached them', async () => {
  render(Relays);
  expect(await screen.findByText('https://relay.seminar.example')).toBeTruthy();
  expect(screen.getByText(/Reached from this device 3 days ago/)).toBeTruthy();
  expect(screen.getByText('A key for a relay to come.')).toBeTruthy();
  expect(screen.getByText(/It cannot read names/)).toBeTruthy();
});

test('another address is kept only where the relay answers', async () => {
  const user = userEvent.setup();
  render(Relays);
  await user.click(await screen.findByRole('button', { name: `Other address of ${KEY.slice(0, 8)}` }));
  const dialog = within(screen.getByRole('dialog'));
  const address = dialog.getByLabelText('Address');
  const act = () => user.click(dialog.getByRole('button', { name: 'Try it and keep it' }));
  await user.type(address, 'http://relay.example.org');
  await act();
  expect(dialog.getByText('Without https only a relay on this computer can be reached')).toBeTruthy();
  await user.clear(address);
  await user.type(address, 'https://gone.example.org');
  await act();
  expect(await dialog.findByText('The relay does not answer')).toBeTruthy();
  expect((await backend.relays()).relays[0]?.addresses).toEqual(['https://relay.seminar.example']);
  await user.clear(address);
  await user.type(address, 'https://new.example.org');
  await act();
  await waitFor(async () => expect((await backend.relays()).relays[0]?.addresses).toEqual(['https://new.example.org']));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBe(null));
  expect(toasts.shown.at(-1)?.text).toMatch(/^Kept. Everybody hears of it/);
});

test('the key that a relay says is compared with the one that was typed', async () => {
  const user = userEvent.setup();
  render(AddRelay, { tellsEverybody: true, onclose: () => {} });
  await user.type(screen.getByLabelText('Address'), 'https://third.example.org');
  await user.click(screen.getByRole('button', { name: 'Ask for its key' }));
  expect(await screen.findByText('This is the key it states')).toBeTruthy();
  await user.type(screen.getByLabelText('Key'), 'f'.repeat(64));
  expect(screen.getByText('Another relay answers there')).toBeTruthy();
  await user.clear(screen.getByLabelText('Key'));
  await user.click(screen.getByRole('button', { name: 'Take this key' }));
  expect((screen.getByLabelText('Key') as HTMLTextAreaElement).value).toBe(OTHER);
  expect(screen.getByText('It says the same key')).toBeTruthy();
  // This world knows that key already.
  await user.click(screen.getByRole('button', { name: 'Propose it' }));
  expect(await screen.findByText('The programme names this relay already')).toBeTruthy();
});

test('a spare key needs no address, and waits for other administrators', async () => {
  const user = userEvent.setup();
  let closed = 0;
  render(AddRelay, { tellsEverybody: true, onclose: () => (closed += 1) });
  await user.click(screen.getByRole('button', { name: 'Propose it' }));
  expect(screen.getByText('This is no key of a relay')).toBeTruthy();
  expect(screen.getByText('This is no address of a relay')).toBeTruthy();
  await user.type(screen.getByLabelText('Key'), '0a'.repeat(32));
  await user.click(screen.getByLabelText('It is a key on paper, for a relay to come'));
  await user.click(screen.getByRole('button', { name: 'Propose it' }));
  await waitFor(() => expect(closed).toBe(1));
  expect((await backend.relays()).waiting).toBe(1);
});

test('taking a relay out asks first, and says that it is for ever', async () => {
  const user = userEvent.setup();
  render(Relays);
  await user.click(await screen.findByRole('button', { name: `Take out ${KEY.slice(0, 8)}` }));
  const dialog = within(screen.getByRole('dialog'));
  expect(dialog.getByText(/never counts again/)).toBeTruthy();
  await user.click(dialog.getByRole('button', { name: `Take out ${KEY.slice(0, 8)}` }));
  expect(await screen.findByText(/1 change of relays waits to be signed/)).toBeTruthy();
});

test('who is no administrator changes an address and nothing else', async () => {
  memory.reset('reviewer');
  await app.opened(false);
  render(Relays);
  expect(await screen.findByRole('button', { name: `Other address of ${KEY.slice(0, 8)}` })).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Name a relay…' })).toBe(null);
  expect(screen.queryByRole('button', { name: /^Take out/ })).toBe(null);
});
