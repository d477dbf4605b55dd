// The programme: read once published, written as a form before, amended with its differences, rounds closed by name.
import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import DateField from './DateField.svelte';
import { kindOf, parse, type Definition } from './definition';
import { Drafting } from './drafting.svelte';
import { keyFor, namedBy, options, scoring, unscored } from './parts';
import Programme from './Programme.svelte';
import Publish from './Publish.svelte';
import Seen from './Seen.svelte';

// Four hundred choices make every look for a button slow here, and nothing else.
vi.spyOn(Intl, 'supportedValuesOf').mockReturnValue(['Africa/Nairobi', 'Asia/Shanghai']);
beforeEach(() => memory.reset('coordinator'));

test.each([
  ['call.closes', 'call.closes'],
  ['round.reading.reads', 'round.*.reads'],
  ['round.reading.further', 'round.*.further'],
  ['criterion.practice.level', 'criterion.*.level'],
  ['criterion.practice.level.3', 'criterion.*.level.*'],
  ['decision.age-date', 'decision.*'],
  ['field.card', 'field.card'],
  ['field', 'field'],
])('%s is a place of the kind %s', (at, kind) => expect(kindOf(at)).toBe(kind));

test('what is published is read with its dates in the programme’s own time', async () => {
  render(Programme);
  expect(await screen.findByText('March 31, 2019 at 11:59 PM')).toBeTruthy();
  expect(screen.getByText('at most 3')).toBeTruthy();
  expect(screen.queryByRole('button', { name: /^Publish/ })).toBeNull();
});

test('what is published has a fingerprint, short at first and whole on demand', async () => {
  const user = userEvent.setup();
  render(Programme);
  const hash = within(await screen.findByRole('group', { name: 'Fingerprint of number 1' }));
  await user.click(hash.getByRole('button', { name: 'Show whole' }));
  const whole = (await backend.programme()).published?.revisions[0]?.sha256 ?? '';
  expect(screen.getByText((text) => text.replace(/\s/g, '') === whole)).toBeTruthy();
  await user.click(hash.getByRole('button', { name: 'Short' }));
  expect(screen.getByText((text) => text.replace(/\s/g, '') === `${whole.slice(0, 16)}…`)).toBeTruthy();
});

test('a round is closed by name, after it was said what has not come', async () => {
  const user = userEvent.setup();
  render(Programme);
  await user.click(await screen.findByRole('button', { name: 'Close First reading' }));
  const dialog = screen.getByRole('dialog');
  expect(within(dialog).getByText(/readings have not come/)).toBeTruthy();
  await user.click(within(dialog).getByRole('button', { name: 'Close First reading for good' }));
  await waitFor(async () => expect((await backend.programme()).rounds[0]?.closed).toBe(true));
});

/** In a form of a hundred fields a look for a role takes a second; for a mark it takes none. */
function step<E extends HTMLElement = HTMLButtonElement>(name: string): E {
  const found = document.querySelector<E>(`[data-step=${name}]`);
  if (found === null) throw new Error(`${name} is not here`);
  return found;
}

test('an amendment shows its differences and wants a reason', async () => {
  const user = userEvent.setup();
  await backend.beginProgramme();
  const begun = parse((await backend.programme()).draft?.definition ?? '{}');
  await backend.draftProgramme(JSON.stringify({ ...begun, seats: { n: 18, quotas: begun.seats?.quotas ?? [] } }));
  render(Publish, { view: await backend.programme(), onclose: () => {} });
  const dialog = screen.getByRole('dialog');
  expect(within(dialog).getByText('18')).toBeTruthy();
  const act = within(dialog).getByRole('button', { name: 'Publish number 2' }) as HTMLButtonElement;
  expect(act.disabled).toBe(true);
  await user.type(within(dialog).getByLabelText('Why it is amended'), 'Two seats went to the hosts');
  await user.click(act);
  await waitFor(async () => expect((await backend.programme()).published?.number).toBe(2));
  expect(parse((await backend.programme()).published?.definition ?? '{}').seats?.n).toBe(18);
});

test('the first publishing wants the loss in words, where nobody has tried the recovery', async () => {
  memory.reset('coordinator-empty');
  const user = userEvent.setup();
  render(Publish, { view: await backend.programme(), onclose: () => {} });
  const act = screen.getByRole('button', { name: 'Publish and freeze it' }) as HTMLButtonElement;
  expect(act.disabled).toBe(true);
  await user.type(screen.getByLabelText(/I accept the loss/), 'i accept the loss.');
  expect(act.disabled).toBe(false);
});

