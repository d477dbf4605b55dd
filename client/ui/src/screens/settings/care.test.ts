// Looking after this device: a check that finds nothing, or what is put right; a backup; the report; the wipe by the typed name.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { PASSPHRASE } from '../../lib/backend/memory/session';
import { app } from '../../lib/state/app.svelte';
import { route } from '../../lib/state/route.svelte';
import { toasts } from '../../lib/state/toasts.svelte';
import BackUp from './BackUp.svelte';
import Care from './Care.svelte';
import CheckDevice from './CheckDevice.svelte';
import SupportReport from './SupportReport.svelte';
import Wipe from './Wipe.svelte';

beforeEach(async () => {
  memory.reset('reviewer');
  memory.world.stepMs = 1;
  await app.opened(false);
});

async function begin(scenario: 'coordinator' | 'admin') {
  memory.reset(scenario);
  memory.world.stepMs = 1;
  await app.opened(false);
}

test('a device that is whole says so, and what is not here yet is fetched by an exchange', async () => {
  const user = userEvent.setup();
  const onclose = vi.fn();
  render(CheckDevice, { first: 'check', onclose });
  expect(screen.getByRole('progressbar', { name: 'Reading everything again' })).toBeTruthy();
  expect(await screen.findByText('Everything on this device is whole')).toBeTruthy();
  expect(screen.getByText(/^2 items of others are known and not here yet/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Repair now' })).toBeNull();
  await user.click(screen.getByRole('button', { name: 'To the exchange' }));
  expect([onclose.mock.calls.length, route.current?.screen]).toEqual([1, 'exchange']);
});

test('what is not as it should be is named by kind and put right; then nothing is found', async () => {
  const user = userEvent.setup();
  await begin('coordinator');
  render(CheckDevice, { first: 'check', onclose: () => {} });
  expect(await screen.findByText('13 things on this device are not as they should be')).toBeTruthy();
  expect(screen.getByText('12 entries of lists, which are made again')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Repair now' }));
  expect(await screen.findByText('13 things were put right')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'To the exchange' })).toBeTruthy();
  expect((await backend.checkDevice()).found).toEqual([]);
});

test('a check can be stopped, and closing it stops it', async () => {
  const user = userEvent.setup();
  memory.world.stepMs = 200;
  const shown = render(CheckDevice, { first: 'check', onclose: () => {} });
  await user.click(await screen.findByRole('button', { name: 'Stop' }));
  expect(await screen.findByText('Nothing was changed. Run it again when there is time.')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  await screen.findByRole('button', { name: 'Stop' });
  expect(memory.world.cancelled).toBe(false);
  shown.unmount();
  expect(memory.world.cancelled).toBe(true);
});

test('a backup wants the passphrase that opens it', async () => {
  const user = userEvent.setup();
  render(BackUp, { onclose: () => {} });
  const write = screen.getByRole('button', { name: 'Choose where and write it…' }) as HTMLButtonElement;
  expect(write.disabled).toBe(true);
  await user.type(screen.getByLabelText('Passphrase'), 'wrong');
  await user.click(write);
  expect(await screen.findByRole('alert')).toBeTruthy();
  expect(await backend.lastBackup()).toBeNull();
  await user.clear(screen.getByLabelText('Passphrase'));
  await user.type(screen.getByLabelText('Passphrase'), PASSPHRASE);
  await user.click(write);
  expect(await screen.findByText('The backup is written')).toBeTruthy();
  expect(await backend.lastBackup()).toBe(memory.world.now);
});

test('when the last backup was written is shown, or that none was', async () => {
  const user = userEvent.setup();
  render(Care);
  expect(await screen.findByText(/No backup was written from this window yet/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Back up…' }));
  await user.type(screen.getByLabelText('Passphrase'), PASSPHRASE);
  await user.click(screen.getByRole('button', { name: 'Choose where and write it…' }));
  await screen.findByText('The backup is written');
  await user.click(within(screen.getByRole('dialog')).getAllByRole('button', { name: 'Close' }).at(-1) as HTMLElement);
  expect(await screen.findByText(/Last backup/)).toBeTruthy();
});

test('the report is shown in full, and exactly that is saved', async () => {
  const user = userEvent.setup();
  const save = vi.spyOn(backend, 'saveReport');
  render(SupportReport, { onclose: () => {} });
  const shown = (await screen.findByRole('region', { name: 'Report for support' })).textContent ?? '';
  expect(shown).toMatch(/^version\s+0\.1\.0\n/);
  await user.click(screen.getByRole('button', { name: /^Save/ }));
  await waitFor(() => expect(toasts.shown).toHaveLength(1));
  expect(save).toHaveBeenCalledWith(shown);
});

test('wiping says what is lost in numbers, wants the name, and leaves nothing of the programme', async () => {
  const user = userEvent.setup();
  const { name, drafts, outbox } = await backend.wiping();
  expect(drafts + outbox).toBeGreaterThan(0);
  render(Wipe, { onclose: () => {} });
  expect(await screen.findByText('Only this computer has, and would lose:')).toBeTruthy();
  if (drafts > 0) expect(screen.getByText(drafts === 1 ? '1 draft' : `${drafts} drafts`)).toBeTruthy();
  const act = screen.getByRole('button', { name: 'Delete it for ever' }) as HTMLButtonElement;
  expect(act.disabled).toBe(true);
  await user.type(screen.getByLabelText(`To confirm, type the programme’s name: ${name}`), name);
  await user.click(act);
  await waitFor(() => expect(app.me).toBeNull());
  expect((await backend.standing()).programmes.every(({ label }) => label !== name)).toBe(true);
});

test('the only computer of a coordinator is told that the programme ends with it', async () => {
  await begin('admin');
  render(Wipe, { onclose: () => {} });
  expect(await screen.findByText('This is the only computer of a coordinator')).toBeTruthy();
});
