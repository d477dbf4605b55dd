// Where reviews are on their way: one application may be read in two rounds.
import { render, screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import { memory } from '../../lib/backend/memory';
import Way from './Way.svelte';

test('an application that is read in two rounds stands there for each', async () => {
  memory.reset('reviewer');
  const [first] = memory.world.tasks;
  if (first === undefined) throw new Error('nothing to read');
  memory.world.tasks = [...memory.world.tasks, { ...first, round: 'interview', roundLabel: 'Interviews' }];
  render(Way);
  const links = await screen.findAllByRole('link', { name: first.label });
  expect(links.map((link) => link.getAttribute('href'))).toEqual([`#/review/${first.application}/${first.round}`, `#/review/${first.application}/interview`]);
});
