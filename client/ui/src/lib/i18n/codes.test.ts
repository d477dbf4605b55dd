// Codes: whatever Rust can say in the window has words here. The codes are read out of the Rust sources; a place that makes a code
// in a way that this file does not know fails until it is described. Whether the words are right, people say.
import { IntlMessageFormat } from 'intl-messageformat';
import { expect, test } from 'vitest';
import { kindOf } from '../../screens/programme/definition';
import { areas as en } from './en';
import { parameters } from './parameters';

const files: Record<string, string> = import.meta.glob(
  ['../../../../../shared/*/src/**/*.rs', '../../../../{engine,driver,views,desktop}/src/**/*.rs', '!**/tests.rs'],
  { query: '?raw', import: 'default', eager: true },
);
const CODE = '[a-z][a-z0-9]*(?:-[a-z0-9]+)*';

/** Rust by its path in the repository, without comments and without tests. */
const rust = new Map(
  Object.entries(files).map(([path, text]) => [
    path.replace(/^(\.\.\/)+(?=shared)/, '').replace(/^(\.\.\/)+/, 'client/'),
    text.replace(/#\[cfg\(test\)\]\s*mod \w+ \{[\s\S]*$/, '').replace(/^[ \t]*\/\/.*$/gm, ''),
  ]),
);

function source(path: string): string {
  const text = rust.get(path);
  if (text === undefined) throw new Error(`${path} is not there any more`);
  return text;
}

/** What a pattern captures in a file; a pattern that finds nothing is out of date. */
function found(path: string, pattern: RegExp, within = source(path)): string[] {
  const codes = [...within.matchAll(pattern)].map((match) => match.slice(1).find(Boolean) ?? '');
  if (codes.length === 0) throw new Error(`${path} has nothing like ${pattern.source}`);
  return codes;
}

/** The text from a beginning to the brace at the start of a line, with its indentation, that ends it. */
function block(path: string, begin: RegExp): string {
  const text = source(path);
  const at = text.search(begin);
  if (at < 0) throw new Error(`${path} has nothing like ${begin.source}`);
  const line = text.slice(text.lastIndexOf('\n', at) + 1);
  const indent = /^\s*/.exec(line)?.[0] ?? '';
  return line.slice(0, line.indexOf(`\n${indent}}`));
}

const arms = (path: string, begin: RegExp) => found(path, new RegExp(`=>\\s*\\{?\\s*"(${CODE})"`, 'g'), block(path, begin));
/** Codes that stand before their English: `("code", "English")`. */
const said = (path: string) => found(path, new RegExp(`\\(\\s*"(${CODE})",\\s*(?:"|Saying)`, 'g'));
const prefixed = (prefix: string, codes: string[]) => codes.map((code) => prefix + code);

const INVITING = 'client/driver/src/inviting.rs';
const ACCOUNT = 'shared/solve/src/assignment/account.rs';
const ASSIGNMENTS = 'client/engine/src/assignments.rs';
const BARS = [...arms(ASSIGNMENTS, /fn code\(/), ...found(ASSIGNMENTS, /"([a-z-]+)"/g, block(ASSIGNMENTS, /fn declared_code\(/))];
const UNMET = [...found(ACCOUNT, new RegExp(`code: "(${CODE})"`, 'g')), ...found(ACCOUNT, /\("(too-few-[a-z]+|own-region|apart|no-reads-left)",|"(no-room)",/g)];

/** Places whose codes are no literals, with how many there are and what they make; sentences go by `engine.`. */
const MADE: Record<string, [sites: number, codes: () => string[]]> = {
  'shared/model/src/input.rs': [1, () => []],
  'shared/model/src/pace.rs': [1, () => said('shared/model/src/pace.rs')],
  'shared/model/src/agreement.rs': [1, () => said('shared/model/src/agreement.rs')],
  'shared/model/src/ranking/words.rs': [1, () => said('shared/model/src/ranking/words.rs')],
  'shared/model/src/calibration/planned.rs': [1, () => said('shared/model/src/calibration/planned.rs')],
  'shared/model/src/calibration/words.rs': [3, () => said('shared/model/src/calibration/words.rs')],
  'shared/solve/src/assignment/explain.rs': [1, () => prefixed('explain-', found('shared/solve/src/assignment/explain.rs', new RegExp(`named\\(\\s*"(${CODE})"`, 'g')))],
  [ACCOUNT]: [1, () => found(ACCOUNT, new RegExp(`\\(\\s*"(${CODE})",\\s*Saying`, 'g'))],
  'client/engine/src/intake/files.rs': [1, () => found('client/engine/src/intake/files.rs', /"(attachment-(?:perhaps|not-utf8|has)[a-z0-9-]*)"/g)],
  // What a proposal leaves out is shown beside it, and filtered out of its warnings.
  'client/driver/src/assigning.rs': [1, () => []],
  'client/views/src/exchange.rs': [1, () => found('client/views/src/exchange.rs', /^\s*"(files-[a-z]+)",$/gm)],
  'client/views/src/devices.rs': [1, () => prefixed('change-', found('client/views/src/devices.rs', new RegExp(`said\\(\\s*"(${CODE})"|"((?:add|drop)-(?:admin|coordinator|relay|spare-relay))"`, 'g')))],
  'client/views/src/invitations.rs': [1, () => prefixed('guest-', [
    ...found(INVITING, new RegExp(`refused\\([a-z.]+, (?:None|Some\\(.*?\\)), "(${CODE})"`, 'g')), ...found(INVITING, new RegExp(`\\("(${CODE})", "`, 'g'), block(INVITING, /fn name\(/)),
  ])],
  'client/views/src/me.rs': [1, () => found('client/views/src/me.rs', /\(?\s*"(home-[a-z-]+)",/g)],
  'client/views/src/assignment/search.rs': [3, () => [
    ...prefixed('unmet-', UNMET),
    ...prefixed('given-up-', found(ACCOUNT, new RegExp(`rule: "(${CODE})"`, 'g'))),
    ...prefixed('bar-', [...BARS, ...found('client/views/src/assignment/search.rs', /left_out\("([a-z-]+)"\)/g)]),
  ]],
};

/** Sentences that the window is never given. */
const NEVER: Record<string, string> = {
  nothing: 'what to do about an explained pair is not shown', promoted: 'nobody moves up in the window', unranked: 'the window lists them in the order',
};
/** Files of sentences that the window is never given: totals alone are the command line's. */
const ELSEWHERE = /^shared\/model\/src\/totals\/words\.rs$/;
const INTAKE = /^client\/(engine|driver)\/src\/intake/;

/** Every code of a sentence or a remark, with the files that say it. */
function sentences(): { engine: Map<string, string[]>; remarks: Set<string>; sites: Record<string, number> } {
  const engine = new Map<string, string[]>();
  const remarks = new Set<string>();
  const sites: Record<string, number> = {};
  const add = (path: string, code: string) => (INTAKE.test(path) ? remarks.add(code) : engine.set(code, [...(engine.get(code) ?? []), path]));
  for (const [path, text] of rust) {
    if (ELSEWHERE.test(path)) continue;
    for (const [, code] of text.matchAll(/\b(?:Saying|Warning|Sentence)::(?:new|plain)\(\s*(?:"([^"]*)")?/g)) {
      if (code === undefined) sites[path] = (sites[path] ?? 0) + 1;
      else if (code !== '') add(path, code);
    }
    for (const code of MADE[path]?.[1]() ?? []) add(path, code);
  }
  return { engine, remarks, sites };
}

const lacking = (stem: string, codes: Iterable<string>) => [...new Set(codes)].map((code) => stem + code).filter((key) => !(key in en));

test('a code that is made, and not written, is made where this file knows it', () => {
  expect(sentences().sites).toEqual(Object.fromEntries(Object.entries(MADE).map(([path, [count]]) => [path, count])));
});

test('every sentence of the engine has words, with parameters that it is given', () => {
  const { engine } = sentences();
  expect(engine.size).toBeGreaterThan(100);
  expect(Object.keys(NEVER).filter((code) => !engine.has(code))).toEqual([]);
  expect(lacking('engine.', [...engine.keys()].filter((code) => !(code in NEVER)))).toEqual([]);
  for (const [key, words] of Object.entries(en).filter(([key]) => key.startsWith('engine.'))) {
    const paths = engine.get(key.slice('engine.'.length));
    expect(paths, `${key} is said by nobody`).toBeDefined();
    const given = (paths ?? []).flatMap((path) => [...source(path).matchAll(/\.with\(\s*"([a-z]+)"/g)].map((match) => match[1]));
    expect(given, key).toEqual(expect.arrayContaining([...parameters(new IntlMessageFormat(words, 'en').getAst()).keys()]));
  }
});

test('every failure has words', () => {
  const SESSION = 'client/driver/src/session/error.rs';
  const codes = [
    ...['code', 'home_code', 'store_code', 'identity_code', 'keychain_code', 'enrol_code'].flatMap((name) => arms(SESSION, new RegExp(`fn ${name}\\(`))),
    ...['client/driver/src/relay/error.rs', 'client/engine/src/error.rs', 'client/engine/src/score_import.rs', 'shared/model/src/input.rs', 'shared/model/src/policy.rs'].flatMap((path) => arms(path, /fn code\(/)),
    ...arms('shared/model/src/programme/error.rs', /fn as_str\(/), ...BARS,
  ];
  const made: string[] = [];
  for (const [path, text] of rust) {
    if (!/^client\/(views|desktop)\//.test(path)) continue;
    for (const [, code, other] of text.matchAll(/\bFailure::new\(\s*(?:"([^"]+)"|([^,]+),)/g)) {
      if (code === undefined) made.push(other ?? '');
      else codes.push(code);
    }
    const own = [...text.matchAll(/ for Failure \{[\s\S]*?\n\}/g)].map(([text]) => text).join('\n');
    codes.push(...[...own.matchAll(/\bSelf::new\(\s*"([^"]+)"/g)].map((match) => match[1] ?? ''));
  }
  codes.push(...found('client/views/src/failure.rs', /Self::new\("([^"]+)"/g));
  expect(codes.length).toBeGreaterThan(100);
  // Each of these takes its code from one of the lists above.
  expect([...new Set(made)].sort()).toEqual(['bar.code()', 'enrol_code(&error)', 'error.code.as_str()', 'kind.code()']);
  expect(lacking('error.', codes)).toEqual([]);
});

test('every question, reason and want has words', () => {
  const MERGE = 'shared/model/src/merge.rs';
  const variants = new Map([...block(MERGE, /^ {4}Code \{/m).matchAll(/^\s*(\w+) = "([a-z-]+)"/gm)].map(([, name, code]) => [name, code ?? '']));
  const questions = [...variants.values(), ...found('client/engine/src/queue.rs', /^\s*"([a-z-]+)" =>/gm, block('client/engine/src/queue.rs', /^fn sentence\(/m))];
  const waits = found('client/engine/src/reviews.rs', /=> Code::(\w+)/g, block('client/engine/src/reviews.rs', /fn code\(self\)/)).map((name) => variants.get(name) ?? name);
  const why = arms('client/engine/src/duties.rs', /fn word\(/).filter((word) => !['set-aside', 'another-reason'].includes(word));
  const table = 'client/driver/src/assigning/table.rs';
  expect([
    ...lacking('queue.code.', questions), ...lacking('queue.why.', questions),
    ...lacking('queue.act.', found(MERGE, /= "([a-z-]+)"/g, block(MERGE, /^ {4}Act \{/m))),
    ...lacking('waits.', waits),
    ...lacking('review.outcome.', found('client/engine/src/work.rs', /=> \("([a-z-]+)"/g)), ...lacking('review.why.', why),
    ...lacking('review.lacks.', arms('shared/model/src/documents/submission.rs', /fn code\(/)),
    ...lacking('assignment.bar.', [...BARS, ...found(table, /"((?:application|reviewer|round)-[a-z]+)"/g)]),
  ]).toEqual([]);
});

test('everything that is known of an application or a review has words', () => {
  const codes = found('client/engine/src/explain.rs', new RegExp(`"(${CODE})" =>`, 'g'));
  // Of a pack, and of an application that somebody has no part in, only the command line says something.
  const elsewhere = ['counts', 'opened', 'for-others', 'to-be-read', 'no-key', 'crashed', 'refused', 'outside-cut', 'set-aside', 'contested', 'waits-for-changes', 'author-unknown', 'missing', 'refused-before', 'not-assigned', 'not-read'];
  expect(lacking('why.', codes)).toEqual(elsewhere.map((code) => `why.${code}`));
  for (const code of arms('shared/model/src/merge/counted.rs', /fn code\(/)) expect(en['why.review-does-not-count']).toContain(`${code.replaceAll('-', '_')} {`);
});

test('everything that an import says has words', () => {
  const ROW = 'client/engine/src/intake/row.rs';
  const { remarks } = sentences();
  // Which column names the applications is asked, not remarked.
  expect(remarks.delete('key-changed')).toBe(true);
  expect(lacking('intake.remark.', remarks)).toEqual([]);
  const problems = [...arms('client/engine/src/intake/files.rs', /fn code\(/), ...found(ROW, /self\.refuse\([^"]*"([a-z-]+)"/g)];
  // What is wrong with the cell that names the application.
  const verdicts = found('client/driver/src/verdicts.rs', /"([a-z]+(?:-[a-z]+)+)"/g);
  expect(lacking('intake.problem.', [...problems, ...verdicts, 'cell-empty', 'id-bad'])).toEqual([]);
});

test('whatever a definition lacks has words', () => {
  let about = '';
  const places = found('shared/model/src/programme/check.rs', /(let at = format!\("[a-z.{}]+"|"[a-z_.{}]+")/g).flatMap((literal) => {
    const place = (literal.match(/"(.+)"/)?.[1] ?? '').replaceAll('{}', 'k');
    if (literal.startsWith('let at')) about = place;
    return [place.replace('{at}', about)];
  });
  // Of a field and a round as a whole nothing is said.
  const kinds = new Set(places.map(kindOf).filter((kind) => !['field.*', 'round.*'].includes(kind)));
  expect(kinds.size).toBeGreaterThan(35);
  expect(lacking('programme.finding.', kinds)).toEqual([]);
});
