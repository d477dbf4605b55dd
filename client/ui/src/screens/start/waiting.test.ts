// Between the answer and the admission: looking for it says how far it is and can be stopped, and a bundle says what came of it.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { memory } from '../../lib/backend/memory';
import { app } from '../../lib/state/app.svelte';
import { given } from '../../lib/state/given.svelte';
import { exchanger } from '../exchange/exchange.svelte';
import Start from './Start.svelte';
import Waiting from './Waiting.svelte';

beforeEach(async () => {
  memory.reset('waiting');
  memory.world.stepMs = 1;
  await app.opened(false);
  exchanger.belongTo('somebody else');
});

test('looking for it says how far it is, and can be stopped', async () => {
  memory.world.stepMs = 300;
  const user = userEvent.setup();
  render(Waiting);
  await user.click(screen.getByRole('button', { name: 'Look for it now' }));
  await user.click(await screen.findByRole('button', { name: 'Stop for now' }));
  expect(await screen.findByText('Stopped')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Stop for now' })).toBe(null);
});

test('a bundle says what came of it, and why where nothing did', async () => {
  const user = userEvent.setup();
  render(Waiting);
  await user.click(screen.getByRole('button', { name: 'Take in a bundle…' }));
  expect(await screen.findByText('The bundle was taken in')).toBeTruthy();
  await waitFor(() => expect(exchanger.carrying).toBe(false));
  await exchanger.takeBundles(['damaged.tessera']);
  expect((await screen.findByRole('alert')).textContent).toContain('damaged.tessera');
});

test('bundles that were opened before somebody unlocked, or are dropped here, are taken in here', async () => {
  given.keep({ kind: 'bundles', paths: ['early.tessera'] });
  render(Start);
  expect(await screen.findByText('early.tessera')).toBeTruthy();
  await waitFor(() => expect(exchanger.carrying).toBe(false));
  window.dispatchEvent(Object.assign(new Event('drop', { cancelable: true }), { dataTransfer: { files: [{ name: 'late.tessera' }] } }));
  expect(await screen.findByText('late.tessera')).toBeTruthy();
});
