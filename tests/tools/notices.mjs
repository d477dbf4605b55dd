// Writes THIRD-PARTY.md: what the programs that are shipped contain of others, under which licence, with its notice.
//
//   node tests/tools/notices.mjs           writes it
//   node tests/tools/notices.mjs --check   fails where it is not what Cargo.lock says

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SHIPPED = ['tessera-cli', 'tessera-relay'];
const FILE = 'THIRD-PARTY.md';
/** Notices of what a crate carries in a folder of its own. */
const CARRIED = { 'highs-sys': ['HiGHS/LICENSE.txt', 'HiGHS/THIRD_PARTY_NOTICES.md'] };

const metadata = JSON.parse(
  execFileSync('cargo', ['metadata', '--format-version', '1', '--locked', '--filter-platform', 'x86_64-unknown-linux-gnu'], {
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
);
const packages = new Map(metadata.packages.map((one) => [one.id, one]));
const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));

const reached = new Set();
const visit = (id) => {
  if (reached.has(id)) return;
  reached.add(id);
  for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
    if (kinds.some(({ kind }) => kind === null)) visit(pkg);
  }
};
metadata.packages.filter(({ name }) => SHIPPED.includes(name)).forEach(({ id }) => visit(id));

const others = [...reached]
  .map((id) => packages.get(id))
  .filter(({ source }) => source !== null)
  .sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));

/** The notices in a crate's folder; of a choice of licences the MIT one. */
const notices = (one) => {
  const folder = dirname(one.manifest_path);
  const all = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice|unlicense|copyright)/i.test(name)).sort();
  const mit = all.filter((name) => /mit/i.test(name) || /^notice/i.test(name));
  const chosen = mit.some((name) => /mit/i.test(name)) ? mit : all;
  const text = (name) => {
    try {
      return readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').replace(/[ \t]+$/gm, '').trim();
    } catch {
      return '';
    }
  };
  return [...chosen, ...(CARRIED[one.name] ?? [])].map(text).filter(Boolean);
};

const users = new Map();
for (const one of others) {
  for (const text of notices(one)) users.set(text, [...(users.get(text) ?? []), `${one.name} ${one.version}`]);
}

const fonts = readFileSync('client/report/fonts/OFL.txt', 'utf8').replaceAll('\r\n', '\n').replace(/[ \t]+$/gm, '').trim();
users.set(fonts, [...(users.get(fonts) ?? []), 'Noto Sans, in client/report/fonts']);

const rows = others.map(({ name, version, license, repository }) => `| ${name} ${version} | ${license ?? 'see its notice'} | ${repository ?? ''} |`);
const texts = [...users].map(([text, names]) => `### ${names.join(', ')}\n\n\`\`\`\`text\n${text}\n\`\`\`\``);
const content = `# What is in Tessera that others wrote

The command line and the relay contain the crates below, each under its own licence, beside SQLite and SQLCipher (in
\`libsqlite3-sys\`), Zstandard (in \`zstd-sys\`), HiGHS (in \`highs-sys\`), the Time Zone Database, and subsets of the Noto Sans fonts (in \`client/report/fonts\`, SIL
Open Font License 1.1). This file is written by \`make notices\`; \`make lint\` compares it.

| crate | licence | source |
|---|---|---|
${rows.join('\n')}

## Notices

${texts.join('\n\n')}
`;

if (process.argv.includes('--check')) {
  if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== content) {
    console.error(`${FILE} is not what Cargo.lock says: run make notices`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(FILE, content);
}
