// A review from paper: the reader and the scorecard, what is missing, what it comes to, a change with its reason, by whom.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { enteredBy, scored } from '../coordinator/scored';
import { Recording } from './recording.svelte';
import { whyUnsaved } from '../reviewer/save-queue.svelte';
import TakeDown from './TakeDown.svelte';

afterEach(() => void vi.restoreAllMocks());
beforeEach(() => memory.reset('coordinator'));

async function fill(recording: Recording): Promise<void> {
  for (const criterion of recording.card?.criteria ?? []) recording.score(criterion.key, criterion.scores[1] ?? '1');
  recording.change({ confidence: '3' });
  await recording.check();
}

test('what is missing is named beside its place, and nothing is written', async () => {
  const user = userEvent.setup();
  render(TakeDown, { id: 'a-0002' });
  const choices = await backend.recordChoices('a-0002');
  const reader = choices.readers[0];
  if (reader === undefined) throw new Error('no reader');
  await user.selectOptions(await screen.findByLabelText('Reader'), reader.member);
  await user.click(await screen.findByRole('button', { name: 'Look what it comes to' }));
  expect(await screen.findByText(/things are missing/)).toBeTruthy();
  expect((await backend.recordChoices('a-0002')).readers.every((each) => Object.keys(each.takenDown).length === 0)).toBe(true);
});

test('it is taken down, shown as entered by whoever did, and changed with a reason only', async () => {
  const choices = await backend.recordChoices('a-0002');
  const member = choices.readers[0]?.member ?? '';
  const recording = new Recording('a-0002');
  await recording.choose(choices, member);
  await fill(recording);
  expect(recording.told).toMatchObject({ became: 'submitted' });
  expect(await recording.take()).toBe(true);
  const again = new Recording('a-0002');
  await again.choose(await backend.recordChoices('a-0002'), member);
  expect(again.card?.takenDown).toEqual({ by: ['Amara Diallo'], source: 'paper', revision: 1 });
  again.change({ overall: 'She wrote it on the back.' });
  await again.check();
  expect(again.told?.became).toBe('needs-reason');
  again.reason = 'The back of the sheet was overlooked.';
  expect(await again.take()).toBe(true);
  const reader = (await backend.application('a-0002')).readers.find((each) => each.member === member);
  expect(reader?.takenDown && enteredBy(reader.takenDown)).toBe('entered by Amara Diallo from paper');
});

test('of two readers that are chosen one after the other the later one’s card is shown, whichever comes first', async () => {
  const choices = await backend.recordChoices('a-0006');
  const down = choices.readers.find(({ takenDown }) => takenDown.reading !== undefined);
  const other = choices.readers.find(({ takenDown }) => takenDown.reading === undefined);
  if (down === undefined || other === undefined) throw new Error('nobody');
  const read = backend.recordCard.bind(backend);
  let late = () => undefined as void;
  vi.spyOn(backend, 'recordCard').mockImplementationOnce(async (...given) => {
    await new Promise<void>((done) => (late = done));
    return read(...given);
  });
  const recording = new Recording('a-0006');
  const first = recording.choose(choices, down.member, 'reading');
  await recording.choose(choices, other.member, 'reading');
  expect([recording.member, recording.card?.takenDown]).toEqual([other.member, null]);
  late();
  await first;
  expect([recording.member, recording.card?.takenDown, recording.draft.answers]).toEqual([other.member, null, {}]);
});

test('each reader keeps what was typed, also when the screen is left, until it is taken down or put away', async () => {
  const user = userEvent.setup();
  const choices = () => backend.recordChoices('a-0002');
  const [one, two] = (await choices()).readers;
  if (one === undefined || two === undefined) throw new Error('no readers');
  const shown = render(TakeDown, { id: 'a-0002' });
  const reader = await screen.findByLabelText<HTMLSelectElement>('Reader');
  await user.selectOptions(reader, one.member);
  if (one.rounds.length === 0) await user.selectOptions(await screen.findByLabelText('Round'), 'reading');
  const overall = () => screen.findByLabelText<HTMLTextAreaElement>('Overall comment');
  await user.type(await overall(), 'She said it twice.');
  await user.selectOptions(reader, two.member);
  await waitFor(async () => expect((await overall()).value).toBe(''));
  await user.selectOptions(reader, one.member);
  await waitFor(async () => expect((await overall()).value).toBe('She said it twice.'));
  shown.unmount();
  await waitFor(async () => expect((await choices()).typed.map(({ member }) => member)).toEqual([one.member]));

  render(TakeDown, { id: 'a-0002' });
  expect((await overall()).value).toBe('She said it twice.');
  expect(screen.getByLabelText<HTMLSelectElement>('Reader').value).toBe(one.member);
  await user.click(screen.getByRole('button', { name: 'Begin anew' }));
  await waitFor(async () => expect((await overall()).value).toBe(''));
  await waitFor(async () => expect((await choices()).typed).toEqual([]));
  const recording = new Recording('a-0002');
  await recording.choose(await choices(), one.member, 'reading');
  await fill(recording);
  await recording.keeping.flush();
  expect((await choices()).typed.length).toBe(1);
  await recording.take();
  await recording.keeping.flush();
  expect((await choices()).typed).toEqual([]);
});