test('what is undecided is named beside its field, and what is typed is kept at once', async () => {
  memory.reset('coordinator-empty');
  const user = userEvent.setup();
  render(Programme);
  const zoneless = { selector: '.error' };
  expect(await screen.findByText('Name the zone of the deadline: without it a day has fifty hours.', zoneless)).toBeTruthy();
  expect(step('publish').disabled).toBe(true);
  await user.selectOptions(screen.getByLabelText('Time zone of the deadline'), 'Africa/Nairobi');
  await waitFor(async () => expect(parse((await backend.programme()).draft?.definition ?? '{}').time_zone).toBe('Africa/Nairobi'));
  await waitFor(() => expect(screen.queryByText('Name the zone of the deadline: without it a day has fifty hours.', zoneless)).toBeNull());
  await user.click(step('open'));
  await waitFor(() => expect(step('publish').disabled).toBe(false));
});

test.each([
  ['Work with families', [], 'work-with-families'],
  ['Expérience à l’étranger', [], 'experience-a-l-etranger'],
  ['Work with families', ['work-with-families'], 'work-with-families-2'],
  ['3 letters', [], 'letters'],
  ['العمل مع الأسر', ['field-1'], 'field-2'],
  ['', [], 'field-1'],
])('%s is called %s in files', (label, taken, key) => expect(keyFor(label, 'field', taken)).toBe(key));

test('answers are read from lines, each with a key of its own', () => {
  expect(options(' Yes \n\nNo\nyes!\n是')).toEqual([{ key: 'yes', label: 'Yes' }, { key: 'no', label: 'No' }, { key: 'yes-2', label: 'yes!' }, { key: 'answer-1', label: '是' }]);
});

const drafted = async (): Promise<Definition> => parse((await backend.programme()).draft?.definition ?? '{}');

test('further readers are turned on at a round, said in a sentence, turned off again, and come back with what was typed', async () => {
  memory.reset('coordinator-empty');
  const user = userEvent.setup();
  render(Programme);
  const box = (await screen.findAllByLabelText('Further readers only where they are needed'))[0];
  if (box === undefined) throw new Error('there is no round');
  await user.click(box);
  await waitFor(async () => expect((await drafted()).round[0]?.further?.up_to).toBe(4));
  expect(screen.getByText(/^3 people read every application\. One more at a time, up to 4, where totals lie 30% of the scale or more apart.*within 4 places of the seat line\.$/)).toBeTruthy();
  await user.selectOptions(screen.getByLabelText('Totals differ from'), '5');
  await fireEvent.input(screen.getByLabelText('Places near the seat line, on either side'), { target: { value: '0' } });
  await waitFor(async () => expect((await drafted()).round[0]?.further).toMatchObject({ apart: 5, near: 0 }));
  expect(screen.getByText(/50% of the scale.*others clearly not\.$/)).toBeTruthy();
  await fireEvent.input(screen.getByLabelText('Most readers of one application'), { target: { value: '3' } });
  expect(await screen.findByText('Further readers come after the first ones: allow more readers than read first.', { selector: '.error' })).toBeTruthy();
  await user.click(box);
  await waitFor(async () => expect((await drafted()).round[0]?.further ?? null).toBeNull());
  await user.click(step('undo'));
  await waitFor(async () => expect((await drafted()).round[0]?.further).toMatchObject({ up_to: 3, apart: 5, near: 0 }));
  expect((screen.getAllByLabelText('Further readers only where they are needed')[0] as HTMLInputElement).checked).toBe(true);
  expect((screen.getByLabelText('Most readers of one application') as HTMLInputElement).value).toBe('3');
});

test('what is published says whom it asks for as further readers', async () => {
  memory.reset('coordinator-further');
  render(Programme);
  expect(await screen.findByText(/^2 people read every application\. One more at a time, up to 3/)).toBeTruthy();
});

test('a criterion that is also a condition comes with its condition, is removed only when nothing names it, and comes back', async () => {
  memory.reset('coordinator-empty');
  const user = userEvent.setup();
  render(Programme);
  await screen.findByRole('heading', { name: 'What is scored' });
  await user.click(step('add-criterion'));
  const form = within(screen.getByRole('form', { name: 'Add a criterion' }));
  await user.type(form.getByLabelText('What people call it'), 'Standing');
  expect((form.getByLabelText('Name in files') as HTMLInputElement).value).toBe('standing');
  await user.selectOptions(form.getByLabelText('Kind'), 'gate');
  await user.click(step('added-criterion'));
  await waitFor(async () => expect((await drafted()).criterion.at(-1)).toMatchObject({ key: 'standing', label: 'Standing', kind: 'gate', weight: null }));
  const made = await drafted();
  expect(made.gate.at(-1)).toMatchObject({ key: 'standing' });
  expect(namedBy(made, 'gate', 'standing')).toEqual([{ section: 'criterion', name: 'standing' }]);
  expect(step('drop-gate-standing').disabled).toBe(true);
  await user.click(step('drop-criterion-standing'));
  await waitFor(async () => expect((await drafted()).criterion.some(({ key }) => key === 'standing')).toBe(false));
  expect(step('drop-gate-standing').disabled).toBe(false);
  await user.click(step('undo'));
  await waitFor(async () => expect((await drafted()).criterion.at(-1)?.key).toBe('standing'));
  await user.click(step('redo'));
  await waitFor(async () => expect((await drafted()).criterion.some(({ key }) => key === 'standing')).toBe(false));
});

