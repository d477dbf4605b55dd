// Who reads what: a proposal and its draft, what is partial says so, swapping by keyboard, conflicts that bar, publishing by name.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { commands } from '../../lib/state/commands.svelte';
import { Assigning, assigning as held } from './assignment.svelte';
import Assignment from './Assignment.svelte';
import Swap from './Swap.svelte';
import TakeBack from './TakeBack.svelte';

afterEach(() => void vi.restoreAllMocks());
beforeEach(() => {
  memory.reset('coordinator');
  memory.world.stepMs = 0;
  held.forget();
});

async function shown() {
  const user = userEvent.setup();
  render(Assignment);
  await screen.findByRole('button', { name: 'Propose readers' });
  return user;
}

async function propose(user: ReturnType<typeof userEvent.setup>, most?: string) {
  if (most !== undefined) {
    const field = screen.getByLabelText('Most for a reader');
    await user.clear(field);
    await user.type(field, most);
  }
  await user.click(screen.getByRole('button', { name: 'Propose readers' }));
}

test('a whole proposal becomes the draft, and publishing says who hears of what', async () => {
  const user = await shown();
  await propose(user);
  expect(await screen.findByText('Everybody is served')).toBeTruthy();
  const { draft } = await backend.assignment(null);
  expect(draft.short).toBe(0);
  await user.click(await screen.findByRole('button', { name: 'Publish…' }));
  const dialog = screen.getByRole('dialog');
  expect(within(dialog).getByText(new RegExp(`^${draft.readers} readers hear of ${draft.added} dossiers`))).toBeTruthy();
  await user.click(within(dialog).getByRole('button', { name: `Publish ${draft.added} changes` }));
  await waitFor(async () => expect((await backend.assignment(null)).draft.added).toBe(0));
  expect((await backend.assignment(null)).missing).toBe(0);
  expect(await screen.findByText(/Readers hear of it with the next exchange/)).toBeTruthy();
});

test('what is partial is no draft until it is asked for, and is published only by whoever says so', async () => {
  const user = await shown();
  await propose(user, '6');
  expect(await screen.findByText('Not everybody can be served')).toBeTruthy();
  expect((await backend.assignment(null)).draft.added).toBe(0);
  await user.click(screen.getByRole('button', { name: 'Take it as a draft all the same' }));
  await user.click(await screen.findByRole('button', { name: 'Publish…' }));
  const dialog = screen.getByRole('dialog');
  const act = within(dialog).getByRole('button', { name: /^Publish \d+ change/ }) as HTMLButtonElement;
  expect(act.disabled).toBe(true);
  await user.click(within(dialog).getByRole('checkbox'));
  await user.click(act);
  await waitFor(async () => expect((await backend.assignment(null)).draft.added).toBe(0));
});

test('numbers that contradict are named beside the field, and nothing is searched', async () => {
  const user = await shown();
  await user.clear(screen.getByLabelText('Fewest for a reader'));
  await user.type(screen.getByLabelText('Fewest for a reader'), '99');
  await user.click(screen.getByRole('button', { name: 'Propose readers' }));
  expect(screen.getByText('The fewest are more than the most.')).toBeTruthy();
});

test('a search that is stopped changes nothing and is no failure', async () => {
  memory.world.stepMs = 10_000;
  const user = await shown();
  await propose(user);
  memory.world.stepMs = 0;
  expect(await screen.findByRole('button', { name: 'Stop' })).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Stop' }));
  await waitFor(() => expect([held.search.busy, held.search.failure]).toEqual([false, null]));
  expect((await backend.assignment(null)).draft.added).toBe(0);
});

test('a search outlasts the screen: it can be stopped from there, and what it found is there', async () => {
  const user = userEvent.setup();
  const search = backend.propose.bind(backend);
  let found = () => undefined as void;
  vi.spyOn(backend, 'propose').mockImplementationOnce(async (...given) => {
    await new Promise<void>((done) => (found = done));
    return search(...given);
  });
  const first = render(Assignment);
  await screen.findByRole('button', { name: 'Propose readers' });
  await propose(user);
  first.unmount();
  render(Assignment);
  expect(await screen.findByRole('button', { name: 'Stop' })).toBeTruthy();
  found();
  expect(await screen.findByText('Everybody is served')).toBeTruthy();
});

test('what was found for one round is not shown for another', async () => {
  const user = await shown();
  await propose(user);
  await screen.findByText('Everybody is served');
  await user.selectOptions(screen.getByLabelText('Round'), 'interview');
  await waitFor(() => expect(held.here).toBe('interview'));
  expect(screen.queryByText('Everybody is served')).toBeNull();
});

test('a search that nobody stopped here, and that ended, says so', async () => {
  const user = await shown();
  memory.fail('propose', { code: 'stopped' });
  await propose(user);
  expect(await screen.findByText('Stopped')).toBeTruthy();
});

test('the palette proposes by the numbers that are typed', async () => {
  const user = await shown();
  const most = screen.getByLabelText('Most for a reader');
  await user.clear(most);
  await user.type(most, '6');
  const asked = vi.spyOn(backend, 'propose');
  const command = () => commands.all.find(({ id }) => id === 'assignment-propose')?.run();
  command();
  await waitFor(() => expect(asked).toHaveBeenCalledOnce());
  expect(asked.mock.calls[0]?.[1].maxLoad).toBe(6);
  await screen.findByText('Not everybody can be served');
  await user.clear(most);
  command();
  expect(await screen.findByText('Write a whole number from 1.')).toBeTruthy();
  expect(asked).toHaveBeenCalledOnce();
});

