// An application: verdicts with reasons, the exception by a second person, the order of the board, the printed page.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import { toasts } from '../../lib/state/toasts.svelte';
import Application from './Application.svelte';
import { boardList } from './board.svelte';

beforeEach(() => {
  memory.reset('coordinator');
  boardList.reset();
});

async function find(outcome: string): Promise<string> {
  for (const { id } of memory.world.applications) if ((await backend.application(id)).outcome === outcome) return id;
  throw new Error(outcome);
}

test('a verdict that is not met needs a reason; who judged is shown afterwards', async () => {
  const user = userEvent.setup();
  const id = await find('undecided');
  render(Application, { id });
  const open = (await backend.application(id)).gates.find((gate) => gate.verdict === null);
  await user.click(await screen.findByRole('button', { name: new RegExp(`^Give a verdict ?${open?.question.slice(0, 20)}`) }));
  await user.click(screen.getByLabelText('Not met'));
  await user.click(screen.getByRole('button', { name: 'Save' }));
  expect(screen.getByText('Say why the condition is not met.')).toBeTruthy();
  await user.type(screen.getByLabelText('Reason'), 'No certificate was sent.');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(async () => {
    const gate = (await backend.application(id)).gates.find((each) => each.gate === open?.gate);
    expect(gate).toMatchObject({ verdict: 'not-met', reason: 'No certificate was sent.', by: ['Amara Diallo'] });
  });
});

test('a verdict has its evidence: it is shown, and stays where the verdict is given anew or taken back', async () => {
  const user = userEvent.setup();
  const { gates } = await backend.application('a-0001');
  const gate = gates.find(({ evidenceGiven, verdict }) => evidenceGiven !== '' && verdict === 'met');
  if (gate === undefined) throw new Error('no evidence');
  const now = async () => (await backend.application('a-0001')).gates.find((each) => each.gate === gate.gate);
  render(Application, { id: 'a-0001' });
  expect((await screen.findAllByText(`Evidence: ${gate.evidenceGiven}`)).length).toBeGreaterThan(0);
  const judge = async () => user.click(document.querySelector<HTMLElement>(`[data-step="judge-${gate.gate}"]`)!);
  await judge();
  expect(screen.getByLabelText<HTMLInputElement>('Evidence').value).toBe(gate.evidenceGiven);
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Save' })).toBeNull());
  expect((await now())?.evidenceGiven).toBe(gate.evidenceGiven);
  await judge();
  await user.type(screen.getByLabelText('Evidence'), ', and page 2');
  await user.click(screen.getByLabelText('Not met'));
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(async () => expect(await now()).toMatchObject({ verdict: 'not-met', evidenceGiven: `${gate.evidenceGiven}, and page 2` }));
  toasts.shown.at(-1)?.undo?.();
  await waitFor(async () => expect(await now()).toMatchObject({ verdict: 'met', evidenceGiven: gate.evidenceGiven, reason: gate.reason }));
});

test('who sees an answer stands beside it; what blind readers get has other names of files, and no letters', async () => {
  render(Application, { id: 'a-0001' });
  const answer = (await screen.findAllByText(/Organisation/)).map((each) => each.closest('[data-field]')).find((each) => each !== null);
  expect(answer?.textContent).toContain('Readers of Third readers and Interviews alone see this.');
  expect(document.querySelector('[data-field="qualities"]')?.textContent).toContain('Every reader sees this.');
  const blind = document.querySelector<HTMLElement>('[data-rendition="blind"]');
  const { renditions, files } = await backend.application('a-0001');
  const organisation = renditions.find((each) => !each.blind)?.sections.find(({ field }) => field === 'organisation')?.text ?? '';
  expect(blind?.querySelector('summary')?.textContent).toBe('First reading, blind');
  expect(blind?.textContent).not.toContain(organisation);
  expect(blind?.textContent).toContain('cv-1.txt');
  for (const { name } of files) expect(blind?.textContent).not.toContain(name);
  const rows = [...document.querySelectorAll('[aria-labelledby="renditions-title"] tbody tr')];
  expect(rows.map((row) => [...row.children].map((cell) => cell.textContent))).toContainEqual(['letter-1.pdf', 'letter-1.pdf', 'not given']);
});

test('two that contradict one another are named', async () => {
  render(Application, { id: await find('contested') });
  expect(await screen.findByText(/Amara Diallo and Nguyễn Thị Hoa judged this differently/)).toBeTruthy();
});

