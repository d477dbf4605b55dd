// People and access: inviting, check words, suspending and its undo, removal by the typed name, who can read an application,
// or could on a day.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { toasts } from '../../lib/state/toasts.svelte';
import { given } from '../../lib/state/given.svelte';
import Access from './Access.svelte';
import Deciding from './Deciding.svelte';
import Devices from './Devices.svelte';
import Invite from './Invite.svelte';
import InviteMany from './InviteMany.svelte';
import OnDay from './OnDay.svelte';
import People from './People.svelte';
import Person from './Person.svelte';
import Proposals from './Proposals.svelte';
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

test('answers that were dropped or opened elsewhere are admitted here', async () => {
  const before = (await backend.people()).people.length;
  given.answers = ['ana.answer'];
  render(People);
  await screen.findByRole('button', { name: 'They match' });
  expect((await backend.people()).people.length).toBe(before + 1);
  expect(given.answers).toEqual([]);
});

test('each answer is tried, those that come meanwhile too; one that is refused says why and can be tried again', async () => {
  const user = userEvent.setup();
  const admit = vi.spyOn(backend, 'admit').mockImplementation((path) => {
    if (path === 'good.answer') given.answers = [...given.answers, 'late.answer'];
    return path === 'bad.answer' ? Promise.reject({ code: 'disk-full', message: 'full' }) : Promise.resolve(null);
  });
  const tried = () => admit.mock.calls.map(([path]) => path);
  given.answers = ['bad.answer', 'good.answer'];
  render(People);
  await waitFor(() => expect(tried()).toEqual(['bad.answer', 'good.answer', 'late.answer']));
  const refused = within((await screen.findByText('bad.answer')).closest('[role=alert]') as HTMLElement);
  expect(refused.getByText('The disk is full')).toBeTruthy();
  admit.mockResolvedValue(null);
  await user.click(refused.getByRole('button', { name: 'Try again' }));
  await waitFor(() => expect(screen.queryByText('bad.answer')).toBe(null));
  expect(tried().at(-1)).toBe('bad.answer');
  admit.mockRestore();
});

test('what is opened before anybody unlocks waits, and is taken once', () => {
  expect(given.keep({ kind: 'over' })).toBe(false);
  expect(given.keep({ kind: 'bundles', paths: ['/media/usb/one.tessera'] })).toBe(true);
  expect(given.keep({ kind: 'bundles', paths: ['/media/usb/two.tessera'] })).toBe(true);
  expect(given.take()).toEqual({ kind: 'bundles', paths: ['/media/usb/one.tessera', '/media/usb/two.tessera'] });
  expect(given.take()).toBe(null);
});

test('what proposals go by of a reader is noted, and undone', async () => {
  const user = userEvent.setup();
  const one = await person(3);
  render(Person, { person: one, regions: (await backend.people()).regions, mayRemove: true, onremove: () => {}, onclose: () => {} });
  await user.selectOptions(screen.getByLabelText('Region'), 'asia');
  await user.type(screen.getByLabelText('At most'), '8');
  await user.type(screen.getByLabelText('At least so many applications'), '9');
  expect((screen.getByRole('button', { name: 'Save' }) as HTMLButtonElement).disabled).toBe(true);
  await user.clear(screen.getByLabelText('At least so many applications'));
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(async () => expect((await person(3)).reading).toMatchObject({ region: 'asia', languages: ['en'], min: null, max: 8 }));
  toasts.shown.at(-1)?.undo?.();
  await waitFor(async () => expect((await person(3)).reading).toEqual(one.reading));
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

/** So many days before today, as a calendar's field gives it. */
function daysAgo(days: number): string {
  const day = new Date(memory.world.now - days * 86_400_000);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}

test('who could have read an application on a day is answered in sentences, and what is not known is said', async () => {
  render(OnDay, { application: 'GLS-0003', day: daysAgo(5) });
  expect(await screen.findByText(/^On .* \d+ people could read GLS-0003: .*Amara Diallo/)).toBeTruthy();
  expect(screen.getByText(/What somebody read cannot be known/)).toBeTruthy();
  expect(within(screen.getByRole('table')).getByText('Amara Diallo')).toBeTruthy();
});

test('a day before anything was there, and one to come', async () => {
  const before = render(OnDay, { application: 'GLS-0003', day: daysAgo(50) });
  expect(await screen.findByText(/^Of nobody is it known that they could read GLS-0003/)).toBeTruthy();
  expect(screen.getByText(/^The relay took the first of it only on/)).toBeTruthy();
  before.unmount();
  render(OnDay, { application: 'GLS-0003', day: daysAgo(-2) });
  expect(screen.getByText('That day is still to come. Choose today or a day before it.')).toBeTruthy();
});

test('a further device gets a pass, and is added after its words were compared', async () => {
  const user = userEvent.setup();
  render(Devices);
  await user.click(await screen.findByRole('button', { name: 'Add a device…' }));
  await user.click(screen.getByRole('button', { name: 'Make a pass' }));
  expect(((await screen.findByLabelText('Link of the pass')) as HTMLTextAreaElement).value).toMatch(/^tessera:/);
  await user.click(screen.getByRole('button', { name: 'Read the answer…' }));
  expect(await screen.findByText('meadow')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'They match: add it' }));
  await waitFor(async () => expect((await backend.ownDevices()).devices).toHaveLength(4));
});

