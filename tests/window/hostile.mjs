// What somebody who wishes harm may send in as an application: a payload in every text, and files that are not what they say.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

/** Each runs something, or asks a network for something, where text is taken for more than text. `port`: who listens. */
export function texts(port) {
  const mark = "window.__ran=(window.__ran||0)+1";
  const url = `http://127.0.0.1:${port}/text`;
  return [
    `<script>${mark};fetch("${url}")</script><img src="${url}" onerror="${mark}">`,
    `<svg onload="${mark}"><iframe srcdoc="<script>parent.${mark}</script>"></iframe><link rel=dns-prefetch href="//canary.example">`,
    `[read me](javascript:${mark}) ![](${url}) <a href="${url}" autofocus onfocus="${mark}">more</a>`,
    `<meta http-equiv=refresh content="0;url=${url}"><base href="${url}"><style>@import url(${url});*{background:url(${url})}</style>`,
    `{{constructor.constructor('${mark}')()}}\${${mark}}{@html "<img src=x onerror=${mark}>"}`,
    `\u202Efdp.sdrocer\u202C \u2066\u2067 ${'Z\u0351\u0352\u0353'.repeat(200)} \u200B\uFEFF ${'w'.repeat(4000)}`,
    `=HYPERLINK("${url}","open") @SUM(1+1)*cmd|' /C calc'!A0`,
  ];
}

/** Cells of RFC 4180, row by row. */
function rows(text) {
  const cells = [...text.matchAll(/("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/g)];
  const table = [[]];
  for (const [, cell, end] of cells) {
    table.at(-1).push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === '') break;
    if (end !== ',') table.push([]);
  }
  return table.filter((row) => row.length > 1);
}

const FREE = /^(full-name|name-latin|city|organisation|position|project|network-experience|experience|question-\d|english-evidence|media-\d|referee-\d|exception-reason)$/;

function pdf(objects) {
  let out = '%PDF-1.7\n';
  const at = objects.map((object, number) => {
    const offset = Buffer.byteLength(out, 'latin1');
    out += `${number + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = Buffer.byteLength(out, 'latin1');
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${at.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')}`;
  return Buffer.from(`${out}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`, 'latin1');
}

const PAGE = (contents, more = '') => [
  `<< /Type /Catalog /Pages 2 0 R ${more} >>`,
  '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
  '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << >> >>',
  contents,
];
const stream = (bytes, more = '') => `<< /Length ${bytes.length} ${more} >>\nstream\n${bytes.toString('latin1')}\nendstream`;

/** Files: a bomb, a script, a page tree that is its own child, a huge page, half a file, a picture that says it is enormous. */
export function files(port) {
  const bomb = deflateSync(deflateSync(Buffer.alloc(1 << 28)));
  const action = `/OpenAction << /S /JavaScript /JS (app.launchURL\\("http://127.0.0.1:${port}/pdf"\\)) >> /AA << /WC << /S /URI /URI (http://127.0.0.1:${port}/uri) >> >>`;
  const header = Buffer.alloc(33);
  header.write('\x89PNG\r\n\x1a\n', 'latin1');
  header.writeUInt32BE(13, 8);
  header.write('IHDR', 12, 'latin1');
  header.writeUInt32BE(60_000, 16);
  header.writeUInt32BE(60_000, 20);
  header.set([8, 6, 0, 0, 0], 24);
  const whole = pdf(PAGE(stream(Buffer.from('0 0 m 200 200 l S'))));
  return {
    'bomb.pdf': pdf(PAGE(stream(bomb, '/Filter [/FlateDecode /FlateDecode]'))),
    'script.pdf': pdf(PAGE(stream(Buffer.from('0 0 m 200 200 l S')), action)),
    'loop.pdf': pdf([...PAGE(stream(Buffer.from(' '))).slice(0, 1), '<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000 >>']),
    'huge.pdf': Buffer.from(whole.toString('latin1').replace('[0 0 200 200]', '[0 0 9e9 9e9]'), 'latin1'),
    'half.pdf': whole.subarray(0, 120),
    'wide.png': Buffer.concat([header, Buffer.from('0000000049444154', 'hex')]),
    'page.html': Buffer.from(`<!doctype html>${texts(port).join('\n')}`),
  };
}

/** Writes both over what the sample's applicants sent. */
export function spoil(folder, port) {
  const sheet = join(folder, 'applications.csv');
  const [head, ...table] = rows(readFileSync(sheet, 'utf8'));
  const payloads = texts(port);
  for (const [at, row] of table.entries()) {
    for (const [column, name] of head.entries()) if (FREE.test(name)) row[column] = payloads[(at + column) % payloads.length];
  }
  const cell = (text) => `"${text.replaceAll('"', '""')}"`;
  writeFileSync(sheet, [head, ...table].map((row) => row.map(cell).join(',')).join('\r\n'));
  const bad = files(port);
  const places = { 'cv.pdf': 'bomb.pdf', 'letters-1.pdf': 'script.pdf', 'letters-2.pdf': 'loop.pdf', 'network-proof.pdf': 'huge.pdf', 'media-1.pdf': 'half.pdf', 'media-2.png': 'wide.png', 'media-3.html': 'page.html' };
  const first = join(folder, 'attachments', table[0][head.indexOf('key')]);
  const listed = head.indexOf('attachments');
  for (const [name, which] of Object.entries(places)) writeFileSync(join(first, name), bad[which]);
  return { listed: table[0][listed], places };
}