test('a choice is added with its answers, and a part that a quota counts stays', async () => {
  memory.reset('coordinator-empty');
  const user = userEvent.setup();
  render(Programme);
  await screen.findByRole('heading', { name: 'The form' });
  expect(step('drop-field-group').disabled).toBe(true);
  await user.click(step('add-field'));
  const form = within(screen.getByRole('form', { name: 'Add a field' }));
  await user.type(form.getByLabelText('What people call it'), 'Region');
  await user.selectOptions(form.getByLabelText('Kind'), 'choice');
  expect(step('added-field').disabled).toBe(true);
  await user.type(form.getByLabelText('Answers to choose from, one a line'), 'Africa\nAsia');
  await user.click(step('added-field'));
  await waitFor(async () => expect((await drafted()).field.at(-1)).toMatchObject({ key: 'region', kind: 'choice', options: [{ key: 'africa', label: 'Africa' }, { key: 'asia', label: 'Asia' }] }));
});

test('a key has one meaning for ever, and a criterion that is scored no more is nowhere scored', async () => {
  memory.reset('coordinator-empty');
  const begun = parse((await backend.programme()).draft?.definition ?? '{}');
  const drafting = new Drafting({ definition: JSON.stringify({ ...begun, criterion: begun.criterion.slice(1) }), findings: [], changes: [] }, JSON.stringify(begun));
  expect(drafting.taken('criterion')).toContain(begun.criterion[0]?.key);
  expect(drafting.taken('options.group')).toContain('academic');
  const one = drafting.definition.criterion[0];
  if (one === undefined) throw new Error('no criterion');
  drafting.definition.scoring = { ...scoring(drafting.definition), ties: [one.key, 'draw'] };
  for (const round of drafting.definition.round) round.criteria = [one.key];
  Object.assign(one, { kind: 'gate', weight: '2' });
  unscored(drafting.definition, one);
  expect(drafting.definition.scoring.ties).toEqual([one.key, 'draw']);
  one.weight = null;
  unscored(drafting.definition, one);
  expect(drafting.definition.scoring.ties).toEqual(['draw']);
  expect(drafting.definition.round.every(({ criteria }) => criteria.length === 0)).toBe(true);
});

test('a second language is typed, and every text then has a field for it', async () => {
  memory.reset('coordinator-empty');
  const user = userEvent.setup();
  render(Programme);
  const languages = (await screen.findByLabelText('Languages')) as HTMLInputElement;
  await user.type(languages, ' f');
  expect(languages.value).toBe('en f');
  expect((await drafted()).languages).toEqual(['en']);
  await user.type(languages, 'r');
  await waitFor(async () => expect((await drafted()).languages).toEqual(['en', 'fr']));
  await user.type(screen.getByLabelText('Organiser (fr)'), 'Aide');
  await waitFor(async () => expect((await drafted()).organiser).toEqual({ en: 'Children’s Legal Aid Centre', fr: 'Aide' }));
  await user.clear(screen.getByLabelText('Organiser (fr)'));
  await waitFor(async () => expect((await drafted()).organiser).toBe('Children’s Legal Aid Centre'));
});

test('a day with its time is handed over with seconds, when its field is left', async () => {
  const onchange = vi.fn();
  render(DateField, { label: 'Opens', time: true, value: null, onchange });
  const field = screen.getByLabelText('Opens');
  await fireEvent.input(field, { target: { value: '2026-11-30T17:00' } });
  expect(onchange).not.toHaveBeenCalled();
  await fireEvent.change(field);
  expect(onchange.mock.calls).toEqual([['2026-11-30T17:00:00']]);
});

test('levels that have one value while they are typed are all seen', async () => {
  const user = userEvent.setup();
  const definition = parse((await backend.programme()).published?.definition ?? '{}');
  const one = definition.criterion.find(({ kind }) => kind !== 'gate');
  if (one === undefined) throw new Error('no criterion');
  one.level = ['none', 'some'].map((text) => ({ value: '7', text }));
  render(Seen, { definition, onclose: () => {} });
  await user.click(screen.getByLabelText('Reviewers'));
  expect(await screen.findAllByText('7')).toHaveLength(2);
});