test('a device is taken out by its name, never the one that somebody sits at', async () => {
  const user = userEvent.setup();
  render(Devices);
  const acts = await screen.findAllByRole('button', { name: /^Take out/ });
  expect(acts).toHaveLength(1);
  await user.click(acts[0] as HTMLElement);
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Take out 9d71b04c' }));
  await waitFor(async () => expect((await backend.ownDevices()).devices.filter(({ active }) => active)).toHaveLength(1));
});

test('what others proposed says who has signed and who still can, and is signed here', async () => {
  const user = userEvent.setup();
  render(Proposals);
  expect(await screen.findByText(/stops being a coordinator/)).toBeTruthy();
  expect(screen.getByText('You have signed')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Sign it' }));
  const dialog = within(screen.getByRole('dialog'));
  expect(dialog.getByText(/A signature cannot be taken back/)).toBeTruthy();
  expect(await backend.proposals()).toHaveLength(2);
  await user.click(dialog.getByRole('button', { name: 'Sign it' }));
  await waitFor(async () => expect(await backend.proposals()).toHaveLength(1));
});

test('a role is proposed with what it means, and waits for other administrators', async () => {
  const user = userEvent.setup();
  const one = await person(3);
  render(Person, { person: one, mayRemove: true, onremove: () => {}, onclose: () => {} });
  await user.click(await screen.findByRole('button', { name: 'Make coordinator…' }));
  expect(screen.getByText('It counts once 2 administrators have signed.')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Propose it' }));
  await waitFor(async () => expect((await backend.person(one.member)).proposals).toHaveLength(1));
  expect(await screen.findByText(`${one.name} becomes a coordinator`)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Make coordinator…' })).toBe(null);
});

test('taking a role says that it is for ever', async () => {
  const user = userEvent.setup();
  const one = await person(1);
  render(Person, { person: one, mayRemove: true, onremove: () => {}, onclose: () => {} });
  await user.click(await screen.findByRole('button', { name: 'Take the role of administrator…' }));
  expect(screen.getByText(/What is taken is never given back/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Take it for ever' }));
  await waitFor(async () => expect((await backend.proposals()).at(-1)?.changes[0]?.code).toBe('change-drop-admin'));
});

test('a coordinator who lacks what coordinators read is given it after the words', async () => {
  const user = userEvent.setup();
  const one = await person(2);
  render(Person, { person: one, mayRemove: true, onremove: () => {}, onclose: () => {} });
  await user.click(await screen.findByRole('button', { name: 'They match: give access' }));
  await waitFor(async () => expect((await backend.person(one.member)).lacksKeys).toBe(false));
});

test('the devices of a person say since when and when they were heard of last', async () => {
  render(Person, { person: await person(3), mayRemove: true, onremove: () => {}, onclose: () => {} });
  expect(await screen.findAllByText(/last heard of 4 days ago|last heard of 3 days ago/)).not.toHaveLength(0);
  expect(screen.getAllByText(/came with the invitation · since/)).toHaveLength(1);
  expect(screen.getByText('Recovery sheet')).toBeTruthy();
});

test('who decides is said, and how many a removal needs is proposed', async () => {
  const user = userEvent.setup();
  render(Deciding);
  expect(await screen.findByText('2 administrators sign')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Change…' }));
  await user.selectOptions(screen.getByLabelText('Administrators who must agree'), '2');
  await user.click(screen.getByRole('button', { name: 'Propose it' }));
  await waitFor(async () => expect((await backend.proposals()).at(-1)?.changes[0]?.params).toEqual({ count: '2' }));
});

test('many are invited from a table after it was looked at', async () => {
  const user = userEvent.setup();
  const before = (await backend.people()).invitations.length;
  render(InviteMany, { onclose: () => {} });
  await user.click(screen.getByRole('button', { name: 'Choose the table…' }));
  expect(await screen.findByText(/3 people can be invited\. 1 name is known already\./)).toBeTruthy();
  expect(within(screen.getByRole('alert')).getByText(/No such role/)).toBeTruthy();
  expect((await backend.people()).invitations).toHaveLength(before);
  await user.click(screen.getByRole('button', { name: 'Invite 3 people…' }));
  expect(await screen.findByText('3 invitations were written')).toBeTruthy();
  expect(screen.getByText('/media/usb/invitations')).toBeTruthy();
  expect((await backend.people()).invitations).toHaveLength(before + 3);
});

test('an open invitation is withdrawn after a question', async () => {
  const user = userEvent.setup();
  const open = (await backend.people()).invitations;
  render(People);
  await user.click(await screen.findByRole('button', { name: `Withdraw the invitation of ${open[0]?.name}` }));
  await user.click(screen.getByRole('button', { name: 'Withdraw the invitation' }));
  await waitFor(async () => expect((await backend.people()).invitations).toHaveLength(open.length - 1));
});

test('who could read is told from who can read', async () => {
  const user = userEvent.setup();
  render(Access);
  const rows = await backend.access();
  const earlier = rows.find((row) => row.earlierApplications.length > 0 && row.applications.length > 0);
  const application = earlier?.earlierApplications[0] ?? '';
  await user.type(await screen.findByLabelText('Who can read this application?'), application);
  const past = await screen.findByText(new RegExp(`^${application} could be read by .*without what was written since`));
  expect(past.textContent).toContain(earlier?.name);
  expect(screen.getByText(new RegExp(`^${application} can be read by`)).textContent).not.toContain(earlier?.name);
  await user.click(screen.getByRole('button', { name: earlier?.name ?? '' }));
  expect(screen.getByText(/^Could read: /)).toBeTruthy();
  expect(screen.getAllByText(/^on Computer /).length).toBeGreaterThan(0);
});
