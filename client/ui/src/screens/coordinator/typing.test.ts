// What a scan says: offered where a file has no text, typed page by page, saved as one, marked where it is read.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend';
import type { FileView } from '../../lib/backend/contract';
import { memory } from '../../lib/backend/memory';
import { href, parse, route } from '../../lib/state/route.svelte';
import { toasts } from '../../lib/state/toasts.svelte';
import FileShown from '../reviewer/FileShown.svelte';
import { showPin } from '../reviewer/pins';
import { anythingUnsaved, saveAll, whyUnsaved } from '../reviewer/save-queue.svelte';
import TypeText from './TypeText.svelte';

const SCAN = 'f-0-letter2';

beforeEach(() => {
  memory.reset('coordinator');
  toasts.clear();
});

async function fileOf(application: string, contents: string): Promise<FileView> {
  const file = (await backend.application(application)).files.find((each) => each.contents === contents);
  if (file === undefined) throw new Error('no such file');
  return file;
}

/** Shows a file, opened. */
async function shown(file: FileView, typing?: string) {
  const { container } = render(FileShown, { file, typing });
  await showPin({ kind: 'page', file: file.contents, page: 1 }, container);
  return container;
}

test('a file without text is offered to a coordinator for typing, and nothing of it to a reader', async () => {
  const typing = href('typing', { id: 'a-0001', file: SCAN });
  expect(parse(typing)).toEqual({ screen: 'typing', params: { id: 'a-0001', file: SCAN } });
  const scan = within(await shown(await fileOf('a-0001', SCAN), typing));
  expect(scan.getByText(/search does not find what it says/)).toBeTruthy();
  expect(scan.getByRole('link', { name: 'Type what it says' }).getAttribute('href')).toBe(typing);
  const letter = within(await shown(await fileOf('a-0001', 'f-0-letter1'), typing));
  expect(letter.queryByRole('link', { name: /Type what/ })).toBeNull();
  const read = within(await shown(await fileOf('a-0001', SCAN)));
  expect(read.queryByRole('link')).toBeNull();
  expect(read.getByText('This page has no text that can be read out.')).toBeTruthy();
});

test('a page is typed by keyboard alone beside its picture, and saved', async () => {
  const user = userEvent.setup();
  render(TypeText, { id: 'a-0001', file: SCAN });
  const area = await screen.findByRole('textbox', { name: 'What page 1 says' });
  expect(screen.getByRole('img', { name: 'Page 1 of 1' })).toBeTruthy();
  expect(screen.getByText(/Everybody who may read the file gets it, marked as typed by the office/)).toBeTruthy();
  await user.click(area);
  await user.keyboard('Dear committee,{Enter}forty cases.');
  await user.tab();
  await user.keyboard('{Enter}');
  await waitFor(() => expect(route.current).toEqual({ screen: 'application', params: { id: 'a-0001' } }));
  expect(await backend.fileTyped(SCAN)).toEqual({ pages: ['Dear committee,\nforty cases.'], by: ['Amara Diallo'], lacks: false, texts: ['typed'] });
  expect((await fileOf('a-0001', SCAN)).typed).toBe(true);
});

test('what was typed is corrected, and emptied pages take it back', async () => {
  const user = userEvent.setup();
  const shownBefore = within(await shown(await fileOf('a-0007', 'f-6-letter2'), href('typing', { id: 'a-0007', file: 'f-6-letter2' })));
  expect(await shownBefore.findByText(/^Typed by .*Nguyễn Thị Hoa.*, not recognised by a machine$/)).toBeTruthy();
  expect(shownBefore.getByRole('link', { name: 'Correct what was typed' })).toBeTruthy();
  render(TypeText, { id: 'a-0007', file: 'f-6-letter2' });
  const area = await screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'What page 1 says' });
  expect(area.value).toMatch(/harbour district/);
  await user.clear(area);
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(async () => expect((await fileOf('a-0007', 'f-6-letter2')).typed).toBe(false));
  const said = toasts.shown.at(-1)?.text;
  expect(said).toMatch(/^Taken back: what was typed from/);
});

test('a reader sees it with its mark, and where nothing else of the file is here', async () => {
  memory.reset('reviewer');
  const file = (await backend.dossier('a-0007', 'reading')).files.find(({ typed }) => typed);
  if (file === undefined) throw new Error('nothing is typed');
  const whole = await shown(file);
  const caption = await within(whole).findByText(/harbour district/);
  expect(within(whole).getByText('Typed by the office, not recognised by a machine')).toBeTruthy();
  expect(caption.closest('figcaption')?.classList.contains('sr'), 'for screen readers until it is asked for').toBe(true);
  const absent = await shown({ ...file, here: false, lightCopy: null });
  const alone = await within(absent).findByText(/harbour district/);
  expect(alone.closest('figcaption')?.classList.contains('sr')).toBe(false);
  expect(absent.querySelector('img')).toBeNull();
  expect(alone.closest('figure')?.dataset['page']).toBe('1');
});

const area = () => screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'What page 1 says' });

test('leaving saves, once; what cannot be saved is held, and found again', async () => {
  const user = userEvent.setup();
  const save = vi.spyOn(backend, 'typeFile');
  const first = render(TypeText, { id: 'a-0001', file: SCAN });
  await user.type(await area(), 'Forty cases.');
  expect(anythingUnsaved()).toBe(true);
  await route.leave();
  first.unmount();
  await waitFor(async () => expect((await backend.fileTyped(SCAN)).pages).toEqual(['Forty cases.']));
  expect([save.mock.calls, anythingUnsaved()]).toEqual([[[SCAN, ['Forty cases.'], []]], false]);
  save.mockRestore();
  const second = render(TypeText, { id: 'a-0001', file: SCAN });
  await user.type(await area(), ' And three.');
  memory.fail('typeFile', { code: 'too-long' });
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(whyUnsaved()?.code).toBe('too-long'));
  second.unmount();
  await waitFor(() => expect(screen.queryByRole('textbox')).toBeNull());
  render(TypeText, { id: 'a-0001', file: SCAN });
  await waitFor(async () => expect((await area()).value).toBe('Forty cases. And three.'));
  memory.heal();
  await saveAll();
  expect((await backend.fileTyped(SCAN)).pages).toEqual(['Forty cases. And three.']);
});

test('whoever left while it was saved is not called back', async () => {
  const user = userEvent.setup();
  let late = () => undefined as void;
  const save = vi.spyOn(backend, 'typeFile').mockImplementationOnce(() => new Promise<string[]>((done) => (late = () => done([]))));
  const shown = render(TypeText, { id: 'a-0001', file: SCAN });
  await user.type(await area(), 'Forty cases.');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  shown.unmount();
  await route.go('board');
  late();
  await waitFor(() => expect(anythingUnsaved()).toBe(false));
  // Whatever would have gone elsewhere has by now.
  await new Promise((done) => setTimeout(done));
  expect(route.current?.screen).toBe('board');
  save.mockRestore();
});

test('what was typed elsewhere and is not here yet is waited for', async () => {
  const lacks = vi.spyOn(backend, 'fileTyped').mockResolvedValue({ pages: [], by: [], lacks: true, texts: [] });
  render(TypeText, { id: 'a-0001', file: SCAN });
  expect(await screen.findByText(/Somebody typed what this file says on another device/)).toBeTruthy();
  expect(screen.queryByRole('textbox')).toBeNull();
  lacks.mockRestore();
});
