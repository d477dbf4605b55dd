// Every act that offers a way back: taken back, all is as it was. What has none says so before it is done.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../lib/backend';
import type { QueueItem, ReadBy } from '../lib/backend/contract';
import { memory } from '../lib/backend/memory';
import { app } from '../lib/state/app.svelte';
import { toasts } from '../lib/state/toasts.svelte';
import { sayUndoable } from '../lib/state/undo';
import { Assigning } from './assignment/assignment.svelte';
import RulesForm from './assignment/RulesForm.svelte';
import Swap from './assignment/Swap.svelte';
import TakeBack from './assignment/TakeBack.svelte';
import { causes, type Cause } from './coordinator/causes';
import Conditions from './coordinator/Conditions.svelte';
import Decide from './coordinator/Decide.svelte';
import Exception from './coordinator/Exception.svelte';
import Queue from './coordinator/Queue.svelte';
import TypeText from './coordinator/TypeText.svelte';
import Withdrawal from './coordinator/Withdrawal.svelte';
import Entry from './intake/Entry.svelte';
import Pair from './intake/Pair.svelte';
import Person from './people/Person.svelte';
import { parse } from './programme/definition';
import Programme from './programme/Programme.svelte';
import Settings from './settings/Settings.svelte';

beforeEach(() => {
  memory.reset('coordinator');
  memory.world.stepMs = 0;
  toasts.clear();
});

/** Takes back what was done last, and waits until that is said. */
async function takeBack(said: RegExp = /^Taken back$/): Promise<void> {
  await waitFor(() => expect(toasts.shown.some(({ undo }) => undo !== null)).toBe(true));
  const last = toasts.shown.filter(({ undo }) => undo !== null).at(-1);
  if (last === undefined) throw new Error('nothing can be taken back');
  toasts.close(last.id);
  last.undo?.();
  await waitFor(() => expect(toasts.shown.map(({ text }) => (typeof text === 'string' ? text : text())).join('\n')).toMatch(new RegExp(said.source, 'm')));
}

const nothing = () => {};

test('only the last three offers stand, a failure is told, and another person takes nothing back', async () => {
  for (const name of ['a', 'b', 'c', 'd']) sayUndoable(name, () => Promise.resolve());
  expect(toasts.shown.map(({ text }) => text)).toEqual(['b', 'c', 'd']);
  toasts.clear();
  sayUndoable('done', () => Promise.reject({ code: 'not-permitted', message: 'no' }));
  await takeBack(/^It was not taken back: /);
  expect(toasts.shown.at(-1)?.tone).toBe('bad');
  await app.refresh();
  sayUndoable('done', () => Promise.resolve());
  memory.reset('admin');
  memory.world.me = { ...memory.world.me!, memberId: 'm-99' };
  await app.refresh();
  expect(toasts.shown).toEqual([]);
});

test('a verdict on a condition', async () => {
  const user = userEvent.setup();
  const all = await Promise.all(memory.world.applications.slice(0, 20).map(({ id }) => backend.application(id)));
  const application = all.find(({ gates }) => gates.some(({ verdict, by }) => verdict === null && by.length === 0) && gates.some(({ verdict }) => verdict === 'met'));
  if (application === undefined) throw new Error('nothing is open');
  const { rerender } = render(Conditions, { application });
  const gate = async (key: string) => (await backend.application(application.application)).gates.find((each) => each.gate === key);
  const judge = async (key: string, word: string) => {
    await user.click(document.querySelector<HTMLElement>(`[data-step="judge-${key}"]`)!);
    await user.click(screen.getByLabelText(word));
    await user.clear(screen.getByLabelText('Reason'));
    await user.type(screen.getByLabelText('Reason'), 'Seen.');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await rerender({ application: await backend.application(application.application) });
  };
  const met = application.gates.find(({ verdict }) => verdict === 'met')!;
  await judge(met.gate, 'Not met');
  expect((await gate(met.gate))?.verdict).toBe('not-met');
  await takeBack();
  expect(await gate(met.gate)).toMatchObject({ verdict: 'met', reason: met.reason });
  const open = application.gates.find(({ verdict, by }) => verdict === null && by.length === 0)!;
  await judge(open.gate, 'Met');
  await takeBack();
  expect(await gate(open.gate)).toMatchObject({ verdict: null, by: [] });
});

