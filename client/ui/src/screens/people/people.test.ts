// People and access: inviting, check words, suspending and its undo, removal by the typed name, who can read an application.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import Access from './Access.svelte';
import Invite from './Invite.svelte';
import People from './People.svelte';
import Person from './Person.svelte';
import Removal from './Removal.svelte';

beforeEach(() => memory.reset('admin'));

async function person(at: number) {
  const found = (await backend.people()).people[at];
  if (found === undefined) throw new Error('nobody');
  return found;
}

test('an invitation needs a name, and gives a link and a square', async () => {
  const user = userEvent.setup();
  render(Invite, { may: ['reviewer', 'coordinator'], onclose: () => {} });
  await user.click(screen.getByRole('button', { name: 'Make the invitation' }));
  expect(screen.getByText('Write whom the invitation is for.')).toBeTruthy();
  await user.type(screen.getByLabelText('Name'), 'Ana');
  await user.click(screen.getByRole('button', { name: 'Make the invitation' }));
  expect(((await screen.findByLabelText('Link of the invitation')) as HTMLTextAreaElement).value).toMatch(/^tessera:/);
  expect(screen.getByRole('img', { name: /square/ })).toBeTruthy();
});

test('an answer that is admitted leads straight to the check words', async () => {
  const user = userEvent.setup();
  render(People);
  await user.click(await screen.findByRole('button', { name: 'Admit an answer…' }));
  await user.click(await screen.findByRole('button', { name: 'They match' }));
  await waitFor(async () => expect((await backend.people()).people.at(-1)?.checked).toBe(true));
});

test('words that differ say what to do, and suspending is at hand', async () => {
  const user = userEvent.setup();
  render(Person, { person: await person(4), mayRemove: true, onremove: () => {}, onclose: () => {} });
  await user.click(screen.getByRole('button', { name: 'They differ' }));
  await user.click(within(screen.getByRole('alert')).getByRole('button', { name: 'Suspend' }));
  await waitFor(async () => expect((await person(4)).standing).toBe('suspended'));
});

test('removing says what it means and wants the name', async () => {
  const user = userEvent.setup();
  const one = await person(1);
  render(Removal, { person: one, onclose: () => {} });
  expect(await screen.findByText('7 reviews that count stay.')).toBeTruthy();
  expect(screen.getByText('Others must sign as well')).toBeTruthy();
  const act = screen.getByRole('button', { name: `Remove ${one.name}` }) as HTMLButtonElement;
  expect(act.disabled).toBe(true);
  await user.type(screen.getByLabelText(`To confirm, type the name: ${one.name}`), one.name);
  await user.click(act);
  await waitFor(async () => expect((await person(1)).standing).toBe('removed'));
});

test('who can read an application is answered in a sentence', async () => {
  const user = userEvent.setup();
  render(Access);
  await user.type(await screen.findByLabelText('Who can read this application?'), 'gls-0003');
  expect(await screen.findByText(/^GLS-0003 can be read by \d+ people: .*Amara Diallo/)).toBeTruthy();
});
