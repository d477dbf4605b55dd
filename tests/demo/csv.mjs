// CSV as RFC 4180 has it, into one object for each row; and the apostrophes taken back that keep a spreadsheet from
// running a cell.

export function parseCsv(text) {
  const rows = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  cell.lastIndex = text.startsWith('\ufeff') ? 1 : 0;
  while (cell.lastIndex < text.length) {
    const start = cell.lastIndex;
    const found = cell.exec(text);
    if (!found) throw new Error(`row ${rows.length}: not a cell at character ${start}`);
    rows.at(-1).push(found[1]?.replaceAll('""', '"') ?? found[2]);
    if (found[3] === ',' && cell.lastIndex === text.length) rows.at(-1).push('');
    if (found[3].endsWith('\n') && cell.lastIndex < text.length) rows.push([]);
  }
  const [header, ...rest] = rows;
  return rest.map((cells, index) => {
    if (cells.length !== header.length) throw new Error(`row ${index + 2}: ${cells.length} cells, not ${header.length}`);
    return Object.fromEntries(header.map((name, column) => [restored(name.trim()), restored(cells[column].trim())]));
  });
}

const restored = (text) =>
  text.replace(/(^|[,;|"\t\r\n；，])([ \u00a0]*)'(?='*[=+\-@|\t\r＝＋－＠｜−])/g, '$1$2');