test('asking for the exception, and deciding on it', async () => {
  const user = userEvent.setup();
  const all = await Promise.all(memory.world.applications.map(({ id }) => backend.application(id)));
  const not = all.find(({ outcome, exception, gates }) => outcome === 'not-eligible' && exception?.asked === null && gates.some(({ liftable, verdict }) => liftable && verdict === 'not-met'));
  const asked = all.find(({ exception }) => exception?.asked != null && exception.granted === null);
  if (!not?.exception || !asked?.exception) throw new Error('no exception');
  const now = async (id: string) => (await backend.application(id)).exception;
  const first = render(Exception, { application: not, exception: not.exception });
  await user.click(screen.getByRole('button', { name: 'Ask for the exception' }));
  await user.type(screen.getByLabelText('What makes this application outstanding'), 'A prize.');
  await user.click(screen.getByRole('button', { name: 'Ask for the exception' }));
  await waitFor(async () => expect((await now(not.application))?.asked).toBe('A prize.'));
  await takeBack(/no longer asked for/);
  expect((await now(not.application))?.asked).toBeNull();
  first.unmount();
  for (const [act, why, granted] of [['Grant it', 'Why it is granted', true], ['Refuse it', 'Why it is refused', false]] as const) {
    const second = render(Exception, { application: asked, exception: asked.exception });
    await user.click(screen.getByRole('button', { name: act }));
    await user.type(screen.getByLabelText(why), 'It is so.');
    await user.click(screen.getByRole('button', { name: act }));
    await waitFor(async () => expect((await now(asked.application))?.granted).toBe(granted));
    await takeBack(/asked for and open again/);
    expect(await now(asked.application)).toMatchObject({ asked: asked.exception.asked, askedBy: asked.exception.askedBy, granted: null });
    second.unmount();
  }
});

test('a withdrawal, and letting it stand', async () => {
  const user = userEvent.setup();
  const all = await Promise.all(memory.world.applications.slice(0, 30).map(({ id }) => backend.application(id)));
  const [stands, gone] = [all.find(({ withdrawn }) => withdrawn === null), all.find(({ withdrawn }) => withdrawn !== null)];
  if (!stands || !gone) throw new Error('none');
  const first = render(Withdrawal, { application: stands, onclose: nothing });
  await user.type(screen.getByLabelText('What was said'), 'A letter.');
  await user.click(screen.getByRole('button', { name: 'Note the withdrawal' }));
  await waitFor(async () => expect((await backend.application(stands.application)).withdrawn).toBe('A letter.'));
  await takeBack(/It stands again\. Readers from whom it was taken are assigned anew/);
  expect((await backend.application(stands.application)).withdrawn).toBeNull();
  first.unmount();
  render(Withdrawal, { application: gone, onclose: nothing });
  await user.type(screen.getByLabelText('Why it stands'), 'A mistake.');
  await user.click(screen.getByRole('button', { name: 'Let it stand' }));
  await waitFor(async () => expect((await backend.application(gone.application)).withdrawn).toBeNull());
  await takeBack(/^Withdrawal noted$/);
  expect(await backend.application(gone.application)).toMatchObject({ withdrawn: gone.withdrawn, withdrawnBy: gone.withdrawnBy });
});

test('what was typed from a scan', async () => {
  const user = userEvent.setup();
  const handle = 'f-6-letter2';
  const before = (await backend.fileTyped(handle)).pages;
  const typing = async (words: string) => {
    const shown = render(TypeText, { id: 'a-0007', file: handle });
    const area = await screen.findByRole('textbox', { name: 'What page 1 says' });
    await user.clear(area);
    if (words !== '') await user.type(area, words);
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(async () => expect((await backend.fileTyped(handle)).pages).toEqual(words === '' ? [] : [words]));
    shown.unmount();
  };
  await typing('Another text.');
  await takeBack();
  expect((await backend.fileTyped(handle)).pages).toEqual(before);
  toasts.clear();
  await typing('');
  await takeBack();
  expect((await backend.fileTyped(handle)).pages).toEqual(before);
});

