// What a coordinator writes to readers: whom it goes to, what it names, in the language of the programme.
import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { speaker } from '../../lib/i18n/i18n.svelte';
import { question, reminder } from './letters';
import Queue from './Queue.svelte';
import ReadersPanel from './Readers.svelte';

beforeEach(() => memory.reset('coordinator'));

test('a reminder names what is left and until when, in the language of the programme', async () => {
  const { readers } = await backend.reminders();
  const silent = readers.find((each) => each.submitted === 0);
  const behind = readers.find((each) => each.submitted > 0);
  if (silent === undefined || behind === undefined) throw new Error('nobody is behind');
  const english = reminder(silent, 'Seminar', 'Amara', await speaker('en'));
  expect(english).toMatch(/we have not had a review of yours for “Seminar” yet/);
  expect(english).toMatch(/– 12 applications in “First reading”, by .+ \(Asia\/Shanghai\)/);
  expect(reminder(behind, 'Seminar', 'Amara', await speaker('en'))).toMatch(/thank you for what you have read/);
  const french = reminder(silent, 'Séminaire', 'Amara', await speaker('fr-CA'));
  expect(french).toMatch(/nous n’avons encore reçu aucune de vos évaluations pour « Séminaire »/);
  expect(reminder({ ...silent, rounds: [{ round: 'First reading', left: 1, deadline: null }] }, 'S', 'A', await speaker('sw'))).toMatch(/– 1 application in “First reading”$/m);
});

test('whoever has sent nothing stands first, and can be exchanged for another', async () => {
  const user = userEvent.setup();
  render(ReadersPanel, { board: await backend.board() });
  await user.click(screen.getByRole('button', { name: 'Write a reminder…' }));
  const reader = await screen.findByLabelText<HTMLSelectElement>('Reader');
  const { readers } = await backend.reminders();
  expect(reader.value).toBe(readers[0]?.member);
  const text = () => screen.getByLabelText<HTMLTextAreaElement>('The mail; change it as you like').value;
  const before = text();
  await user.selectOptions(reader, readers.at(-1)?.member ?? '');
  expect(text()).not.toBe(before);
  expect(text()).toContain(readers.at(-1)?.name);
});

test('a question says what it is about, and what would settle it', async () => {
  const { waiting } = await backend.queue();
  const items = waiting.filter((item) => item.code === 'two-versions');
  const { authors } = await backend.asking(items.map(({ id }) => id));
  const [author] = authors;
  if (author === undefined) throw new Error('no author');
  const text = question(items, author, 'Seminar', 'Amara', await speaker('en'));
  expect(text).toContain('GLS-0012');
  expect(text).toContain('Which of the two versions did you mean?');
  expect(text).toContain('It says: english 3, practice 4');
  const many = { ...author, applications: Array.from({ length: 13 }, (_, at) => `A${at}`) };
  expect(question(items, many, 'Seminar', 'Amara', await speaker('en'))).not.toContain('A7');
});

test('asking offers the text; handing back is taken back with one act', async () => {
  const user = userEvent.setup();
  render(Queue);
  await screen.findByText(/causes, about/);
  const card = (code: string): HTMLElement => {
    const found = document.querySelector<HTMLElement>(`[data-code="${code}"]`);
    if (found === null) throw new Error(`no ${code}`);
    return found;
  };
  const step = async (code: string, name: string) => {
    const button = card(code).querySelector<HTMLElement>(`[data-step="${name}"]`);
    if (button === null) throw new Error(`no ${name}`);
    await user.click(button);
  };
  await step('no-key', 'recommended');
  await step('no-key', 'write-question');
  expect((await screen.findByLabelText<HTMLTextAreaElement>('The mail; change it as you like')).value).toMatch(/one more exchange/);
  expect(card('handed-back').textContent).toContain('The letters are scans in a script that I cannot read.');
  expect(card('handed-back').querySelector('[data-step="recommended"]')?.textContent).toContain('Take the assignment back');
});