test('whoever asked for the exception does not decide it', async () => {
  const user = userEvent.setup();
  const list = await Promise.all(memory.world.applications.map(({ id }) => backend.application(id)));
  const refused = list.find((each) => each.outcome === 'not-eligible' && each.exception?.asked === null);
  render(Application, { id: refused?.application ?? '' });
  await user.click(await screen.findByRole('button', { name: 'Ask for the exception' }));
  await user.type(screen.getByLabelText('What makes this application outstanding'), 'Won the national prize.');
  await user.click(screen.getByRole('button', { name: 'Ask for the exception' }));
  expect(await screen.findByText('You asked for it, so another coordinator must decide.')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Grant it' })).toBeNull();
});

test('the exception that another asked for can be granted, and lifts the condition', async () => {
  const user = userEvent.setup();
  const list = await Promise.all(memory.world.applications.map(({ id }) => backend.application(id)));
  const asked = list.find((each) => each.exception?.asked !== null && each.exception?.granted === null);
  render(Application, { id: asked?.application ?? '' });
  await user.click(await screen.findByRole('button', { name: 'Grant it' }));
  await user.type(screen.getByLabelText('Why it is granted'), 'The prize is proof enough.');
  await user.click(screen.getByRole('button', { name: 'Grant it' }));
  expect((await screen.findAllByText('Eligible by exception')).length).toBeGreaterThan(0);
});

test('the printed page has scores without the names of readers', async () => {
  render(Application, { id: 'a-0001' });
  const sheet = await waitFor(() => {
    const found = document.querySelector<HTMLElement>('.sheet');
    if (found === null) throw new Error('not yet');
    return found;
  });
  const readers = (await backend.application('a-0001')).readers;
  expect(readers.length).toBeGreaterThan(1);
  expect(within(sheet).getByText('Reader 1')).toBeTruthy();
  for (const reader of readers) expect(sheet.textContent).not.toContain(reader.name);
});

test('why a review is not here is said of each reader, what lacks first', async () => {
  const user = userEvent.setup();
  const list = await Promise.all(memory.world.applications.map(({ id }) => backend.explainApplication(id)));
  const at = list.findIndex(({ readers }) => readers.some(({ lacks }) => lacks));
  render(Application, { id: memory.world.applications[at]?.id ?? '' });
  await user.click(await screen.findByRole('button', { name: 'Why is something not here?' }));
  const dialog = screen.getByRole('dialog');
  expect(await within(dialog).findByText('The application is here.')).toBeTruthy();
  const first = list[at]?.readers[0]?.name ?? '';
  expect(within(within(dialog).getByRole('region', { name: first })).getByText('not here, or does not count')).toBeTruthy();
  expect(within(dialog).queryByText(/^why\./)).toBeNull();
});

test('the printed page says what decided: the seat, the quota, the chance, and what coordinators ruled', async () => {
  const user = userEvent.setup();
  window.print = vi.fn();
  const all = await Promise.all(memory.world.applications.map(async ({ id }) => ({ id, ruled: await backend.ruled(id) })));
  const found = all.find(({ ruled }) => ruled.seat?.rule === 'cap');
  render(Application, { id: found?.id ?? '' });
  await user.click(await screen.findByRole('button', { name: 'Print one page' }));
  await waitFor(() => expect(window.print).toHaveBeenCalledOnce());
  const sheet = document.querySelector<HTMLElement>('.sheet');
  expect(sheet?.textContent).toContain('Passed over: “Heads of legal clinics” is full');
  expect(sheet?.textContent).toMatch(/its chance of one of the 20 seats is \d+%/);
  expect(sheet?.textContent).toContain('The quota “Heads of legal clinics” counts it: 3 of the selected, 0 to 3 allowed.');
  expect(sheet?.textContent).toContain('A declared conflict of interest was lifted: They met once, at a conference.');
});

test('what was decided on the merge desk stands on the page with its reason', async () => {
  const user = userEvent.setup();
  window.print = vi.fn();
  const item = (await backend.queue()).waiting.find(({ applications, recommended }) => applications.length > 0 && recommended === 'accept');
  await backend.decide([item?.id ?? ''], 'accept', 'The stick was handed in on the day.');
  render(Application, { id: item?.applications[0]?.application ?? '' });
  await user.click(await screen.findByRole('button', { name: 'Print one page' }));
  await waitFor(() => expect(document.querySelector('.sheet')?.textContent).toContain('Let it count: The stick was handed in on the day.'));
});

test('where it could not be read, the page says so and is printed all the same', async () => {
  const user = userEvent.setup();
  window.print = vi.fn();
  memory.fail('ruled', { code: 'bug', message: 'x' });
  render(Application, { id: 'a-0001' });
  await user.click(await screen.findByRole('button', { name: 'Print one page' }));
  await waitFor(() => expect(window.print).toHaveBeenCalledOnce());
  expect(document.querySelector('.sheet')?.textContent).toContain('were not worked out for this page');
});

test('what readers wrote is shown with the place that it points to', async () => {
  const user = userEvent.setup();
  const { readers, sections, files } = await backend.application('a-0001');
  const reader = readers.find(({ overall }) => overall !== '');
  expect(Object.keys(reader?.pins ?? {}).length).toBe(2);
  const seen: Element[] = [];
  Element.prototype.scrollIntoView = function scrolled() {
    seen.push(this);
  };
  render(Application, { id: 'a-0001' });
  const panel = within(await screen.findByRole('region', { name: 'What readers wrote' }));
  expect(panel.getByText(reader?.overall ?? '')).toBeTruthy();
  const label = sections.find(({ field }) => Object.values(reader?.pins ?? {}).some((pin) => pin.kind === 'field' && pin.field === field))?.label ?? '';
  await user.click(panel.getAllByRole('button', { name: new RegExp(`points to .*${label.slice(0, 12)}`), hidden: true })[0] as HTMLElement);
  await waitFor(() => expect((seen.at(-1) as HTMLElement | undefined)?.dataset.field).toBe(sections[0]?.field));
  const file = files.find(({ shown }) => shown === 'pages');
  expect(panel.getAllByText(new RegExp(`${file?.name ?? ''}.*, page 2`)).length).toBeGreaterThan(0);
});