test('further readers are proposed where the rule asks for them, with why, and asked once', async () => {
  memory.reset('coordinator-further');
  memory.world.stepMs = 0;
  const before = (await backend.assignment(null)).further;
  if (before === null) throw new Error('the rule is not on');
  expect(before.needed.length).toBeGreaterThan(1);
  const user = await shown();
  const panel = screen.getByRole('region', { name: 'Further readers' });
  expect(within(panel).getByText(`${before.needed.length} applications need one more reader each`)).toBeTruthy();
  expect(within(panel).getAllByText(/12.6 or more counts as wide/).length).toBeGreaterThan(0);
  expect(within(panel).getByText(/The seat line may still move/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Propose further readers' }));
  expect(await screen.findByText(new RegExp(`^Each of the ${before.needed.length} applications that need one more reader has one`))).toBeTruthy();
  expect((await backend.assignment(null)).draft.added).toBe(before.needed.length);
  await backend.publishAssignment(true);
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Propose further readers' })).toBeNull());
  expect(within(panel).getByText('No application needs a further reader at present.')).toBeTruthy();
  await expect(backend.proposeFurther('reading', (await backend.assignment(null)).rules, false)).rejects.toMatchObject({ code: 'no-further-needed' });
});

test('what of further readers is partial becomes the draft by the same search', async () => {
  memory.reset('coordinator-further');
  memory.world.stepMs = 0;
  const user = await shown();
  const most = screen.getByLabelText('Most for a reader');
  await user.clear(most);
  await user.type(most, '1');
  const searched = vi.spyOn(backend, 'proposeFurther');
  await user.click(screen.getByRole('button', { name: 'Propose further readers' }));
  await user.click(await screen.findByRole('button', { name: 'Take it as a draft all the same' }));
  expect(searched.mock.calls.map(([, , partial]) => partial)).toEqual([false, true]);
  const { further, draft } = await backend.assignment(null);
  expect(draft.added).toBeLessThanOrEqual(further?.needed.length ?? 0);
});

test('a round without the rule shows nothing of it', async () => {
  await shown();
  expect(screen.queryByRole('region', { name: 'Further readers' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Propose further readers' })).toBeNull();
});

/** The assignment as a dialog over it gets it: a list in a page of no height shows no rows. */
async function assigning(): Promise<Assigning> {
  const made = new Assigning();
  await made.load();
  return made;
}

test('readers are swapped by keyboard, whoever may not read is barred, and why is a sentence', async () => {
  const user = userEvent.setup();
  const { applications, readers } = await backend.assignment(null);
  const row = applications.find((each) => each.readers.some(({ read }) => !read));
  const leaving = row?.readers.find(({ read }) => !read);
  if (row === undefined || leaving === undefined) throw new Error('nothing to swap');
  const candidates = (await backend.candidates('reading', row.application)).filter(({ here }) => !here);
  const [coming, barred] = [candidates.find(({ bar }) => bar === null), candidates.find(({ bar }) => bar !== null)];
  if (barred === undefined || coming === undefined) throw new Error('nobody to choose');
  render(Swap, { assigning: await assigning(), row, readers, onclose: () => {} });
  const radio = await screen.findByRole('radio', { name: barred.name });
  expect((radio as HTMLInputElement).disabled).toBe(true);
  await user.click(screen.getByRole('button', { name: `Why not ${coming.name}?` }));
  expect(await screen.findByText(/would do as well/)).toBeTruthy();
  await user.click(screen.getByRole('radio', { name: leaving.name }));
  await user.click(screen.getByRole('radio', { name: coming.name }));
  await user.click(screen.getByRole('button', { name: 'Swap' }));
  await waitFor(async () => {
    const now = (await backend.assignment(null)).applications.find((each) => each.application === row.application)?.readers ?? [];
    expect(now.find(({ member }) => member === leaving.member)?.state).toBe('taken-back');
    expect(now.find(({ member }) => member === coming.member)?.state).toBe('added');
  });
});

test('what a silent reader has not read is drafted to be taken back', async () => {
  const user = userEvent.setup();
  const { applications, readers } = await backend.assignment(null);
  const reader = readers.find((each) => each.unable === null && each.load > each.read);
  if (reader === undefined) throw new Error('nobody is behind');
  render(TakeBack, { assigning: await assigning(), reader, applications, onclose: () => {} });
  await user.type(screen.getByLabelText('Why they are taken back'), 'No answer since March');
  await user.click(screen.getByRole('button', { name: /^Take back \d+ dossiers?$/ }));
  await waitFor(async () => expect((await backend.assignment(null)).draft.takenBack).toBe(reader.load - reader.read));
});

test('a table says which rows were not taken', async () => {
  const user = await shown();
  await user.click(screen.getByRole('button', { name: 'Take in a table…' }));
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByText('2 rows were not taken')).toBeTruthy();
  expect(within(dialog).getByText('Nobody is called so')).toBeTruthy();
});

test('what failed is forgotten with the round and the screen', async () => {
  const assigning = new Assigning();
  const failed = { code: 'stopped', message: 'it was stopped', hint: null, at: null, row: null, column: null };
  await assigning.load();
  assigning.search.failure = failed;
  await assigning.show('interview');
  expect(assigning.search.failure).toBeNull();
  assigning.act.failure = failed;
  assigning.follow()();
  expect(assigning.act.failure).toBeNull();
});
