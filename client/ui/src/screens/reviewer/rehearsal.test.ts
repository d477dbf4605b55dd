// The rehearsal's end: what a person does next, where nothing can be exchanged.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { app } from '../../lib/state/app.svelte';
import Home from './Home.svelte';
import { nextOf } from './home.svelte';

test('after the last seal it is said how an invitation is opened, and the rehearsal is left', async () => {
  memory.reset('rehearsal');
  memory.world.tasks = memory.world.tasks.map((task) => ({ ...task, state: 'in-outbox' as const, revision: 1 }));
  await app.opened(false);
  const user = userEvent.setup();
  render(Home);
  expect(await screen.findByText(/choose “Open or create another programme”, then “Open an invitation”/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Exchange' })).toBe(null);
  await user.click(screen.getByRole('button', { name: 'Leave the rehearsal' }));
  await waitFor(() => expect(app.me).toBe(null));
});

test('what is not read comes first, and where there is a relay it is used', async () => {
  memory.reset('rehearsal');
  const home = await backend.reviewerHome();
  expect(nextOf(home, true).kind).toBe('declare');
  const sealed = { ...home, outbox: 3, tasks: [] };
  expect([nextOf(sealed, true).kind, nextOf({ ...sealed, relayKnown: true }, true).kind, nextOf(sealed).kind]).toEqual(['rehearsed', 'exchange', 'exchange']);
});
