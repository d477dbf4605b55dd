// Holds `recompute.mjs` against `tessera compute ranking` on seeded, invented scores under each programme of
// shared/model/programmes and under rules made by chance: they must agree, and with one score changed they must not.
//
//   node recompute-check.mjs TESSERA [ROUNDS]

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Plain, parseToml } from './toml.mjs';

const [tessera, rounds = '20'] = process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));
const programmes = fileURLToPath(new URL('../../shared/model/programmes/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tessera-recompute-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

/** Numbers by chance, the same at every run (mulberry32). */
let state = 20_190_331;
const chance = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
const below = (count) => Math.floor(chance() * count);
const pick = (values) => values[below(values.length)];

/** A programme with scoring rules by chance. */
function anyProgramme() {
  const keys = ['alpha', 'beta', 'gamma', 'delta'].slice(0, 2 + below(3));
  const criteria = keys.map((key) => {
    const required = chance() < 0.2 ? '\nrequired = true' : '';
    return `[[criterion]]\nkey = "${key}"\nweight = ${pick(['1', '2.5', '3', '0.75', '10'])}${required}\n`;
  });
  const stages = ['criterion', 'product', 'total'].filter(() => chance() < 0.5).map((stage) => `${stage} = ${below(4)}`);
  const adjusted = chance() < 0.5;
  const ties = [...keys, 'criteria', ...(adjusted ? ['bonus', 'fine'] : [])].filter(() => chance() < 0.4);
  return `name = "By chance"
[scale]
min = 0
max = ${pick(['5', '10', '10.0'])}
best = "${pick(['high', 'low'])}"
${criteria.join('\n')}
[scoring]
order = "${pick(['review-first', 'criterion-first'])}"
centre = "${pick(['mean', 'median', 'trimmed'])}"
trim = ${pick(['1', '2'])}
combine = "${pick(['mean', 'sum'])}"
min_weight = ${pick(['0', '0.75', '1.5'])}
round = { ${stages.join(', ')} }
add = [${adjusted ? '"bonus"' : ''}]
subtract = [${adjusted ? '"fine"' : ''}]
ties = [${[...ties, ...(chance() < 0.5 ? ['draw'] : [])].map((key) => `"${key}"`).join(', ')}]
absent = [${chance() < 0.3 ? '"0", "x"' : ''}]
`;
}

const text = (value) => (value instanceof Plain ? value.text : value);
const number = (value) => Number(text(value ?? '0'));

/** Scores under a programme: gaps, N/A, several revisions, few applications so that totals meet. */
function anyScores(definition) {
  const criteria = (definition.criterion ?? []).filter((one) => one.kind !== 'gate' || number(one.weight) !== 0);
  const { min, max, step } = definition.scale ?? {};
  const absent = definition.scoring?.absent ?? [];
  const score = (criterion) => {
    if (chance() < 0.12) return pick(['', 'N/A', 'n/a', ...absent]);
    const [low, high] = [number(criterion.min ?? min), number(criterion.max ?? max ?? new Plain('5'))];
    const unit = step ? number(step) : pick([1, 0.5, 0.25]);
    return String(low + unit * below(Math.floor((high - low) / unit) + 1));
  };
  const lines = [['application', 'reviewer', 'revision', ...criteria.map(({ key }) => key)]];
  const applications = Array.from({ length: 8 + below(40) }, (_, at) => (at % 7 ? `A-${at}` : `-Ωmega, "${at}"`));
  for (const application of applications) {
    for (let reviewer = 1 + below(5); reviewer > 0; reviewer -= 1) {
      for (let revision = below(10) === 0 ? 2 : 1; revision > 0; revision -= 1) {
        lines.push([application, `r${reviewer}`, revision, ...criteria.map(score)]);
      }
    }
  }
  const table = applications.map((application) => [application, pick(['0', '0.5', '1', '']), pick(['0', '0.25'])]);
  return { lines, applications: table };
}

const quoted = (cell) => (/[",\n]/.test(cell) ? `"${String(cell).replaceAll('"', '""')}"` : cell);
const write = (name, rows) => {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => row.map(quoted).join(',')).join('\r\n') + '\r\n');
  return path;
};

let compared = 0;
function check(name, source) {
  const definition = parseToml(source);
  const { lines, applications } = anyScores(definition);
  const [header, ...rest] = lines;
  const shuffled = rest.map((row) => [chance(), row]).sort(([a], [b]) => a - b).map(([, row]) => row);
  const programme = join(folder, 'programme.toml');
  writeFileSync(programme, source);
  const { add = [], subtract = [] } = definition.scoring ?? {};
  const table = add.length + subtract.length
    ? ['--applications', write('applications.csv', [['application', ...add, ...subtract], ...applications])]
    : [];
  const inputs = ['--scores', write('scores.csv', [header, ...shuffled]), '--programme', programme, ...table, '--seed', String(below(1000))];
  const ranking = join(folder, 'ranking.json');
  writeFileSync(ranking, execFileSync(tessera, ['--json', 'compute', 'ranking', ...inputs]));
  const again = (...more) =>
    spawnSync(process.execPath, [join(here, 'recompute.mjs'), ...inputs, '--ranking', ranking, ...more], { encoding: 'utf8' });
  const agreed = again();
  if (agreed.status !== 0) {
    console.log(`${name}\n${source}\n${agreed.stdout}${agreed.stderr}`);
    process.exit(1);
  }
  compared += JSON.parse(readFileSync(ranking, 'utf8')).rows.length;
  const changed = again('--tamper');
  if (changed.status !== 1) {
    console.log(`${name}: a changed score went unseen\n${changed.stdout}${changed.stderr}`);
    process.exit(1);
  }
}

const known = readdirSync(programmes).filter((name) => name.endsWith('.toml'));
for (const name of known) check(name, readFileSync(join(programmes, name), 'utf8'));
for (let round = 0; round < Number(rounds); round += 1) check(`by chance ${round}`, anyProgramme());
console.log(`recompute: ${compared} places under ${known.length + Number(rounds)} programmes agree, and every changed score was seen`);
