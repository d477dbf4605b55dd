// What is written on the pages of files is found, and leads to the page; a light copy stands in for a file that is not here; one
// search is under way at a time.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend';
import type { SearchHit } from '../../lib/backend/contract';
import { memory } from '../../lib/backend/memory';
import { parse } from '../../lib/state/route.svelte';
import FileShown from '../reviewer/FileShown.svelte';
import { showPin } from '../reviewer/pins';
import { Review } from '../reviewer/review.svelte';
import { Search } from './search.svelte';
import SearchScreen from './Search.svelte';

beforeEach(() => memory.reset('reviewer'));

test('a hit in a file says which file and page, and leads there', async () => {
  const user = userEvent.setup();
  render(SearchScreen);
  await user.type(screen.getByRole('searchbox'), 'protocol');
  const [link] = await screen.findAllByRole('link', { name: 'letter-1.pdf, page 2' });
  const place = parse(link?.getAttribute('href') ?? '');
  expect(place?.screen).toBe('reviewPage');
  const review = new Review(place?.params['application'] ?? '', place?.params['round'] ?? '');
  await review.view.load();
  const file = review.dossier?.files.find((each) => each.contents === place?.params['file']);
  expect([file?.name, place?.params['page']]).toEqual(['letter-1.pdf', '2']);
});

test('what was typed from a scan is found with the page of the scan', async () => {
  const user = userEvent.setup();
  render(SearchScreen);
  await user.type(screen.getByRole('searchbox'), 'harbour district');
  const link = await screen.findByRole('link', { name: 'letter-2-scan.jpg, page 1' });
  expect(parse(link.getAttribute('href') ?? '')?.params).toMatchObject({ application: 'a-0007', file: 'f-6-letter2', page: '1' });
});

test('a file that is not here is read in its light copy, and comments point to the file', async () => {
  const review = new Review('a-0003', 'reading');
  await review.view.load();
  const file = review.dossier?.files.find((each) => !each.here && each.lightCopy !== null);
  if (file === undefined || file.lightCopy === null) throw new Error('no light copy');
  const { container, unmount } = render(FileShown, { file });
  expect(screen.getByText(/light copy/)).toBeTruthy();
  expect(await showPin({ kind: 'page', file: file.contents, page: 1 }, container)).toBe(true);
  expect(within(container).getByText(/^Light copy\. The original, 2\.3/)).toBeTruthy();
  expect(container.querySelector('figure img')?.getAttribute('src')).toBeTruthy();
  expect(container.querySelector<HTMLElement>('figure')?.dataset['file']).toBe(file.contents);
  expect(within(container).queryByRole('button', { name: 'Save a copy outside…' })).toBeNull();
  unmount();
  const here = { ...file, here: true };
  const again = render(FileShown, { file: here });
  expect(within(again.container).queryByText(/light copy/)).toBeNull();
});

test('one search is under way at a time, and only the newest text waits for it', async () => {
  const asked: string[] = [];
  const answers: ((hits: SearchHit[]) => void)[] = [];
  const find = vi.spyOn(backend, 'search').mockImplementation((text) => {
    asked.push(text);
    return new Promise((answer) => answers.push(answer));
  });
  const search = new Search();
  for (const text of ['a', 'ab', 'abc']) {
    search.text = text;
    void search.ask();
  }
  expect(asked).toEqual(['a']);
  answers[0]?.([]);
  await waitFor(() => expect(asked).toEqual(['a', 'abc']));
  search.text = 'abcd';
  void search.ask();
  search.stop();
  answers[1]?.([]);
  await new Promise((done) => setTimeout(done));
  expect(asked).toEqual(['a', 'abc']);
  find.mockRestore();
});
