// The recovery sheet: where it could not be drawn it is asked for again, and only a whole one is shown.
import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { memory } from '../../lib/backend/memory';
import RecoveryStep from './RecoveryStep.svelte';

test.each(['recoveryBegin', 'recoveryLines'] as const)('a sheet that failed at %s is drawn again', async (act) => {
  memory.reset('reviewer');
  memory.fail(act, { code: 'disk-full' });
  const user = userEvent.setup();
  render(RecoveryStep, { skippable: false, ondone: () => {} });
  const again = await screen.findByRole('button', { name: 'Try again' });
  const go = screen.getByRole('button', { name: 'I have written them down' }) as HTMLButtonElement;
  expect([screen.queryByText('anchor'), go.disabled]).toEqual([null, true]);
  memory.heal();
  await user.click(again);
  expect(await screen.findByText('anchor')).toBeTruthy();
  expect([screen.queryByRole('button', { name: 'Try again' }), go.disabled]).toEqual([null, false]);
});