test('a reader who sent an own review is pointed out', async () => {
  const user = userEvent.setup();
  render(TakeDown, { id: 'a-0001' });
  const own = (await backend.recordChoices('a-0001')).readers.find((reader) => reader.submitted.length > 0);
  if (own === undefined) throw new Error('no own review');
  await user.selectOptions(await screen.findByLabelText('Reader'), own.member);
  await waitFor(() => expect(screen.getByText(/sent a review of one’s own/)).toBeTruthy());
});

test('criteria stand in the order of the rubric, with their names', async () => {
  const application = await backend.application('a-0006');
  expect(scored(application)[0]).toEqual({ key: 'practice', label: 'Practice in child protection law' });
});

const EMPTY = { answers: {}, comments: {}, pins: {}, overall: '', confidence: null, attested: false };

/** What is typed for the first two readers' cards of an application, and kept. */
async function typed(application: string) {
  const [one, two] = (await backend.recordChoices(application)).readers;
  if (one === undefined || two === undefined) throw new Error('no readers');
  const form = { application, member: one.member, round: 'reading', source: 'phone', reason: null, draft: { ...EMPTY, overall: 'She said it twice.' } };
  await backend.keepRecords(application, [form]);
  return { one: one.member, two: two.member };
}

test('trying again leaves what is kept for other readers', async () => {
  const user = userEvent.setup();
  const { one, two } = await typed('a-0002');
  memory.fail('recordChoices', { code: 'disk' });
  render(TakeDown, { id: 'a-0002' });
  await screen.findByRole('alert');
  memory.heal();
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  const overall = () => screen.findByLabelText<HTMLTextAreaElement>('Overall comment');
  expect((await overall()).value).toBe('She said it twice.');
  await user.selectOptions(screen.getByLabelText('Reader'), two);
  if (screen.queryByLabelText('Round') !== null) await user.selectOptions(screen.getByLabelText('Round'), 'reading');
  await waitFor(async () => expect((await overall()).value).toBe(''));
  await user.type(await overall(), 'And he did not.');
  await waitFor(async () => expect((await backend.recordChoices('a-0002')).typed.map(({ member }) => member)).toEqual([one, two]));
});

test('what could not be kept is found again, and not overwritten by what is kept', async () => {
  await typed('a-0002');
  const recording = Recording.at('a-0002');
  await recording.open();
  memory.fail('keepRecords', { code: 'disk-full' });
  recording.change({ overall: 'She said it once.' });
  await recording.keeping.flush();
  expect([Recording.at('a-0002') === recording, whyUnsaved()?.code]).toEqual([true, 'disk-full']);
  await recording.open();
  expect(recording.draft.overall).toBe('She said it once.');
  memory.heal();
  await recording.keeping.flush();
  expect((await backend.recordChoices('a-0002')).typed.map(({ draft }) => draft.overall)).toEqual(['She said it once.']);
  expect(Recording.at('a-0002')).not.toBe(recording);
});

test('what was put away is put back where nothing was typed since, on the screen that is open', async () => {
  await typed('a-0002');
  const recording = Recording.at('a-0002');
  await recording.open();
  recording.comment('english', 'Clear.');
  await recording.keeping.flush();
  const back = recording.discard();
  await recording.keeping.flush();
  const open = Recording.at('a-0002');
  await open.open();
  await open.choose(open.view.value!, recording.member, 'reading');
  expect(open.draft.overall).toBe('');
  open.change({ overall: 'She said it thrice.' });
  await back();
  expect([open.draft.overall, open.draft.comments]).toEqual(['She said it thrice.', { english: 'Clear.' }]);
  expect((await backend.recordChoices('a-0002')).typed.map(({ draft }) => [draft.overall, draft.comments])).toEqual([['She said it thrice.', { english: 'Clear.' }]]);
});

test('what is told of one card is not shown on another, and only that one is taken down', async () => {
  const { one, two } = await typed('a-0002');
  const recording = new Recording('a-0002');
  await recording.open();
  const choices = recording.view.value!;
  const until = () => {
    let go = () => undefined as void;
    return { later: new Promise<void>((done) => (go = done)), go: () => go() };
  };
  const told = { became: 'submitted', revision: 1, total: null, missing: [] };
  const [preview, record] = [until(), until()];
  vi.spyOn(backend, 'recordPreview').mockImplementationOnce(() => preview.later.then(() => told));
  const checking = recording.check();
  await recording.choose(choices, two, 'reading');
  preview.go();
  await checking;
  expect([recording.told, recording.tried]).toEqual([null, false]);
  recording.change({ overall: 'Of the other.' });
  await recording.choose(choices, one, 'reading');
  const recorded = vi.spyOn(backend, 'record').mockImplementationOnce(() => record.later.then(() => told));
  const taking = recording.take();
  await waitFor(() => expect(recorded).toHaveBeenCalled());
  await recording.choose(choices, two, 'reading');
  record.go();
  expect(await taking).toBe(true);
  await recording.keeping.flush();
  expect([recording.told, (await backend.recordChoices('a-0002')).typed.map(({ member }) => member)]).toEqual([null, [two]]);
});
