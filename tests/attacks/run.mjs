// Shows that every defence is one: runs each test that is named after an attack or a fault twice, as it is and without
// the defence, in a build with the feature `attack-proof`. Writes target/attacks.json and fails where a test of a number
// is red as it is, or stays green without its defence.
//
//   node tests/attacks/run.mjs [NUMBER…]
//   node tests/attacks/run.mjs --names      only compares the table with the names of tests; builds nothing
//
// The numbers, what each stands for and which hold by construction are in README.md beside this file.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
const LONGEST_MS = 4 * 60 * 1000;
/** An undefended parser may ask for any amount of memory; in KiB. */
const MEMORY_KIB = 6 << 20;

/** Rows of the table: number, what an attacker does, what holds, and where it cannot be switched off, why. */
function numbers() {
  const rows = readFileSync(join(here, "README.md"), "utf8").split("\n").filter((line) => /^\| [A-Z]\d\d \|/.test(line));
  return rows.map((row) => {
    const [id, , , construction] = row.split("|").slice(1, -1).map((cell) => cell.trim());
    return { id, construction };
  });
}

/** Builds the tests of some packages and gives their programs. */
function build(selection) {
  const built = spawnSync(
    "cargo",
    ["test", ...selection, "--features", "tessera-defence/attack-proof", "--no-run", "--message-format=json"],
    { cwd: root, encoding: "utf8", maxBuffer: 1 << 30, stdio: ["ignore", "pipe", "inherit"] },
  );
  if (built.status !== 0) process.exit(1);
  const messages = built.stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return messages
    .filter((message) => message.reason === "compiler-artifact" && message.executable && message.profile.test)
    .map((message) => ({ program: message.executable, folder: dirname(message.manifest_path), name: message.target.name }));
}

/** The tests of a program, with the numbers that their names carry. */
function tests({ program, folder, name }) {
  const listed = execFileSync(program, ["--list", "--format=terse"], { cwd: folder, encoding: "utf8" });
  return listed
    .split("\n")
    .filter((line) => line.endsWith(": test"))
    .map((line) => line.slice(0, -": test".length))
    .map((test) => ({ program, folder, test, shown: `${name}: ${test}`, numbers: carried(test) }));
}

function carried(test) {
  const found = test.split("::").pop().match(/(?<![a-z0-9])[kgihntsf]\d\d(?![0-9])/g) ?? [];
  return found.map((number) => number.toUpperCase());
}

/** True where a test passes; without a defence where one is named. */
function passes({ program, folder, test }, without) {
  const env = { ...process.env, RUST_TEST_THREADS: "1", TESSERA_RELAY_BIN: relay };
  // A test that has to fail leaves nothing behind.
  env.PROPTEST_DISABLE_FAILURE_PERSISTENCE = "1";
  delete env.TESSERA_WITHOUT;
  if (without) env.TESSERA_WITHOUT = without;
  const limited = `ulimit -v ${MEMORY_KIB}; exec "$0" "$@"`;
  const run = spawnSync("bash", ["-c", limited, program, "--exact", test], {
    cwd: folder, env, encoding: "utf8", timeout: LONGEST_MS, killSignal: "SIGKILL", maxBuffer: 1 << 28,
  });
  return { green: run.status === 0, said: `${run.stdout}${run.stderr}` };
}

/** Compares the tests that the table and the list below it name with those that there are. */
function names() {
  const sources = execFileSync("git", ["grep", "-nIE", "fn [a-z0-9_]+", "--", "*.rs"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  const there = new Set();
  for (const line of sources.split("\n")) {
    const [file, , ...rest] = line.split(":");
    const test = /fn ([a-z0-9_]+)/.exec(rest.join(":"))?.[1];
    for (const number of test ? carried(test) : []) there.add(`${number} ${test} ${file}`);
  }
  const rows = readFileSync(join(here, "README.md"), "utf8").split("\n").filter((line) => /^[|-] [A-Z]\d\d /.test(line));
  const told = new Set();
  for (const row of rows) {
    const id = row.slice(2, 5);
    for (const [, test, file] of row.matchAll(/\[([a-z0-9_]+)\]\(\.\.\/\.\.\/([^)]+)\)/g)) told.add(`${id} ${test} ${file}`);
  }
  const numbersTold = new Set([...told].map((one) => one.slice(0, 3)));
  const missing = [...there].filter((one) => numbersTold.has(one.slice(0, 3)) && !told.has(one));
  const gone = [...told].filter((one) => !there.has(one));
  for (const one of missing) console.log(`tests/attacks/README.md does not name ${one}`);
  for (const one of gone) console.log(`tests/attacks/README.md names what is not there: ${one}`);
  process.exit(missing.length + gone.length === 0 ? 0 : 1);
}

if (process.argv[2] === "--names") names();

const wanted = new Set(process.argv.slice(2).map((number) => number.toUpperCase()));
const all = numbers();
const chosen = all.filter(({ id }) => wanted.size === 0 || wanted.has(id));
const relay = join(target, "debug", "tessera-relay");
const programs = [
  ...build(["-p", "tessera-relay"]),
  ...build(["--workspace", "--exclude", "tessera-relay"]),
];
// The relay's own program has to be one of this build too.
execFileSync("cargo", ["build", "-p", "tessera-relay", "--all-targets", "--features", "tessera-defence/attack-proof"], { cwd: root, stdio: "inherit" });
const found = programs.flatMap(tests);

const rows = [];
let failed = 0;
for (const { id, construction } of chosen) {
  const named = found.filter((one) => one.numbers.includes(id));
  const complain = (text) => { failed += 1; console.log(`${id}  ${text}`); };
  if (named.length === 0) complain("no test carries this number");
  let red = 0;
  for (const one of named) {
    const begun = Date.now();
    const asItIs = passes(one);
    if (!asItIs.green) complain(`${one.shown} is red as it is\n${asItIs.said}`);
    const without = construction ? undefined : !passes(one, id).green;
    red += without ? 1 : 0;
    rows.push({ id, test: one.shown, refused: asItIs.green, red_without: without ?? null, ...(construction ? { by_construction: construction } : {}) });
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    console.log(`${id}  ${asItIs.green ? "refused" : "NOT REFUSED"}, ${construction ? "by construction" : without ? "red without" : "green without"}  ${one.shown} (${seconds} s)`);
  }
  if (!construction && named.length > 0 && red === 0) complain("every test stays green without the defence");
}
mkdirSync(target, { recursive: true });
writeFileSync(join(target, "attacks.json"), `${JSON.stringify(rows, null, 2)}\n`);
const constructed = new Set(rows.filter((row) => row.by_construction).map((row) => row.id)).size;
if (constructed > 15) { failed += 1; console.log(`${constructed} hold by construction; at most 15 may`); }
console.log(`attacks: ${chosen.length} numbers, ${rows.length} tests, ${constructed} by construction, ${failed} failures`);
process.exit(failed === 0 ? 0 : 1);
