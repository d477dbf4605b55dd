// What is undone in a draft: what was typed in one go is one step, every box that is ticked is its own, and a row that is being added
// stays open. What could not be kept is tried again.
import { render, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { parse } from './definition';
import { RETRY_AFTER_MS, anythingUnsaved } from '../reviewer/save-queue.svelte';
import { Drafting, letGo, takeUp, typedAt } from './drafting.svelte';
import GatesForm from './GatesForm.svelte';

afterEach(() => void vi.useRealTimers());

test.each([
  ['"ab"', '"abc"', 3],
  ['"abc"', '"ac"', 2],
  ['"a"', '"a\\n"', 2],
  ['"a"', '"a👍"', 2],
  ['{"blind":false}', '{"blind":true}', null],
  ['{"blind":true}', '{"blind":false}', null],
  ['[1]', '[1,2]', null],
  ['"ab"', '"cd"', null],
  ['"a"', '"abc"', null],
  ['null', '5', null],
])('%s → %s: typed at %s', (before, now, place) => expect(typedAt(before, now)).toBe(place));

async function draft(): Promise<Drafting> {
  memory.reset('coordinator-empty');
  return new Drafting((await backend.programme()).draft ?? { definition: '{}', findings: [], changes: [] });
}

test('boxes that are ticked within a second are a step each; letters are one', async () => {
  const drafting = await draft();
  // The form follows what it changes.
  const change = (work: (it: Drafting['definition']) => void) => {
    work(drafting.definition);
    drafting.follow();
  };
  const now = () => [drafting.definition.round[0]?.blind, drafting.definition.field[0]?.required, drafting.definition.field[0]?.label];
  const before = now();
  const [blind, required, label] = before;
  change((it) => (it.round[0]!.blind = !blind));
  change((it) => (it.field[0]!.required = !required));
  for (const letter of 'ably') change((it) => (it.field[0]!.label = `${it.field[0]?.label as string}${letter}`));
  change((it) => (it.round[0]!.blind = blind as boolean));
  drafting.undo();
  expect(now()).toEqual([!blind, !required, `${label as string}ably`]);
  drafting.undo();
  expect(now()).toEqual([!blind, !required, label]);
  drafting.undo();
  expect(now()).toEqual([!blind, required, label]);
  drafting.undo();
  expect([now(), drafting.undoable]).toEqual([before, false]);
});

test('a row that is being added stays open with what was typed, whatever is undone', async () => {
  const user = userEvent.setup();
  const drafting = await draft();
  const first = render(GatesForm, { drafting });
  await user.click(document.querySelector<HTMLElement>('[data-step=add-gate]')!);
  const form = () => within(document.querySelector('form')!);
  await user.type(form().getByLabelText('Question'), 'Of age?');
  await user.type(form().getByLabelText('Name in files'), 'age-now', { initialSelectionStart: 0, initialSelectionEnd: 6 });
  // Undoing makes the form anew.
  first.unmount();
  render(GatesForm, { drafting });
  expect((form().getByLabelText('Question') as HTMLInputElement).value).toBe('Of age?');
  expect((form().getByLabelText('Name in files') as HTMLInputElement).value).toBe('age-now');
  await user.click(document.querySelector<HTMLElement>('[data-step=added-gate]')!);
  await waitFor(() => expect(drafting.definition.gate.at(-1)).toMatchObject({ key: 'age-now', question: 'Of age?' }));
  expect(document.querySelector('[data-step=add-gate]')).not.toBeNull();
  expect(parse(JSON.stringify(drafting.definition)).gate.at(-1)?.key).toBe('age-now');
});

/** A draft whose change could not be kept. */
async function unkept(): Promise<Drafting> {
  const drafting = await draft();
  vi.useFakeTimers();
  memory.fail('draftProgramme', { code: 'disk-full' });
  drafting.definition.name = 'Another name';
  drafting.follow();
  await vi.advanceTimersByTimeAsync(0);
  expect([drafting.failure?.code, drafting.saved, anythingUnsaved()]).toEqual(['disk-full', false, true]);
  memory.heal();
  return drafting;
}

const kept = async () => parse((await backend.programme()).draft?.definition ?? '{}').name;

test('what could not be kept is tried again by itself', async () => {
  const drafting = await unkept();
  await vi.advanceTimersByTimeAsync(RETRY_AFTER_MS);
  expect([drafting.failure, drafting.saved, anythingUnsaved()]).toEqual([null, true, false]);
  expect(await kept()).toBe('Another name');
});

test('until then whoever comes back goes on with it', async () => {
  const drafting = await unkept();
  const here = (await backend.programme()).draft ?? { definition: '{}', findings: [], changes: [] };
  expect(takeUp(here)).toBe(drafting);
  await vi.advanceTimersByTimeAsync(RETRY_AFTER_MS);
  expect(takeUp(here)).not.toBe(drafting);
});

test('it is not written over what took its place', async () => {
  const drafting = await unkept();
  await backend.draftProgramme(JSON.stringify({ ...drafting.definition, name: 'From a file' }));
  letGo();
  await vi.advanceTimersByTimeAsync(RETRY_AFTER_MS);
  expect([await kept(), anythingUnsaved()]).toEqual(['From a file', false]);
});