const causeOf = async (code: string): Promise<Cause> => causes((await backend.queue()).waiting).find((each) => each.item.code === code)!;
const waits = async (item: QueueItem) => (await backend.queue()).waiting.find(({ id }) => id === item.id);

test('a decision on the merge desk: it waits again, and one that was made anew is as before', async () => {
  const user = userEvent.setup();
  const cause = await causeOf('older-rubric');
  const first = render(Decide, { cause, recommended: true, ondone: nothing, oncancel: nothing });
  await user.click(screen.getByRole('button', { name: 'Decide' }));
  await waitFor(async () => expect(await waits(cause.item)).toBeUndefined());
  await takeBack(/It waits again, marked as asked/);
  expect((await waits(cause.item))?.asked).toBe(true);
  first.unmount();

  const [was] = (await backend.queue()).decided;
  if (was === undefined) throw new Error('nothing was decided');
  render(Decide, { cause: { key: was.item.id, item: was.item, items: [was.item], sides: false }, recommended: false, was, ondone: nothing, oncancel: nothing });
  await user.click(screen.getByLabelText(/^Let it count/));
  await user.type(screen.getByLabelText('Reason'), 'After all.');
  await user.click(screen.getByRole('button', { name: 'Decide' }));
  const now = async () => (await backend.queue()).decided.find(({ item }) => item.id === was.item.id);
  await waitFor(async () => expect((await now())?.verdict).toBe('accept'));
  await takeBack();
  expect(await now()).toMatchObject({ verdict: was.verdict, reason: was.reason });
});

test('which of two versions holds; of coordinators’ own records and rulings it is said that there is no way back', async () => {
  const user = userEvent.setup();
  const versions = await causeOf('two-versions');
  const first = render(Decide, { cause: versions, recommended: false, ondone: nothing, oncancel: nothing });
  expect(screen.queryByText(/There is no undo/)).toBeNull();
  await user.click(screen.getAllByRole('radio')[1]!);
  await user.type(screen.getByLabelText('Reason'), 'She said so.');
  await user.click(screen.getByRole('button', { name: 'Decide' }));
  await waitFor(async () => expect(await causeOf('two-versions')).toBeUndefined());
  await takeBack(/It waits again/);
  expect((await causeOf('two-versions')).items.length).toBe(2);
  first.unmount();

  for (const [code, words] of [['eligibility-contradicts', /There is no undo for this choice/], ['conflict-unsure', /There is no undo for a ruling/]] as const) {
    toasts.clear();
    const shown = render(Decide, { cause: await causeOf(code), recommended: false, ondone: nothing, oncancel: nothing });
    expect(screen.getByText(words)).toBeTruthy();
    await user.click(screen.getAllByRole('radio')[0]!);
    await user.type(screen.getByLabelText('Reason'), 'It is so.');
    await user.click(screen.getByRole('button', { name: 'Decide' }));
    await waitFor(() => expect(toasts.shown.length).toBe(1));
    expect(toasts.shown[0]?.undo).toBeNull();
    shown.unmount();
  }
});

test('a notice that was seen', async () => {
  const user = userEvent.setup();
  const before = (await backend.queue()).notices.length;
  render(Queue);
  await user.click(await screen.findByRole('tab', { name: /Notices/ }));
  await user.click(screen.getAllByRole('button', { name: 'Seen' })[0]!);
  await waitFor(async () => expect((await backend.queue()).notices.length).toBe(before - 1));
  await takeBack(/It is shown again/);
  expect((await backend.queue()).notices.length).toBe(before);
});

