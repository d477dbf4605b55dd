// Every structure of shared/protocol/FORMAT.md, in the order of that page.

import { createHash, createPublicKey, verify as verifyEd25519 } from 'node:crypto';
import {
  among, bool, bytes, checked, decode, encode, list, map, option, raw, set, struct, tagged, u16, u32, u64, u8, variant,
} from './codec.mjs';

const length = (part) => {
  const eight = Buffer.alloc(8);
  eight.writeBigUInt64LE(BigInt(part.length));
  return eight;
};

const prefixed = (parts) => Buffer.concat(parts.flatMap((part) => [length(Buffer.from(part)), Buffer.from(part)]));

/** H(name, f₁, …). */
export const H = (name, ...fields) => createHash('sha256').update(prefixed([name, ...fields])).digest();

export const eight = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

/** The bytes under a signature. */
export const signedBytes = (context, payload) => prefixed(['tessera/1', context, payload]);

const spki = Buffer.from('302a300506032b6570032100', 'hex');

export const fits = (key, context, payload, signature) => {
  const publicKey = createPublicKey({ key: Buffer.concat([spki, key]), format: 'der', type: 'spki' });
  return verifyEd25519(null, signedBytes(context, payload), publicKey, signature);
};

// The points of small order, and what is no canonical encoding of a point's y: a reader's least check of a key.
const p = (1n << 255n) - 19n;
const smallOrder = new Set([
  0n, 1n, p - 1n,
  BigInt('0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7'),
  BigInt('0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826'),
]);

const publicKey = checked(raw(32), (key) => {
  const y = BigInt('0x' + Buffer.from(key).reverse().toString('hex')) & ((1n << 255n) - 1n);
  if (y >= p) return 'not the canonical encoding of a point';
  return smallOrder.has(y) ? 'a point of small order' : null;
});

const recipient = struct({ algorithm: u8, key: bytes(2048) });
const device = struct({
  form: among([0, 1], 'a form that is none'),
  signing: publicKey,
  recipients: list(recipient, 4),
});

const position = struct({ incarnation: raw(8), sequence: u64, head: raw(32) });
const opening = struct({ stream: raw(16), despite: set(raw(32), 64) });
const version = among([1], 'another version');

const zeros = (value) => value.every((byte) => byte === 0);

const header = checked(
  struct({
    version,
    suite: u8,
    kind: u8,
    programme: raw(16),
    stream: raw(16),
    key: raw(32),
    device: raw(16),
    incarnation: raw(8),
    number: u64,
    previous: set(raw(32), 64),
    seen: option(position),
    opened: list(opening, 1024),
    closed: set(raw(16), 1024),
    recipients: option(raw(32)),
    padded: u32,
    root: raw(32),
    body: raw(32),
  }),
  (header) => {
    if (header.number === 0n) return 'number 0';
    if ((header.number === 1n) !== (header.previous.length === 0)) return 'number against previous';
    if (header.padded > 262_144n) return 'padded length';
    if ([2, 3, 4].includes(header.kind) && !(zeros(header.key) && zeros(header.root))) return 'a key of what is clear';
    if (header.kind === 1 && zeros(header.key)) return 'no key of what is sealed';
    return (header.kind === 2) === (header.recipients !== null) ? null : 'recipients';
  },
);

const pack = checked(struct({ header, signature: raw(64), body: bytes(262_144) }), (pack) =>
  H('body', pack.body).equals(pack.header.body) ? null : 'a body that the header does not name',
);

export const packId = (pack) => H('pack', encode(header, pack.header));

const frontier = checked(map(raw(32), set(raw(32), 256), 131_072), (chains) =>
  chains.every((chain) => chain.value.length > 0) ? null : 'a chain without a tip',
);

const roles = among([0, 1, 2, 3], 'roles');

