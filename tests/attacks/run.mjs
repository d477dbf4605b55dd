// Shows that every defence is one: runs each test that is named after an attack or a fault twice, as it is and without
// the defence, in a build with the feature `attack-proof`. Writes target/attacks.json and fails where a test is red as it is, where
// it stays green without its defence and is no further test, where a further test goes red, and where all tests of a number stay
// green. The further tests, and why each stays green, are in further.json beside this file: those and no others.
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

/** Tests that stay green without the defence of their number, and why. */
function further() {
  const groups = JSON.parse(readFileSync(join(here, "further.json"), "utf8"));
  const rows = groups.flatMap(({ why, tests }) => tests.map((test) => [test, why]));
  const listed = new Map(rows);
  if (listed.size !== rows.length) throw new Error("further.json names a test twice");
  return listed;
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

/** Whether a test passes, without a defence where one is named; and whether it says that it cannot be played here. */
function passes({ program, folder, test }, without) {
  const env = { ...process.env, RUST_TEST_THREADS: "1", TESSERA_RELAY_BIN: relay };
  // A test that has to fail leaves nothing behind.
  env.PROPTEST_DISABLE_FAILURE_PERSISTENCE = "1";
  delete env.TESSERA_WITHOUT;
  if (without) env.TESSERA_WITHOUT = without;
  const limited = `ulimit -v ${MEMORY_KIB}; exec "$0" "$@"`;
  const run = spawnSync("bash", ["-c", limited, program, "--exact", "--nocapture", test], {
    cwd: folder, env, encoding: "utf8", timeout: LONGEST_MS, killSignal: "SIGKILL", maxBuffer: 1 << 28,
  });
  const said = `${run.stdout}${run.stderr}`;
  return { green: run.status === 0, skipped: /\bskipped 1\b/.test(said), said };
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
  // A harness of our own names its tests in a list.
  const words = execFileSync("git", ["grep", "-ohE", "[a-z0-9_]*[kgihntsf][0-9]{2}_[a-z0-9_]+", "--", "*.rs"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  const tests = new Set(words.split("\n"));
  const unknown = [...further().keys()].filter((one) => !tests.has(one.split(/::| /).pop()));
  const missing = [...there].filter((one) => numbersTold.has(one.slice(0, 3)) && !told.has(one));
  const gone = [...told].filter((one) => !there.has(one));
  for (const one of missing) console.log(`tests/attacks/README.md does not name ${one}`);
  for (const one of gone) console.log(`tests/attacks/README.md names what is not there: ${one}`);
  for (const one of unknown) console.log(`tests/attacks/further.json names what is not there: ${one}`);
  process.exit(missing.length + gone.length + unknown.length === 0 ? 0 : 1);
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

const listed = further();
const rows = [];
let failed = 0;
const complain = (id, text) => { failed += 1; console.log(`${id}  ${text}`); };

/** Plays a test, twice where its defence can be switched off; gives its row. */
function play(id, construction, one) {
  const { green, skipped, said } = passes(one);
  if (!green) complain(id, `${one.shown} is red as it is\n${said}`);
  const row = { id, test: one.shown, refused: green, red_without: null };
  const why = listed.get(`${id} ${one.shown}`);
  if (construction && why) complain(id, `${one.shown} has no switch: tests/attacks/further.json must not name it`);
  if (construction) return { ...row, role: "by construction", why: construction };
  if (skipped) return { ...row, role: "left out here" };
  const red_without = !passes(one, id).green;
  if (why && red_without) complain(id, `${one.shown} goes red: tests/attacks/further.json must not name it`);
  if (!why && !red_without) complain(id, `${one.shown} stays green without the defence`);
  return { ...row, red_without, ...(why ? { role: "further", why } : { role: "must go red" }) };
}

for (const { id, construction } of chosen) {
  const named = found.filter((one) => one.numbers.includes(id));
  if (named.length === 0) complain(id, "no test carries this number");
  for (const one of named) {
    const begun = Date.now();
    const row = play(id, construction, one);
    rows.push(row);
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    const without = row.red_without === null ? row.role : row.red_without ? "red without" : "green without";
    console.log(`${id}  ${row.refused ? "refused" : "NOT REFUSED"}, ${without}  ${one.shown} (${seconds} s)`);
  }
  const red = rows.some((row) => row.id === id && row.red_without);
  if (!construction && named.length > 0 && !red) complain(id, "every test stays green without the defence");
}
const played = new Set(rows.map((row) => `${row.id} ${row.test}`));
const asked = new Set(chosen.map(({ id }) => id));
for (const test of listed.keys()) {
  const id = test.slice(0, 3);
  if (asked.has(id) && !played.has(test)) complain(id, `tests/attacks/further.json names what is not there: ${test}`);
}
mkdirSync(target, { recursive: true });
writeFileSync(join(target, "attacks.json"), `${JSON.stringify(rows, null, 2)}\n`);
const count = (role) => rows.filter((row) => row.role === role).length;
const constructed = chosen.filter(({ construction }) => construction).length;
if (constructed > 15) complain("", `${constructed} hold by construction; at most 15 may`);
console.log(
  `attacks: ${chosen.length} numbers, ${constructed} by construction; ${rows.length} rows: ${count("must go red")} must go red, ` +
    `${count("further")} further, ${count("left out here")} left out here; ${failed} failures`,
);
process.exit(failed === 0 ? 0 : 1);
