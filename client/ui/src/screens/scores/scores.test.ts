// Scores from a table: every row is told before anything is written, a mistake stops the whole table, and changing what was
// submitted needs a reason.
import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { memory } from '../../lib/backend/memory';
import OwnScores from './OwnScores.svelte';
import TheirScores from './TheirScores.svelte';

const user = userEvent.setup();
const act = (name: string | RegExp) => screen.getByRole('button', { name }) as HTMLButtonElement;

beforeEach(() => memory.reset('reviewer'));

async function chosen() {
  await user.click(await screen.findByRole('button', { name: 'Choose a table…' }));
  await screen.findByRole('heading', { name: 'Which column is what?' });
}

test('a row that is nobody’s stops the table; put right, it becomes drafts', async () => {
  render(OwnScores);
  await chosen();
  await user.click(act('Look at what would happen'));
  const problems = (await screen.findByRole('heading', { name: /not taken in/ })).closest('section') as HTMLElement;
  expect(within(problems).getByText(/No application is called “GLS-0999” here/)).toBeTruthy();
  expect(act(/^Take the scores/).disabled).toBe(true);
  expect(screen.getByText('One of the rows above stops the whole table.')).toBeTruthy();
  await user.click(act('Back to the columns'));
  await user.click(act('Another table…'));
  await screen.findByText('scores-put-right.xlsx');
  await user.click(act('Look at what would happen'));
  await user.click(await screen.findByRole('button', { name: 'Take the scores of 3 applications' }));
  await screen.findByText('The scores of 3 applications were taken');
  await user.click(act('Another table…'));
  await user.click(await screen.findByRole('button', { name: 'Look at what would happen' }));
  await screen.findByText('Nothing would change: everything that can be taken stands just so.');
});

test('submitting at once says what it attests, and what it would come to is asked anew', async () => {
  render(OwnScores);
  await chosen();
  await user.click(act('Another table…'));
  await screen.findByText('scores-put-right.xlsx');
  await user.click(act('Look at what would happen'));
  await screen.findByRole('heading', { name: 'What would happen' });
  await user.click(screen.getByLabelText('Submit them at once'));
  expect(screen.getByText('I read this application myself, and these scores are my own.')).toBeTruthy();
  expect(screen.queryByRole('button', { name: /^Take the scores/ })).toBe(null);
  await user.type(screen.getByLabelText('Why it is changed'), 'Read again.');
  await user.click(act('Look again'));
  expect((await screen.findByRole('button', { name: /^Take the scores/ }) as HTMLButtonElement).disabled).toBe(false);
});

test('a criterion without a column is named, and a table of another form is refused', async () => {
  render(OwnScores);
  await chosen();
  await user.selectOptions(screen.getByLabelText('What “Written English” is'), '');
  expect(screen.getByText(/^No column says this: .*Written English/)).toBeTruthy();
  await user.click(act('Look at what would happen'));
  expect(await screen.findByRole('alert')).toBeTruthy();
});

test('a coordinator says whose scores they are first', async () => {
  memory.reset('coordinator');
  render(TheirScores);
  await chosen();
  await user.click(act('Another table…'));
  await screen.findByText('scores-put-right.xlsx');
  expect(act('Look at what would happen').disabled).toBe(true);
  const reader = screen.getByLabelText('Reader') as HTMLSelectElement;
  await user.selectOptions(reader, reader.options[1]?.value ?? '');
  await user.click(screen.getByLabelText('By telephone'));
  await user.click(act('Look at what would happen'));
  await user.click(await screen.findByRole('button', { name: 'Take the scores of 3 applications' }));
  await screen.findByText('The scores of 3 applications were taken');
  expect(screen.getByText(new RegExp(`^Shown as scores of .*${reader.options[1]?.textContent?.trim() ?? ''}`))).toBeTruthy();
});