test('suspending somebody, and lifting it', async () => {
  memory.reset('admin');
  const user = userEvent.setup();
  const person = async () => (await backend.people()).people[4]!;
  const { rerender } = render(Person, { person: await person(), mayRemove: true, onremove: nothing, onclose: nothing });
  await user.click(screen.getByRole('button', { name: 'Suspend' }));
  await waitFor(async () => expect((await person()).standing).toBe('suspended'));
  await takeBack(/has access again/);
  expect((await person()).standing).toBe('active');
  await backend.suspend((await person()).member);
  await rerender({ person: await person() });
  await user.click(screen.getByRole('button', { name: 'Lift the suspension' }));
  await waitFor(async () => expect((await person()).standing).toBe('active'));
  await takeBack(/is suspended/);
  expect((await person()).standing).toBe('suspended');
});

async function assigning(): Promise<Assigning> {
  const found = new Assigning();
  await found.load();
  return found;
}
const readersOf = async (row: ReadBy) => (await backend.assignment(null)).applications.find(({ application }) => application === row.application)?.readers;

test('taking back what was not read, and keeping it after all', async () => {
  const user = userEvent.setup();
  const before = await backend.assignment(null);
  const reader = before.readers.find((each) => each.unable === null && each.load > each.read)!;
  const desk = await assigning();
  const first = render(TakeBack, { assigning: desk, reader, applications: before.applications, onclose: nothing });
  await user.click(screen.getByRole('button', { name: /^Take back \d+ dossiers?$/ }));
  await waitFor(async () => expect((await backend.assignment(null)).draft.takenBack).toBeGreaterThan(0));
  await takeBack(/nothing is taken back from/);
  expect((await backend.assignment(null)).draft).toMatchObject({ takenBack: 0, added: 0 });
  first.unmount();

  await backend.takeBackUnread(desk.here, reader.member, '');
  const row = (await backend.assignment(null)).applications.find(({ readers }) => readers.some(({ member, state }) => member === reader.member && state === 'taken-back'))!;
  render(Swap, { assigning: await assigning(), row, readers: before.readers, onclose: nothing });
  await user.click(screen.getByRole('button', { name: `Keep ${reader.name} after all` }));
  const state = async () => (await readersOf(row))?.find(({ member }) => member === reader.member)?.state;
  await waitFor(async () => expect(await state()).not.toBe('taken-back'));
  // The reason for which it was to be taken back is gone with that: it is taken back again as anything is.
  expect(toasts.shown.at(-1)?.undo).toBe(null);
});

