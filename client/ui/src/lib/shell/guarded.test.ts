// A mistake of the program: the screen that it stops says so and is opened again, and what nobody caught is said.
import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import App from '../../App.svelte';
import { backend } from '../backend';
import { memory } from '../backend/memory';
import { route } from '../state/route.svelte';
import { toasts } from '../state/toasts.svelte';

beforeEach(() => {
  memory.reset('reviewer');
  toasts.clear();
});

test('a screen that stops says so beside the navigation, and is opened again', async () => {
  const user = userEvent.setup();
  const home = await backend.reviewerHome();
  const read = vi.spyOn(backend, 'reviewerHome').mockResolvedValue({ ...home, tasks: null as never });
  render(App);
  await route.go('home');
  expect(await screen.findByText(/^Nothing that was saved is lost/)).toBeTruthy();
  expect(screen.getByRole('navigation', { name: 'Main navigation' })).toBeTruthy();
  read.mockRestore();
  await user.click(screen.getByRole('button', { name: 'Open the screen again' }));
  expect(await screen.findByRole('grid')).toBeTruthy();
  expect(screen.queryByText(/^Nothing that was saved is lost/)).toBe(null);
});

test('another place is not stopped by the one before', async () => {
  const home = await backend.reviewerHome();
  const read = vi.spyOn(backend, 'reviewerHome').mockResolvedValue({ ...home, tasks: null as never });
  render(App);
  await route.go('home');
  await screen.findByText(/^Nothing that was saved is lost/);
  await route.go('settings');
  expect(await screen.findByRole('heading', { name: 'Settings' })).toBeTruthy();
  expect(screen.queryByText(/^Nothing that was saved is lost/)).toBe(null);
  read.mockRestore();
});

test('what nobody caught is said, and said once', async () => {
  render(App);
  await screen.findByRole('navigation', { name: 'Main navigation' });
  const reject = () => window.dispatchEvent(Object.assign(new Event('unhandledrejection'), { reason: { code: 'disk-full', message: 'full' } }));
  reject();
  reject();
  expect(await screen.findAllByText('Something did not work: The disk is full')).toHaveLength(1);
});
