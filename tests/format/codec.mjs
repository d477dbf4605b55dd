// The codec of shared/protocol/FORMAT.md, written from that page alone. A type is a pair of functions: `read` takes
// a value off a cursor, `write` appends its bytes to an array. Whatever is wrong is thrown as `Refused`.

export class Refused extends Error {}

export const refuse = (why) => {
  throw new Refused(why);
};

export class Cursor {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  get left() {
    return this.bytes.length - this.at;
  }
  take(count) {
    if (count > this.left) refuse('the input ends');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
}

/** Reads a whole input as one value; the bytes must be the value's one encoding. */
export function decode(type, bytes) {
  const cursor = new Cursor(bytes);
  const value = type.read(cursor);
  if (cursor.left > 0) refuse('bytes follow the end');
  if (!encode(type, value).equals(Buffer.from(bytes))) refuse('another encoding of the same value');
  return value;
}

export function encode(type, value) {
  const parts = [];
  type.write(value, parts);
  return Buffer.concat(parts);
}

const writeNumber = (value, to) => {
  const bytes = [];
  for (value = BigInt(value); value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  to.push(Buffer.from([...bytes, Number(value)]));
};

const readNumber = (cursor, most) => {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = BigInt(cursor.take(1)[0]);
    value |= (byte & 0x7fn) << shift;
    if (byte & 0x80n) continue;
    if (byte === 0n && shift > 0n) refuse('a longer form of a number');
    if (value > most) refuse('a number above its limit');
    return value;
  }
  return refuse('a number without end');
};

const number = (bits) => ({
  read: (cursor) => readNumber(cursor, (1n << BigInt(bits)) - 1n),
  write: writeNumber,
});

export const u16 = number(16);
export const u32 = number(32);
export const u64 = number(64);

export const u8 = {
  read: (cursor) => cursor.take(1)[0],
  write: (value, to) => to.push(Buffer.from([value])),
};

/** One byte that is among the values given. */
export const among = (values, what) => ({
  read: (cursor) => {
    const value = u8.read(cursor);
    return values.includes(value) ? value : refuse(what);
  },
  write: u8.write,
});

export const bool = {
  read: (cursor) => [false, true][u8.read(cursor)] ?? refuse('neither yes nor no'),
  write: (value, to) => u8.write(Number(value), to),
};

/** That many bytes as they are. */
export const raw = (count) => ({
  read: (cursor) => Buffer.from(cursor.take(count)),
  write: (value, to) => to.push(value),
});

export const option = (type) => ({
  read: (cursor) => (bool.read(cursor) ? type.read(cursor) : null),
  write: (value, to) => {
    bool.write(value !== null, to);
    if (value !== null) type.write(value, to);
  },
});

const readCount = (cursor, most) => {
  const count = readNumber(cursor, BigInt(most));
  if (count > BigInt(cursor.left)) refuse('a count above what follows');
  return Number(count);
};

export const bytes = (most) => ({
  read: (cursor) => Buffer.from(cursor.take(readCount(cursor, most))),
  write: (value, to) => {
    writeNumber(value.length, to);
    to.push(value);
  },
});

export const list = (type, most) => ({
  read: (cursor) => Array.from({ length: readCount(cursor, most) }, () => type.read(cursor)),
  write: (values, to) => {
    writeNumber(values.length, to);
    for (const value of values) type.write(value, to);
  },
});

const rises = (type) => (before, after) =>
  typeof after === 'bigint' ? before < after : Buffer.compare(encode(type, before), encode(type, after)) < 0;

/** A list in strictly rising order of `key`. */
const rising = (type, keyType, key, most) => ({
  read: (cursor) => {
    const values = list(type, most).read(cursor);
    const inOrder = rises(keyType);
    for (let at = 1; at < values.length; at += 1) {
      if (!inOrder(key(values[at - 1]), key(values[at]))) refuse('not in rising order');
    }
    return values;
  },
  write: list(type, most).write,
});

export const set = (type, most) => rising(type, type, (value) => value, most);

export const struct = (fields) => ({
  read: (cursor) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, type]) => {
        try {
          return [name, type.read(cursor)];
        } catch (error) {
          if (error instanceof Refused) error.message = `${name}: ${error.message}`;
          throw error;
        }
      }),
    ),
  write: (value, to) => {
    for (const [name, type] of Object.entries(fields)) type.write(value[name], to);
  },
});

export const map = (key, value, most) => rising(struct({ key, value }), key, (entry) => entry.key, most);

/** A type with a rule of its own: `why` returns what is wrong with a value, or nothing. */
export const checked = (type, why) => ({
  read: (cursor) => {
    const value = type.read(cursor);
    const wrong = why(value);
    return wrong ? refuse(wrong) : value;
  },
  write: type.write,
});

/** Values behind a code and the length of their contents; unknown codes are kept as they are. */
export const tagged = (kinds) => ({
  read: (cursor) => {
    const code = u8.read(cursor);
    if (!kinds[code]) return { code, unknown: bytes(65_536).read(cursor) };
    const inner = new Cursor(bytes(262_144).read(cursor));
    const value = { code, ...kinds[code].read(inner) };
    return inner.left > 0 ? refuse('contents longer than the value') : value;
  },
  write: (value, to) => {
    u8.write(value.code, to);
    bytes(0).write(value.unknown ?? encode(kinds[value.code], value), to);
  },
});

/** Values behind a code alone. */
export const variant = (kinds, what) => ({
  read: (cursor) => {
    const code = u8.read(cursor);
    return kinds[code] ? { code, value: kinds[code].read(cursor) } : refuse(what);
  },
  write: ({ code, value }, to) => {
    u8.write(code, to);
    kinds[code].write(value, to);
  },
});
