// Duplicates: what waits comes first, two are compared, a verdict needs a reason and which one counts; any two can be compared.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import { memory } from '../../lib/backend/memory';
import Duplicates from './Duplicates.svelte';
import { findByKey } from './find';
import Pair from './Pair.svelte';

beforeEach(() => memory.reset('coordinator'));

test('what waits for a decision comes first, the decided with its reason after it', async () => {
  render(Duplicates);
  const open = (await screen.findByRole('heading', { name: '3 pairs to decide' })).closest('section') as HTMLElement;
  expect(within(open).getByText('Coordinators decided differently')).toBeTruthy();
  const decided = screen.getByRole('heading', { name: '2 pairs decided' }).closest('section') as HTMLElement;
  expect(within(decided).getByText(/Two passports, two faces/)).toBeTruthy();
  expect(within(decided).getByText('One person; GLS-0028 counts')).toBeTruthy();
});

test('the same is marked, and what differs can be seen alone', async () => {
  const user = userEvent.setup();
  render(Pair, { one: 'a-0001', other: 'a-0021' });
  const row = (await screen.findByText('Date of birth')).closest('tr') as HTMLElement;
  expect(within(row).getByText('the same – tells a person')).toBeTruthy();
  await user.click(screen.getByLabelText('Only what differs'));
  expect(screen.queryByText('Date of birth')).toBeNull();
  expect(screen.getByText('Organisation')).toBeTruthy();
});

test('a verdict needs a reason, and one person has one application that counts', async () => {
  const user = userEvent.setup();
  render(Pair, { one: 'a-0001', other: 'a-0021' });
  await user.click(await screen.findByRole('button', { name: 'Decide' }));
  expect(screen.getByText('Choose what is decided.')).toBeTruthy();
  await user.click(screen.getByLabelText(/^The same person/));
  await user.click(screen.getByLabelText(/^GLS-0021/));
  await user.click(screen.getByRole('button', { name: 'Decide' }));
  expect(screen.getByText('A reason is needed.')).toBeTruthy();
  await user.type(screen.getByLabelText('Reason'), 'She answered that both are hers.');
  await user.click(screen.getByRole('button', { name: 'Decide' }));
  await waitFor(async () => {
    const pair = (await backend.duplicates()).find((each) => each.one.application === 'a-0001');
    expect(pair).toMatchObject({ verdict: 'same', keep: 'a-0021', reason: 'She answered that both are hers.', by: ['Amara Diallo'] });
  });
});

test('any two applications can be compared by number', async () => {
  expect((await findByKey(backend, 'gls-0002'))?.application).toBe('a-0002');
  expect(await findByKey(backend, 'nobody')).toBeNull();
  const user = userEvent.setup();
  render(Duplicates);
  await user.click(screen.getByRole('button', { name: 'Compare two others…' }));
  await user.type(screen.getByLabelText('One'), 'GLS-0002');
  await user.type(screen.getByLabelText('The other'), 'zzz');
  await user.click(screen.getByRole('button', { name: 'Compare' }));
  expect(await screen.findByText('No application has this number.')).toBeTruthy();
});

test('without a pair the page says when one would appear', async () => {
  memory.reset('coordinator-empty');
  render(Duplicates);
  expect(await screen.findByText('No two applications are alike')).toBeTruthy();
});
