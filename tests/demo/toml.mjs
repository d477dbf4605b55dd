// A reader of TOML 1.0, as much of it as programme definitions use: tables, arrays of tables, inline tables, arrays,
// every kind of string. Numbers, booleans and dates stay as they are written: whoever wants a number reads it exactly.

export class Plain {
  constructor(text) {
    this.text = text;
  }
}

export function parseToml(source) {
  let at = 0;
  const fail = (what) => {
    throw new Error(`line ${source.slice(0, at).split('\n').length}: ${what}`);
  };
  const starts = (text) => source.startsWith(text, at);
  const match = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found) at = pattern.lastIndex;
    return found?.[0];
  };
  const spaces = () => match(/[ \t]*/y);
  const blank = () => match(/(?:[ \t\r\n]|#[^\n]*)*/y);
  const expect = (text) => (starts(text) ? (at += text.length) : fail(`expected ${JSON.stringify(text)}`));

  const ESCAPES = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\x1b', '"': '"', '\\': '\\' };
  const basic = (text, multiline) => {
    const joined = multiline ? text.replace(/\\[ \t]*\r?\n[ \t\r\n]*/g, '') : text;
    return joined.replace(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/gs, (_, code) =>
      code.length > 1 ? String.fromCodePoint(parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? fail(`\\${code}`)),
    );
  };

  const string = () => {
    for (const [quote, escaped] of [['"""', true], ["'''", false]]) {
      if (!starts(quote)) continue;
      at += 3;
      match(/\r?\n/y);
      const body = match(escaped ? /(?:[^"\\]|\\[^]|"(?!""))*/y : /(?:[^']|'(?!''))*/y);
      expect(quote);
      return escaped ? basic(body, true) : body;
    }
    if (starts('"')) return basic(match(/"(?:[^"\\\n]|\\.)*"/y)?.slice(1, -1) ?? fail('a string without end'), false);
    return match(/'[^'\n]*'/y)?.slice(1, -1) ?? fail('a string without end');
  };

  const key = () => {
    const parts = [];
    do {
      spaces();
      parts.push(source[at] === '"' || source[at] === "'" ? string() : (match(/[A-Za-z0-9_-]+/y) ?? fail('a key')));
      spaces();
    } while (match(/\./y));
    return parts;
  };

  const list = (close, item) => {
    at += 1;
    for (blank(); !starts(close); blank()) {
      item();
      blank();
      if (!match(/,/y)) break;
    }
    blank();
    expect(close);
  };

  const value = () => {
    if (source[at] === '"' || source[at] === "'") return string();
    if (starts('[')) {
      const values = [];
      list(']', () => values.push(value()));
      return values;
    }
    if (starts('{')) {
      const table = {};
      list('}', () => assign(table));
      return table;
    }
    return new Plain(match(/[0-9A-Za-z+\-_.:]+(?: \d\d:[0-9:.Z+-]+)?/y) ?? fail('a value'));
  };

  const step = (table, part) => {
    table[part] ??= {};
    return Array.isArray(table[part]) ? table[part].at(-1) : table[part];
  };

  const assign = (table) => {
    const path = key();
    const last = path.pop();
    const inner = path.reduce(step, table);
    if (last in inner) fail(`${last} is there twice`);
    expect('=');
    spaces();
    inner[last] = value();
  };

  const root = {};
  let here = root;
  for (blank(); at < source.length; blank()) {
    const many = starts('[[');
    if (many || starts('[')) {
      at += many ? 2 : 1;
      const path = key();
      const last = path.pop();
      const inner = path.reduce(step, root);
      if (many) {
        (inner[last] ??= []).push((here = {}));
      } else {
        here = step(inner, last);
      }
      expect(many ? ']]' : ']');
    } else {
      assign(here);
    }
  }
  return root;
}