test('reading a table of wishes; forgetting it is asked about', async () => {
  const user = userEvent.setup();
  const known = async () => (await backend.assignment(null)).known.wishes;
  const desk = await assigning();
  if ((await known()) !== null) await backend.forgetWishes();
  await desk.load();
  const props = () => ({ assigning: desk, typed: desk.typed!, view: desk.view.value! });
  const first = render(RulesForm, props());
  await user.click(document.querySelector<HTMLElement>('[data-step=wishes]')!);
  await waitFor(async () => expect(await known()).toBe(412));
  await takeBack();
  expect(await known()).toBeNull();
  first.unmount();
  await backend.chooseWishes();
  await desk.load();
  render(RulesForm, props());
  await user.click(screen.getByRole('button', { name: 'Forget them' }));
  expect(await known()).toBe(412);
  expect(screen.getByText('There is no undo; the table can be read again.')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Forget 412 pairs' }));
  await waitFor(async () => expect(await known()).toBeNull());
});

test('answers that were corrected by hand', async () => {
  const user = userEvent.setup();
  const id = 'a-0004';
  const answer = async () => (await backend.entryForm(id)).fields.find(({ key }) => key === 'organisation')?.value;
  const before = await answer();
  render(Entry, { id });
  const field = await screen.findByLabelText('Organisation (required)');
  for (const name of ['First', 'Second']) {
    await user.clear(field);
    await user.type(field, name);
    await user.click(document.querySelector<HTMLElement>('[data-step=enter]')!);
    await waitFor(async () => expect(await answer()).toBe(name));
  }
  await waitFor(() => expect(toasts.shown.length).toBe(2));
  await takeBack(/are as they were/);
  expect(await answer()).toBe('First');
  await takeBack(/are as they were/);
  expect(await answer()).toBe(before);
});

test('a verdict on two applications', async () => {
  const user = userEvent.setup();
  const pair = async () => (await backend.duplicates()).find((each) => each.one.application === 'a-0001');
  const judge = async (words: RegExp) => {
    const shown = render(Pair, { one: 'a-0001', other: 'a-0021' });
    await user.click(await screen.findByLabelText(words));
    await user.type(screen.getByLabelText('Reason'), 'Seen.');
    await user.click(screen.getByRole('button', { name: 'Decide' }));
    await waitFor(() => expect(toasts.shown.some(({ undo }) => undo !== null)).toBe(true));
    shown.unmount();
  };
  await judge(/^The same person/);
  expect((await pair())?.verdict).toBe('same');
  await takeBack(/asked about again/);
  expect((await pair())?.verdict).toBeNull();
  toasts.clear();
  await backend.judgePair('a-0001', 'a-0021', 'same', 'a-0021', 'She said so.');
  await judge(/^Different people/);
  expect((await pair())?.verdict).toBe('different');
  await takeBack();
  expect(await pair()).toMatchObject({ verdict: 'same', keep: 'a-0021', reason: 'She said so.' });
});

test('a setting of this device, and nothing else that was set since', async () => {
  await app.refresh();
  const user = userEvent.setup();
  const before = { ...app.preferences };
  render(Settings);
  await user.selectOptions(screen.getByLabelText('Size of text'), '130');
  await waitFor(() => expect(toasts.shown.length).toBe(1));
  await app.prefer({ hideTotal: !before.hideTotal });
  await takeBack();
  expect(app.preferences).toMatchObject({ textSize: before.textSize, hideTotal: !before.hideTotal });
  await app.prefer(before);
});

test('a draft of the programme that was discarded, or made way for a file', { timeout: 60_000 }, async () => {
  const user = userEvent.setup();
  await backend.beginProgramme();
  const definition = async () => (await backend.programme()).draft?.definition;
  const begun = JSON.parse((await definition()) ?? '{}') as Record<string, unknown>;
  await backend.draftProgramme(JSON.stringify({ ...begun, name: 'Another name' }));
  const said = await definition();
  // In a form of a hundred fields a look for a role takes a second; for a mark it takes none.
  const press = (words: string) => user.click([...document.querySelectorAll('button')].find((button) => button.textContent.trim() === words)!);
  render(Programme);
  await waitFor(() => expect(document.querySelector('[data-step=publish]')).not.toBeNull());
  await press('Discard…');
  await press('Discard the draft');
  await waitFor(async () => expect(await definition()).toBeUndefined());
  await takeBack();
  expect(parse((await definition()) ?? '{}')).toEqual(parse(said ?? '{}'));
  await waitFor(() => expect(document.querySelector('[data-step=publish]')).not.toBeNull());
  // What is shown is what was taken up again.
  expect([...document.querySelectorAll('input')].some(({ value }) => value === 'Another name')).toBe(true);
  await user.click(document.querySelector<HTMLElement>('[data-step=open]')!);
  await takeBack();
  expect(parse((await definition()) ?? '{}')).toEqual(parse(said ?? '{}'));
  // What was typed after the draft was read is taken back with it.
  const name = () => [...document.querySelectorAll('input')].find(({ value }) => value.startsWith('Another name'));
  await waitFor(() => expect(name()).toBeTruthy());
  await user.type(name()!, ' still');
  toasts.clear();
  await user.click(document.querySelector<HTMLElement>('[data-step=open]')!);
  await takeBack();
  expect(parse((await definition()) ?? '{}').name).toBe('Another name still');
});

test('what asks before, as there is no way back, names what is done', async () => {
  memory.reset('admin');
  render(Person, { person: (await backend.people()).people.find(({ checked, me, standing, checkWords }) => !checked && !me && standing === 'active' && checkWords !== null)!, mayRemove: true, onremove: nothing, onclose: nothing });
  expect(within(screen.getByRole('dialog')).getByText(/There is no undo for “They match”/)).toBeTruthy();
});