const change = tagged({
  1: struct({ member: raw(16), roles, devices: list(device, 64) }),
  2: struct({ member: raw(16), roles, cut: frontier }),
  3: struct({ member: raw(16), device }),
  4: struct({ device: raw(16), cut: frontier }),
  5: struct({ key: publicKey, spare: bool }),
  6: struct({ key: publicKey }),
  7: struct({ threshold: u8, count: u16 }),
  8: struct({ member: raw(16) }),
  9: struct({ member: raw(16) }),
  10: struct({ floor: u8 }),
});

const link = struct({ parents: set(raw(32), 64), nonce: raw(16), demo: bool, changes: list(change, 256) });

const target = variant({ 0: raw(16), 1: raw(16) }, 'a target that is none');

const statement = tagged({
  1: struct({ invitation: raw(16), commitment: raw(32) }),
  2: struct({ invitation: raw(16), device, nonce: raw(32) }),
  3: struct({ target, cut: frontier }),
  4: struct({ suspension: raw(32) }),
  5: struct({ member: raw(16), cut: frontier }),
  6: struct({ member: raw(16), device }),
  7: struct({ device: raw(16), cut: frontier, keep: set(raw(16), 64) }),
  8: struct({ round: raw(16), frontier }),
  9: struct({
    list: raw(32),
    predecessor: option(raw(32)),
    holder: raw(16),
    ballots: list(struct({ device: raw(16), signature: raw(64) }), 64),
  }),
  10: struct({ streams: set(raw(16), 4096), attachments: set(raw(32), 4096) }),
});

const receipt = struct({
  programme: raw(16),
  incarnation: raw(8),
  sequence: u64,
  pack: raw(32),
  received: u64,
  head: raw(32),
  signature: raw(64),
});

const caller = struct({ programme: raw(16), device: raw(16), incarnation: raw(8), counter: u64 });
const cursor = struct({ incarnation: raw(8), sequence: u64, head: raw(16), progress: bytes(64) });
const classes = checked(u8, (bits) => (bits < 64 ? null : 'a class that is none'));

const requestHead = checked(
  struct({
    version,
    caller,
    cursor,
    budget: u64,
    wanted: classes,
    have: option(frontier),
    asked: list(raw(32), 4096),
    packs: u32,
    packBytes: u64,
  }),
  (head) => (head.packs <= 4096n && head.packBytes <= 8n << 20n ? null : 'more packs than fit a request'),
);
const request = struct({ head: requestHead, signature: raw(64) });
const refusal = checked(u8, (code) => (code >= 1 && code <= 11 ? null : 'a refusal that is none'));

const answerHead = struct({
  request: raw(32),
  newest: position,
  cursorKnown: bool,
  receipts: list(receipt, 4096),
  refused: list(struct({ pack: raw(32), refusal }), 4096),
  frontier: option(frontier),
  announcedPacks: u64,
  announcedBytes: u64,
  leftPacks: u64,
  leftBytes: u64,
});
const answer = struct({ head: answerHead, signature: raw(64) });
const nothing = struct({ newest: position, signature: raw(64) });
const pulled = struct({ sequence: u64, received: u64, pack });
const segment = struct({ index: u32, last: bool, cursor, pulled: list(pulled, 1024), signature: raw(64) });
const authorisation = struct({ caller, signature: raw(64) });

const bundleHead = checked(
  struct({
    version,
    programme: raw(16),
    set: raw(16),
    part: u32,
    parts: u32,
    addressee: option(raw(16)),
    from: raw(16),
    contents: frontier,
    packs: u32,
    packBytes: u64,
  }),
  (head) => (head.part >= 1n && head.part <= head.parts && head.parts <= 1024n ? null : 'part of a bundle'),
);
const witness = struct({
  device: raw(16),
  packs: list(raw(32), 4096),
  claimed: u64,
  newest: option(position),
  signature: raw(64),
});
const chunk = struct({ stream: raw(16), attachment: raw(32), from: u64, total: u64, bytes: bytes(262_144) });
const entry = variant({ 1: pack, 2: receipt, 3: witness, 4: chunk, 5: raw(32) }, 'an entry that is none');

