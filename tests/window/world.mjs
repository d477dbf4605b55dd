// A small programme for the window: a relay as a process, a coordinator who prepared everything on the command line, six
// invented applications.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
export const PROGRAMS = process.env.TESSERA_PROGRAMS ?? join(HERE, '../../target/debug');
export const PASSPHRASE = 'four wide rivers cross my quiet valley';
export const DEFINITION = join(HERE, '../../shared/model/programmes/seminar.toml');

/** Where the window keeps its first home on a laptop; its folder is made. */
export function homeOn(shelf) {
  const home = join(shelf, 'programme-1', 'home');
  mkdirSync(dirname(home), { recursive: true });
  writeFileSync(join(dirname(home), 'card.json'), '{"label":"The seminar"}');
  return home;
}

/** A relay as a process, with its data in a folder: where it is, its key, and how to end it. */
export async function relayIn(folder) {
  const relay = spawn(join(PROGRAMS, 'tessera-relay'), ['serve', '--data', folder, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const { listening, key } = await new Promise((done, failed) => {
    relay.stdout.once('data', (text) => done(JSON.parse(String(text).split('\n')[0])));
    relay.once('exit', () => failed(new Error('the relay ended')));
  });
  const end = () => {
    relay.kill();
    relay.stdout.destroy();
  };
  return { address: `http://${listening}`, key, end };
}

/** Commands in somebody's home, with the passphrase of everybody here, in a folder. */
export function commandsIn(folder) {
  const passphrase = join(folder, 'passphrase');
  writeFileSync(passphrase, `${PASSPHRASE}\n`);
  // 8: done, and a person is to look at something.
  const run = (program, args) => {
    const { status, stdout, stderr } = spawnSync(join(PROGRAMS, program), args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0 && status !== 8) throw new Error(`${program} ${args.join(' ')}: ${status}: ${stderr}`);
    return stdout;
  };
  const at = (home, ...args) => JSON.parse(run('tessera', ['--home', home, '--passphrase-file', passphrase, '--json', ...args]) || 'null');
  return { run, at };
}

/** Sets a programme up; `shelf` is the coordinator's laptop; `change` may rewrite what the applicants sent, in a folder. Without
 *  `imported` no application is in yet. */
export async function world(shelf, change = () => undefined, { imported = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-world-'));
  const { run, at } = commandsIn(folder);
  const home = homeOn(shelf);
  const alice = (...args) => at(home, ...args);
  const relay = await relayIn(join(folder, 'relay'));
  run('tessera-sample', ['--out', join(folder, 'sample'), '--applicants', '6']);
  change(join(folder, 'sample'));
  alice('programme', 'create', '--file', DEFINITION, '--name', 'Alice', '--relay', relay.address, '--relay-key', relay.key);
  alice('programme', 'publish', '--file', DEFINITION, '--accept-loss', 'I accept the loss');
  if (imported) alice('application', 'import', 'sample/applications.csv', '--key', 'key', '--attachments', 'sample/attachments');
  alice('member', 'invite', '--name', 'R01', '--out', '.');
  /** Somebody is invited, joins on the command line and is admitted; gives the home. */
  const joins = (name, { home = join(folder, `home-${name}`), role = 'reviewer' } = {}) => {
    const file = name.toLowerCase();
    alice('member', 'invite', '--name', name, '--role', role, '--out', '.');
    at(home, 'enrol', `${file}.invitation`, '--answer', `${file}.answer`, '--name', name);
    alice('member', 'admit', `${file}.answer`);
    alice('member', 'check', name, '--in-person');
    return home;
  };
  /** Says who reads what, as pairs of an application's key and a reader's name. */
  const assign = (pairs) => {
    writeFileSync(join(folder, 'pairs.csv'), ['application,reviewer', ...pairs.map((pair) => pair.join(','))].join('\n'));
    alice('assign', 'import', 'pairs.csv');
    alice('assign', 'publish');
    alice('sync');
  };
  return {
    folder,
    alice,
    at,
    joins,
    assign,
    invitation: readFileSync(join(folder, 'r01.invitation'), 'utf8').trim(),
    answer: join(folder, 'r01.answer'),
    /** Admits who answered, and assigns what the sample gives to the first reader. */
    admit: (name) => {
      alice('member', 'admit', join(folder, 'r01.answer'));
      alice('member', 'check', name, '--in-person');
      const lines = readFileSync(join(folder, 'sample/assignment.csv'), 'utf8').split('\n');
      assign(lines.filter((line) => line.includes('R01')).map((line) => [line.split(',')[0], name]));
    },
    /** From here on nothing answers. */
    noRelay: relay.end,
    end: () => {
      relay.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
