// The ways in, step by step, without looks.
import { beforeEach, expect, test } from 'vitest';
import { memory } from '../../lib/backend/memory';
import { LINES } from '../../lib/backend/memory/care';
import { INVITATION, PASSPHRASE, RECOVERY } from '../../lib/backend/memory/session';
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

async function withWords(): Promise<Flow> {
  const flow = new Flow();
  flow.begin('recover');
  flow.words = [...RECOVERY];
  await flow.next();
  return flow;
}

async function choosePassphrase(flow: Flow) {
  Object.assign(flow, { own: true, passphrase: PASSPHRASE, again: PASSPHRASE });
  await flow.measure();
  await flow.next();
}

test('recovery words and a bundle lead back in, and nothing of them stays', async () => {
  const flow = await withWords();
  expect(flow.step).toBe('source');
  await flow.next();
  expect([flow.step, flow.tried]).toEqual(['source', true]);
  await flow.chooseBundle();
  await flow.next();
  await choosePassphrase(flow);
  expect([flow.step, app.me?.state, app.settling, flow.passphrase, flow.wordsMissing]).toEqual(['back', 'active', true, '', true]);
  await flow.next();
  expect([flow.step, app.settling]).toEqual([null, false]);
});

test('recovery words and the lines of the sheet lead back in by the relay', async () => {
  const flow = await withWords();
  flow.source = 'relay';
  flow.lines = 'hello';
  await flow.next();
  expect([flow.step, flow.act.failure?.code]).toEqual(['source', 'no-sheet']);
  flow.lines = LINES.slice(0, 3).join('\n');
  await flow.next();
  expect(flow.act.failure?.code).toBe('sheet-without-relay');
  flow.lines = LINES.join('\n');
  await flow.next();
  expect([flow.step, flow.label, flow.sheet?.relays]).toEqual(['passphrase', app.me?.programme ?? flow.label, ['https://relay.seminar.example']]);
  await choosePassphrase(flow);
  expect([flow.step, flow.progress]).toEqual(['back', null]);
});

test('words that are missing or do not fit are told at once', async () => {
  const flow = new Flow();
  flow.begin('recover');
  await flow.next();
  expect([flow.step, flow.wordsMissing, flow.act.failure]).toEqual(['words', true, null]);
  flow.words = RECOVERY.map(() => 'abandon');
  await flow.next();
  expect([flow.step, flow.act.failure?.code]).toEqual(['words', 'paper-wrong']);
  flow.begin('restore');
  expect(flow.words.every((word) => word === '')).toBe(true);
});

test('a bundle that is dropped is taken only where one is asked for', async () => {
  const flow = await withWords();
  flow.source = 'relay';
  expect(flow.takeBundle('/media/usb/one.tessera')).toBe(true);
  expect([flow.source, flow.bundle?.name]).toEqual(['bundle', 'one.tessera']);
  flow.back();
  expect(flow.takeBundle('/media/usb/two.tessera')).toBe(false);
});

test('a backup is put back with the passphrase it was written with', async () => {
  const flow = new Flow();
  flow.begin('restore');
  await flow.next();
  expect([flow.step, flow.tried]).toEqual(['backup', true]);
  await flow.chooseBackup();
  flow.passphrase = 'another';
  await flow.next();
  expect([flow.step, flow.act.failure?.code, app.me]).toEqual(['backup', 'wrong-passphrase', null]);
  flow.passphrase = PASSPHRASE;
  await flow.next();
  expect([flow.step, flow.label, app.me?.state]).toEqual(['back', 'seminar', 'active']);
});

test('back from the first step is the welcome', () => {
  const flow = new Flow();
  flow.begin('create');
  flow.back();
  expect([flow.path, flow.step]).toEqual([null, null]);
});

test('a programme of one’s own names a relay at once, or says what is wrong with it', async () => {
  const flow = new Flow();
  flow.begin('create');
  Object.assign(flow, { label: 'Ours', name: 'Alice', relayNow: true, relayAddress: 'http://relay.example.org', relayKey: 'key' });
  await flow.next();
  expect([flow.step, flow.relayWrong]).toEqual(['programme', true]);
  const key = '0a'.repeat(32);
  Object.assign(flow, { relayAddress: ' https://relay.example.org ', relayKey: `{"listening":"127.0.0.1:8470","key":"${key}"}` });
  await flow.next();
  Object.assign(flow, { own: true, passphrase: PASSPHRASE, again: PASSPHRASE });
  await flow.measure();
  await flow.next();
  expect(flow.step).toBe('recovery');
  expect(memory.world.foundedWith).toEqual({ address: 'https://relay.example.org', key });
});

test('without a relay nothing of it is asked or kept', async () => {
  const flow = new Flow();
  flow.begin('create');
  Object.assign(flow, { label: 'Ours', name: 'Alice', relayAddress: 'half an add', own: true });
  await flow.next();
  Object.assign(flow, { own: true, passphrase: PASSPHRASE, again: PASSPHRASE });
  await flow.measure();
  await flow.next();
  expect([flow.step, memory.world.foundedWith]).toEqual(['recovery', null]);
});
