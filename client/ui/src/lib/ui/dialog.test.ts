// A dialog holds what is typed in it: only Escape and its buttons close it.
import { fireEvent, render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { createRawSnippet } from 'svelte';
import { expect, test } from 'vitest';
import Dialog from './Dialog.svelte';

test('a click beside it closes nothing; Escape does, and so does the button, with a title or without one', async () => {
  const user = userEvent.setup();
  const children = createRawSnippet(() => ({ render: () => '<textarea></textarea>' }));
  let closed = 0;
  render(Dialog, { title: 'A question', hideTitle: true, children, onclose: () => (closed += 1) });
  const dialog = screen.getByRole('dialog');
  await fireEvent.click(dialog);
  expect(closed).toBe(0);
  await fireEvent(dialog, new Event('cancel', { cancelable: true }));
  expect(closed).toBe(1);
  await user.click(screen.getByRole('button', { name: 'Close' }));
  expect(closed).toBe(2);
});
