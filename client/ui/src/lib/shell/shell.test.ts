// The frame around the screens: a place begins at its top.
import { render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { beforeEach, expect, test } from 'vitest';
import App from '../../App.svelte';
import { memory } from '../backend/memory';
import { route } from '../state/route.svelte';

beforeEach(() => memory.reset('coordinator'));

test('a place begins at its top, however far down one was in the one before', async () => {
  render(App);
  await screen.findByRole('navigation', { name: 'Main navigation' });
  await route.go('moderation');
  const contents = screen.getByRole('main');
  contents.scrollTop = 900;
  await route.go('application', { id: 'a-0001' });
  await tick();
  expect(contents.scrollTop).toBe(0);
});
