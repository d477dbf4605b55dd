// First run, unlocking, recovery and preferences over the invented world.
import type { Backend, Dropped, Me, Strength } from '../contract';
import { refused, type World } from './world';

type Part = Pick<
  Backend,
  | 'standing' | 'preferences' | 'savePreferences' | 'chooseInvitation' | 'onDropped' | 'inspectInvitation' | 'generatePassphrase'
  | 'strength' | 'enrol' | 'saveAnswer' | 'found' | 'rehearse' | 'unlock' | 'unlockByWords' | 'lock' | 'forget' | 'recoveryBegin'
  | 'recoveryConfirm' | 'changePassphrase' | 'onChanged' | 'onClosing' | 'leave' | 'unlockByKeychain' | 'letKeychainOpen' | 'forbidKeychain'
>;

export const INVITATION = 'tessera://invitation/3q9f-invented-k7d2';
export const PASSPHRASE = 'copper lantern drizzle oak ninth parade';
export const RECOVERY = (
  'anchor basil cinder dolphin ember falcon garnet hollow island jasmine kettle lemon ' +
  'marble nectar olive pepper quartz ripple saddle timber umbrella violin walnut zephyr'
).split(' ');

const WORDS = 'copper lantern drizzle oak ninth parade saffron willow candle mosaic thunder pebble harvest velvet compass juniper'.split(' ');

/** Bits by a rough count: words from a list where there are several, else signs. Only for the stand-in. */
function strength(passphrase: string): Strength {
  const words = passphrase.trim().split(/\s+/).filter((word) => word.length > 2);
  const signs = new Set(passphrase).size;
  const bits = words.length > 2 ? new Set(words).size * 12.9 : Math.min(passphrase.length, signs) * 2.5;
  return { bits: Math.round(bits), good: bits >= 70, goodBits: 70 };
}

export function session(world: World): Part {
  let turn = 0;
  const open = (me: Me): Promise<Me> => {
    world.me = me;
    if (world.programmes.length === 0) {
      world.programmes = [{ folder: me.folder, label: me.programme, lastOpenedMs: world.now, inKeychain: false }];
    }
    return Promise.resolve(me);
  };
  /** Turns opening by the keychain on or off for the programme that is open. */
  const keep = (inKeychain: boolean) => {
    const folder = world.me?.folder;
    world.programmes = world.programmes.map((each) => (each.folder === folder ? { ...each, inKeychain } : each));
    if (world.me !== null) world.me = { ...world.me, inKeychain };
    world.changed();
  };
  return {
    standing: () => Promise.resolve({ open: world.me, programmes: world.programmes, version: '0.2.0' }),
    preferences: () => Promise.resolve({ ...world.preferences }),
    savePreferences: (preferences) => {
      world.preferences = { ...preferences };
      return Promise.resolve();
    },
    chooseInvitation: () => Promise.resolve(INVITATION),
    onDropped: (hear) => hearDrops(hear),
    inspectInvitation: (text) =>
      text.trim().startsWith('tessera://') || text.includes('invitation')
        ? Promise.resolve({ programme: world.person().programme, roles: ['reviewer'], demo: false, furtherDevice: text.includes('device') })
        : refused('no-invitation', 'This is no invitation.', 'Ask the person who invited you to send it again.'),
    generatePassphrase: () => {
      turn += 1;
      return Promise.resolve(Array.from({ length: 6 }, (_, at) => WORDS[(at * 5 + turn * 3) % WORDS.length]).join(' '));
    },
    strength: (passphrase) => Promise.resolve(strength(passphrase)),
    enrol: (form) => {
      if (!strength(form.passphrase).good) return refused('passphrase-weak', 'The passphrase is too weak.');
      return open({ ...world.person(), name: form.name, state: 'waiting', checked: false, recoveryKept: false });
    },
    saveAnswer: () => Promise.resolve('/media/usb/answer-amara-diallo.tessera-answer'),
    found: ({ label, name, relay }) => {
      world.foundedWith = relay;
      return open({ ...world.person(), name, programme: label, roles: ['admin', 'coordinator'], state: 'active', checkWords: null, recoveryKept: false });
    },
    rehearse: () => {
      world.begin('rehearsal');
      return open(world.person());
    },
    unlock: (_folder, passphrase) =>
      passphrase === '' || passphrase === 'wrong'
        ? refused('wrong-passphrase', 'The passphrase does not open this programme.')
        : open({ ...world.person(), state: 'active', checked: true, recoveryKept: true }),
    unlockByWords: (_folder, words) =>
      words.join(' ') === RECOVERY.join(' ') ? open(world.person()) : refused('paper-wrong', 'The words do not fit together.'),
    unlockByKeychain: (folder) =>
      world.programmes.some((each) => each.folder === folder && each.inKeychain)
        ? open({ ...world.person(), state: 'active', checked: true, recoveryKept: true })
        : refused('keychain-missing', 'The keychain holds nothing for this home.'),
    letKeychainOpen: (passphrase) => {
      if (passphrase === 'wrong') return refused('wrong-passphrase', 'The passphrase does not open this programme.');
      keep(true);
      return Promise.resolve();
    },
    forbidKeychain: () => {
      keep(false);
      return Promise.resolve(world.keychainHolds);
    },
    forget: () => undefined,
    lock: () => {
      world.me = null;
      return Promise.resolve();
    },
    recoveryBegin: () => Promise.resolve({ words: RECOVERY }),
    recoveryConfirm: (words) => {
      if (words.join(' ') !== RECOVERY.join(' ')) return refused('paper-wrong', 'The words do not fit together.');
      if (world.me !== null) world.me = { ...world.me, recoveryKept: true };
      world.changed();
      return Promise.resolve();
    },
    changePassphrase: (old) => (old === 'wrong' ? refused('wrong-passphrase', 'The passphrase is not right.') : Promise.resolve()),
    onChanged: (hear) => world.onChanged(hear),
    onClosing: (hear) => world.onClosing(hear),
    leave: async () => {
      world.left = true;
    },
  };
}

/** Files and links dropped on the page stand for those dropped on the window. */
function hearDrops(hear: (what: Dropped) => void): () => void {
  const over = (event: DragEvent) => {
    event.preventDefault();
    hear({ kind: 'over' });
  };
  const left = () => hear({ kind: 'left' });
  const drop = (event: DragEvent) => {
    event.preventDefault();
    const names = [...(event.dataTransfer?.files ?? [])].map((file) => file.name);
    if (names.some((name) => name.endsWith('.tessera-invitation'))) hear({ kind: 'invitation', text: INVITATION });
    else if (names.some((name) => name.endsWith('.answer'))) hear({ kind: 'answers', paths: names });
    else if (names.some((name) => name.endsWith('.tessera'))) hear({ kind: 'bundles', paths: names });
    else hear({ kind: 'other', names });
  };
  window.addEventListener('dragover', over);
  window.addEventListener('dragleave', left);
  window.addEventListener('drop', drop);
  return () => {
    window.removeEventListener('dragover', over);
    window.removeEventListener('dragleave', left);
    window.removeEventListener('drop', drop);
  };
}