/** Types by the names that the vectors use. */
export const types = {
  u8, u16, u32, u64, bool, position, frontier, recipient, device, roles, classes, refusal, header, pack, change, link,
  statement, receipt, cursor, request, answer, segment, authorisation, witness, entry,
  'option u64': option(u64),
  bytes: bytes(8),
  'list of u64': list(u64, 8),
  'set of u16': set(u16, 8),
  'map of u16 to bool': map(u16, bool, 8),
  'public key': publicKey,
  class: checked(u8, (code) => (code < 6 ? null : 'a class that is none')),
  'nothing new': nothing,
  'bundle head': bundleHead,
  hash: raw(32),
  'key id': raw(32),
  signature: raw(64),
};

const without = (type, value, count) => {
  const bytes = encode(type, value);
  return bytes.subarray(0, bytes.length - count);
};

export const deviceId = (value) => H('device', encode(device, value)).subarray(0, 16);
export const memberId = (value) => H('member', encode(device, value)).subarray(0, 16);
export const streamId = (programme, kind, member = '') => H('stream', programme, kind, member).subarray(0, 16);
export const linkId = (value) => H('link', encode(link, value));
export const associatedData = (value) => without(header, value, 32);
export const packFits = (value, key) => fits(key, 'pack', encode(header, value.header), value.signature);
export const receiptFits = (value, relay) => fits(relay, 'receipt', without(receipt, value, 64), value.signature);
export const witnessFits = (value, key) => fits(key, 'witness', without(witness, value, 64), value.signature);
export const nextHead = (head, pack, received) => H('log', head, pack, eight(received));

export const requestPayload = (relay, who, method, path, body) =>
  H('request', relay, encode(caller, who), method, path, H('request body', body));
export const requestHeadBytes = (value) => encode(requestHead, value.head);
export const requestId = (value) => H('asked', encode(request, value));
export const answerPayload = (value) => encode(answerHead, value.head);
export const nothingPayload = (id, value) => H('nothing new', id, encode(position, value.newest));
export const segmentPayload = (id, value) => {
  const place = Buffer.concat([encode(u32, value.index), encode(cursor, value.cursor)]);
  const packs = value.pulled.flatMap((one) => [encode(u64, one.sequence), encode(u64, one.received), packId(one.pack)]);
  return H('segment', id, Buffer.from([Number(value.last)]), place, Buffer.concat(packs));
};

/** Cuts a body or file into its frames. */
export function frames(bytes) {
  const all = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw new Error('half a length');
    const end = at + 4 + bytes.readUInt32LE(at);
    if (end > bytes.length) throw new Error('half a frame');
    all.push({ start: at, bytes: bytes.subarray(at + 4, end) });
    at = end;
  }
  return all;
}

/** Reads a bundle, whole or not at all. */
export function readBundle(file) {
  const magic = Buffer.from('tessera bundle\r\n');
  if (!file.subarray(0, 16).equals(magic)) throw new Error('no bundle');
  const [first, ...rest] = frames(file.subarray(16));
  const head = decode(bundleHead, first.bytes);
  const entries = rest.map((frame) => ({ start: frame.start + 16, ...decode(entry, frame.bytes) }));
  const end = entries.at(-1);
  if (end?.code !== 5 || entries.filter(({ code }) => code === 5).length !== 1) throw new Error('no end');
  if (!end.value.equals(H('bundle', file.subarray(0, end.start)))) throw new Error('another sum');
  const packs = entries.filter(({ code }) => code === 1).map(({ value }) => value);
  if (BigInt(packs.length) !== head.packs) throw new Error('another number of packs');
  return { head, packs, receipts: entries.filter(({ code }) => code === 2).map(({ value }) => value) };
}
