// Conflicts of interest: what was declared and how it stands, ruling with a reason, once for this list and the merge desk; a ruling is
// on what was read, and on nothing that was declared since.
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { backend } from '../../lib/backend';
import type { ConflictRow } from '../../lib/backend/contract';
import { memory } from '../../lib/backend/memory';
import { toasts } from '../../lib/state/toasts.svelte';
import Conflicts from './Conflicts.svelte';
import Declared from './Declared.svelte';

const user = userEvent.setup();
const button = (name: string | RegExp) => screen.getByRole('button', { name });

beforeEach(() => {
  memory.reset('coordinator');
  toasts.clear();
});

async function row(key: string): Promise<ConflictRow> {
  const found = (await backend.conflicts()).find((each) => each.key === key && each.declaration !== 'none');
  if (found === undefined) throw new Error('nothing was declared');
  return found;
}

test('what waits is one key away, needs a decision and a reason, and is off the merge desk then', async () => {
  render(Conflicts);
  await screen.findByText('7 declarations');
  await user.click(button('Rule on the next'));
  await screen.findByRole('heading', { name: '陈思远 on GLS-0018' });
  expect(screen.getByText('She was my student.', { selector: 'dd bdi' })).toBeTruthy();
  await user.click(button('Decide'));
  expect(screen.getByText('Choose what is decided.')).toBeTruthy();
  expect(screen.getByText('A decision needs a reason.')).toBeTruthy();
  expect((await row('GLS-0018')).ruling).toBeNull();
  await user.click(screen.getByRole('radio', { name: /^Uphold the conflict/ }));
  await user.type(screen.getByLabelText('Reason'), 'A teacher does not read.');
  await user.click(button('Decide'));
  await waitFor(async () => expect(await row('GLS-0018')).toMatchObject({ ruling: 'upheld', reason: 'A teacher does not read.', waits: false, reads: false, bars: true }));
  const { waiting, decided } = await backend.queue();
  expect(waiting.some(({ id }) => id === '6b13')).toBe(false);
  expect(decided[0]).toMatchObject({ verdict: 'set-aside', reason: 'A teacher does not read.' });
  await waitFor(() => expect(screen.queryByRole('heading', { name: '陈思远 on GLS-0018' })).toBe(null));
  await user.click(button('Rule on the next'));
  await screen.findByRole('heading', { name: /on GLS-0026$/ });
  expect(screen.getByRole('radio', { name: /^Leave it with this reader/ })).toBeTruthy();
});

test('what was decided on the merge desk stands here', async () => {
  await backend.decide(['6b12'], 'accept', 'One panel is no friendship.');
  expect(await row('GLS-0030')).toMatchObject({ ruling: 'lifted', reason: 'One panel is no friendship.', bars: false, waits: false });
});

test('declarations are filtered by how they stand and found by words', async () => {
  render(Conflicts);
  await screen.findByText('7 declarations');
  await user.selectOptions(screen.getByLabelText('Which declarations'), 'bars');
  await screen.findByText('6 declarations');
  await user.type(screen.getByLabelText('Find by application or reader'), 'nairobi');
  await screen.findByText('1 declaration');
  await user.type(screen.getByLabelText('Find by application or reader'), 'zzz');
  await screen.findByText('Nothing fits this filter');
  await user.click(screen.getAllByRole('button', { name: 'Clear filters' })[0] as HTMLElement);
  await screen.findByText('7 declarations');
  await user.selectOptions(screen.getByLabelText('Which declarations'), 'clear');
  await screen.findByText('24 declarations');
});

test('a ruling is on what was read, not on what was declared since', async () => {
  render(Declared, { row: { ...(await row('GLS-0030')), on: 'before' }, onclose: () => {} });
  await user.click(screen.getByRole('radio', { name: /^Lift the conflict/ }));
  await user.type(screen.getByLabelText('Reason'), 'One panel.');
  await user.click(button('Decide'));
  await screen.findByText('The reader declared something else meanwhile');
  expect((await row('GLS-0030')).ruling).toBeNull();
});

test('a ruling can be made anew; two answers are no matter for one; no conflict asks nothing', async () => {
  const lifted = render(Declared, { row: await row('GLS-0013'), onclose: () => {} });
  expect(screen.getByText(/^Lifted/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Decide' })).toBe(null);
  await user.click(button('Rule anew…'));
  expect(button('Decide')).toBeTruthy();
  lifted.unmount();
  const contested = render(Declared, { row: await row('GLS-0022'), onclose: () => {} });
  expect(screen.getByText(/^Two of this person’s laptops/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Decide' })).toBe(null);
  contested.unmount();
  const clear = (await backend.conflicts()).find((each) => each.declaration === 'none') as ConflictRow;
  render(Declared, { row: clear, onclose: () => {} });
  expect(screen.getByText('No conflict')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Decide' })).toBe(null);
});

test('where nobody declared anything the screen says so', async () => {
  memory.reset('coordinator-empty');
  render(Conflicts);
  await screen.findByText('Nobody declared anything yet');
});
