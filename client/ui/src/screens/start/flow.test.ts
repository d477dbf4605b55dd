// The ways in, step by step, without looks.
import { beforeEach, expect, test } from 'vitest';
import { memory } from '../../lib/backend/memory';
import { INVITATION, PASSPHRASE } from '../../lib/backend/memory/session';
import { app } from '../../lib/state/app.svelte';
import { Flow, stepsOf } from './flow.svelte';

beforeEach(async () => {
  memory.reset('first-run');
  await app.opened(false);
});

test('a further device is not asked who its person is', () => {
  expect(stepsOf('invitation', false)).toContain('person');
  expect(stepsOf('invitation', true)).not.toContain('person');
});

test('an invitation leads to a home that waits', async () => {
  const flow = new Flow();
  await flow.beginWith(INVITATION);
  expect([flow.step, flow.invitation?.roles]).toEqual(['invitation', ['reviewer']]);
  await flow.next();
  await flow.next();
  expect([flow.step, flow.nameMissing, flow.emailWrong, flow.tried]).toEqual(['person', true, true, true]);
  Object.assign(flow, { name: 'ليلى بن سالم', email: 'layla@example.org', conflicts: 'A school\n\n B court ' });
  await flow.next();
  Object.assign(flow, { own: true, passphrase: PASSPHRASE, again: PASSPHRASE });
  await flow.measure();
  await flow.next();
  expect([flow.step, flow.passphrase, app.me?.state, app.settling]).toEqual(['answer', '', 'waiting', true]);
  await flow.next();
  await flow.next();
  expect(flow.step).toBe('recovery');
  await flow.next();
  expect([app.settling, app.me?.name]).toEqual([false, 'ليلى بن سالم']);
});

test('what is no invitation is told and asked again', async () => {
  const flow = new Flow();
  flow.begin('invitation');
  flow.invitationText = 'hello';
  await flow.next();
  expect([flow.step, flow.act.failure?.code, flow.invitation]).toEqual(['invitation', 'no-invitation', null]);
});

test('a passphrase must be good, and typed as it is', async () => {
  const flow = new Flow();
  flow.begin('rehearse');
  await flow.propose();
  expect(flow.passphraseLacks).toBe('empty');
  flow.passphrase = `${flow.proposed} `;
  expect(flow.passphraseLacks).toBe('differs');
  flow.passphrase = flow.proposed;
  expect(flow.passphraseLacks).toBeNull();
  Object.assign(flow, { own: true, passphrase: 'sunshine', again: 'sunshine' });
  await flow.measure();
  expect(flow.passphraseLacks).toBe('weak');
  await flow.next();
  expect(app.me).toBeNull();
});

test('back from the first step is the welcome', () => {
  const flow = new Flow();
  flow.begin('create');
  flow.back();
  expect([flow.path, flow.step]).toEqual([null, null]);
});
