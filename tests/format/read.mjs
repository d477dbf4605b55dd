// A second reader of what Tessera writes, in another language and without a line of shared code: from
// shared/protocol/FORMAT.md alone it reads the committed vectors, and a bundle where one is given.
//
//   node tests/format/read.mjs [BUNDLE]

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Refused, decode, encode } from './codec.mjs';
import * as format from './types.mjs';

const { H, types } = format;
const vectors = (name) =>
  JSON.parse(readFileSync(new URL(`../../shared/protocol/vectors/${name}.json`, import.meta.url), 'utf8'));
const unhex = (text) => Buffer.from(text, 'hex');
const hex = (bytes) => bytes.toString('hex');
let checks = 0;
const same = (found, expected, what) => {
  assert.equal(Buffer.isBuffer(found) ? hex(found) : found, expected, what);
  checks += 1;
};

const read = new Map();
for (const { type, name, hex: text } of vectors('read')) {
  const value = decode(types[type] ?? assert.fail(`no type ${type}`), unhex(text));
  same(encode(types[type], value), text, `${type} ${name}`);
  read.set(`${type}: ${name}`, value);
}

for (const { type, why, hex: text } of vectors('refused')) {
  assert.throws(() => decode(types[type], unhex(text)), Refused, `${type}: ${why}`);
  checks += 1;
}

const derived = vectors('derived');
for (const { name, fields, hash } of derived.hashes) same(H(name, ...fields.map(unhex)), hash, name);
for (const { programme, kind, member, id } of derived.streams) {
  same(format.streamId(unhex(programme), kind, unhex(member ?? '')), id, kind);
}
for (const { context, payload, signed, key, signature } of derived.signatures) {
  same(format.signedBytes(context, unhex(payload)), signed, context);
  same(format.fits(unhex(key), context, unhex(payload), unhex(signature)), true, context);
  same(format.fits(unhex(key), `${context}s`, unhex(payload), unhex(signature)), false, context);
}
for (const { head, pack, received_ms, next } of derived.log) {
  same(format.nextHead(unhex(head), unhex(pack), received_ms), next, 'log');
}
same(H('invitation nonce', unhex(derived.commitment.nonce)), derived.commitment.hash, 'commitment');
const device = decode(types.device, unhex(derived.device.hex));
same(format.deviceId(device), derived.device.id, 'device id');
same(format.memberId(device), derived.device.member, 'member id');
const genesis = decode(types.link, unhex(derived.genesis.hex));
same(format.linkId(genesis), derived.genesis.id, 'link id');
same(format.linkId(genesis).subarray(0, 16), derived.genesis.programme, 'programme id');
same(format.frames(unhex(derived.frame))[0].bytes.toString(), 'abc', 'frame');

// What is signed, from the values that were read.
const keys = derived.payloads;
const author = unhex(keys.author);
const relay = unhex(keys.relay);
const asks = unhex(keys.device);
for (const name of ['items', 'a statement', 'a welcome']) {
  same(format.packFits(read.get(`pack: ${name}`), author), true, name);
}
const items = read.get('pack: items');
same(format.packId(items), derived.pack_id, 'pack id');
same(format.associatedData(items.header).length, derived.associated_data_bytes, 'associated data');
same(items.header.number, 129n, 'number');
same(items.header.opened.length, 2, 'openings');
same(items.body.toString(), 'sealed bytes', 'body');
same(format.receiptFits(read.get('receipt: of a pack'), relay), true, 'receipt');
same(format.witnessFits(read.get('witness: of a courier'), asks), true, 'witness');

const request = read.get('request: with everything');
const payload = format.requestPayload(relay, request.head.caller, 'POST', '/v1/exchange', format.requestHeadBytes(request));
same(payload, keys.request, 'what a device signs');
same(format.fits(asks, 'request', payload, request.signature), true, 'request');
const id = format.requestId(request);
same(id, keys.request_id, 'request id');
const answer = read.get('answer: with everything');
same(answer.head.request, keys.request_id, 'answer to the request');
same(format.fits(relay, 'answer', format.answerPayload(answer), answer.signature), true, 'answer');
const nothing = read.get('nothing new: at a place');
same(format.nothingPayload(id, nothing), keys.nothing_new, 'what a relay signs where nothing is new');
same(format.fits(relay, 'answer', format.nothingPayload(id, nothing), nothing.signature), true, 'nothing new');
const segment = read.get('segment: the last');
same(format.segmentPayload(id, segment), keys.segment, 'what a relay signs of a segment');
same(format.fits(relay, 'segment', format.segmentPayload(id, segment), segment.signature), true, 'segment');
const authorisation = read.get('authorisation: to fetch');
const range = Buffer.concat([format.eight(65_536), format.eight(0)]);
const fetch = format.requestPayload(relay, authorisation.caller, 'GET', keys.attachment_path, range);
same(fetch, keys.authorisation, 'what a device signs for an attachment');
same(format.fits(asks, 'request', fetch, authorisation.signature), true, 'authorisation');

// A bundle: whole, its packs signed by devices that its own charter and statements name.
if (process.argv[2]) {
  const file = readFileSync(process.argv[2]);
  const { head, packs, receipts } = format.readBundle(file);
  const known = new Map();
  const learn = (device) => known.set(hex(format.deviceId(device)), device.signing);
  for (const { header, body } of packs) {
    if (header.kind === 3) {
      for (const change of decode(types.link, body).changes) [...(change.devices ?? []), ...(change.code === 3 ? [change.device] : [])].forEach(learn);
    } else if (header.kind === 4) {
      const statement = decode(types.statement, body);
      if (statement.code === 2 || statement.code === 6) learn(statement.device);
    }
  }
  for (const pack of packs) {
    const key = known.get(hex(pack.header.device)) ?? assert.fail('a device that nothing names');
    same(format.packFits(pack, key), true, 'a pack of the bundle');
    same(pack.header.programme, hex(head.programme), 'the bundle\'s programme');
  }
  assert.throws(() => format.readBundle(file.subarray(0, file.length - 1)));
  const changed = Buffer.from(file);
  changed[changed.length >> 1] ^= 1;
  assert.throws(() => format.readBundle(changed));
  console.log(`bundle: ${packs.length} packs and ${receipts.length} receipts read and checked`);
}

console.log(`format: ${checks} checks by a second reader`);
