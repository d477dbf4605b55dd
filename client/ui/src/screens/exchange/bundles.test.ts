// Bundles: how far one is, stopping one, that nothing half is left of it, and that each says what came of it.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { app } from '../../lib/state/app.svelte';
import Bundles from './Bundles.svelte';
import { exchanger } from './exchange.svelte';

beforeEach(async () => {
  memory.reset('reviewer');
  await app.opened(false);
  exchanger.belongTo('somebody else');
  exchanger.belongTo('m-1');
});

test('a bundle that is written says how far it is, and can be stopped', async () => {
  memory.world.stepMs = 60_000;
  const user = userEvent.setup();
  render(Bundles);
  await user.click(screen.getByRole('button', { name: 'Write the bundle…' }));
  expect((await screen.findAllByText('Writing the bundle')).length).toBeGreaterThan(0);
  expect(screen.getByText('If you stop, no file is left, and everything stays in the outbox.')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Stop for now' }));
  expect(await screen.findByText('No file was left. Write the bundle again whenever you like.')).toBeTruthy();
});

test('what was stopped is said, and is no failure', async () => {
  memory.world.stepMs = 1;
  render(Bundles);
  const written = exchanger.writeBundle();
  exchanger.stopBundle();
  await written;
  expect(exchanger.stopped).toBe('writing');
  expect(exchanger.out).toBe(null);
  expect(await screen.findByText('No file was left. Write the bundle again whenever you like.')).toBeTruthy();
  expect(screen.queryByRole('alert')).toBe(null);
});

test('of several files those that were through stay, and it is said that others did not come', async () => {
  memory.world.stepMs = 1;
  render(Bundles);
  const taking = exchanger.takeBundles(['one.tessera', 'two.tessera']);
  await waitFor(() => expect(exchanger.carried?.phase).toBe('taking'));
  // The first is through when its progress begins anew.
  let through = 0;
  const stop = backend.onProgress(({ bytesDone, bytesTotal }) => {
    if (bytesDone === bytesTotal) through += 1;
    if (through === 1 && bytesDone === 0) exchanger.stopBundle();
  });
  await taking;
  stop();
  expect(exchanger.taken.map(({ path }) => path)).toEqual(['one.tessera']);
  expect(exchanger.stopped).toBe('some');
  expect(await screen.findByText('The files below were taken in as a whole, the others not at all.')).toBeTruthy();
});

test('a failure that nobody asked for stays one', async () => {
  memory.fail('bundleOut', { code: 'disk-full' });
  render(Bundles);
  await exchanger.writeBundle();
  expect(exchanger.stopped).toBe(null);
  expect(await screen.findByRole('alert')).toBeTruthy();
  memory.heal();
});

test('what is in a bundle is said before it is taken in, and another programme’s is not', async () => {
  memory.world.stepMs = 1;
  const user = userEvent.setup();
  render(Bundles);
  await user.click(screen.getByRole('button', { name: 'Look inside first…' }));
  expect(await screen.findByRole('heading', { name: 'What is in these 2 bundles' })).toBeTruthy();
  expect(screen.getByText(/^12 items, .*; 9 of them new here\./)).toBeTruthy();
  expect(screen.getByText(/Nguyễn Thị Hoa \(9 items\)/)).toBeTruthy();
  expect(screen.getByText('This bundle is another programme’s. Nothing of it can be taken in here.')).toBeTruthy();
  expect(exchanger.taken).toEqual([]);
  await user.click(screen.getByRole('button', { name: 'Take it in' }));
  await waitFor(() => expect(exchanger.taken.map(({ path }) => path)).toEqual(['/media/usb/from-coordinator.tessera']));
  expect(screen.queryByRole('heading', { name: /What is in/ })).toBe(null);
});

test('looking inside can be stopped, and a file that is no bundle says so', async () => {
  memory.world.stepMs = 1;
  render(Bundles);
  const looking = exchanger.lookAt();
  exchanger.stopBundle();
  await looking;
  expect(exchanger.stopped).toBe('looking');
  expect(await screen.findByText('Nothing was changed. Choose the file again whenever you like.')).toBeTruthy();
  memory.fail('inspectBundles', { code: 'forged', at: '/media/usb/letter.tessera' });
  await exchanger.lookAt();
  expect((await screen.findByRole('alert')).textContent).toContain('letter.tessera');
  memory.heal();
});

test('each of several files says what came of it, whatever came of the others', async () => {
  memory.world.stepMs = 1;
  render(Bundles);
  await exchanger.takeBundles(['one.tessera', 'damaged.tessera', 'two.tessera', 'two.tessera']);
  expect(await screen.findAllByText('The bundle was taken in')).toHaveLength(3);
  expect(within(screen.getByRole('alert')).getByText('damaged.tessera')).toBeTruthy();
});

test('what came of an earlier one does not stand for one that failed', async () => {
  memory.world.stepMs = 1;
  render(Bundles);
  await exchanger.takeBundles(['one.tessera']);
  memory.fail('bundleIn', { code: 'disk-full' });
  await exchanger.takeBundles(['two.tessera']);
  memory.heal();
  expect(exchanger.taken).toEqual([]);
  expect(await screen.findByText('The disk is full')).toBeTruthy();
});

test('what is dropped while a bundle is written is taken in after it', async () => {
  memory.world.stepMs = 1;
  render(Bundles);
  const written = exchanger.writeBundle();
  await exchanger.takeBundles(['one.tessera']);
  await exchanger.takeBundles(['two.tessera']);
  await written;
  expect(exchanger.out).not.toBe(null);
  expect(exchanger.taken.map(({ path }) => path)).toEqual(['one.tessera', 'two.tessera']);
});

test('what is dropped while one is taken in is told beside it', async () => {
  memory.world.stepMs = 1;
  render(Bundles);
  const first = exchanger.takeBundles(['one.tessera']);
  await exchanger.takeBundles(['two.tessera']);
  await first;
  expect(exchanger.taken.map(({ path }) => path)).toEqual(['one.tessera', 'two.tessera']);
});

test('what waits for one person is not taken in for another', async () => {
  memory.world.stepMs = 1;
  const written = exchanger.writeBundle();
  await exchanger.takeBundles(['one.tessera']);
  exchanger.belongTo('another');
  await written;
  await exchanger.takeBundles(['two.tessera']);
  expect(exchanger.taken.map(({ path }) => path)).toEqual(['two.tessera']);
});
