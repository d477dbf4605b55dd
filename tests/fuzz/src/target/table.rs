//! Tables of applications that came from anywhere: CSV, JSON, workbooks, and files beside them. The first byte says which
//! part of a workbook the others are, or that they are the whole file, or a file that an application names.

use std::io::{Cursor, Write};
use std::sync::OnceLock;

use tessera_engine::intake::{Mapping, look, prepare, read_table};
use tessera_model::programme::Programme;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const ROOT: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const LINKS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#;
const SHEET: &str = r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row><row r="2"><c r="A2"><v>7</v></c><c r="B2" s="1"><v>29281</v></c></row></sheetData></worksheet>"#;
const STRINGS: &str = r#"<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="2" uniqueCount="2"><si><t>key</t></si><si><t>full-name</t></si></sst>"#;
const STYLES: &str = r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/></numFmts><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;
const PARTS: [(&str, &str); 6] = [
    ("xl/worksheets/sheet1.xml", SHEET),
    ("xl/sharedStrings.xml", STRINGS),
    ("xl/styles.xml", STYLES),
    ("xl/workbook.xml", BOOK),
    ("xl/_rels/workbook.xml.rels", LINKS),
    ("_rels/.rels", ROOT),
];

pub(crate) fn feed(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let which = usize::from(which % 8);
    match which {
        0 => table(bytes),
        7 => file(bytes),
        part => drop(workbook(part - 1, bytes).map(|bytes| table(&bytes))),
    }
}

fn table(bytes: &[u8]) {
    let Ok(table) = read_table(bytes, "table", None) else { return };
    let width = table.columns.len();
    assert!(table.rows.iter().all(|row| row.cells.len() == width), "a row of another width");
    let key = table.columns.first().cloned().unwrap_or_default();
    if let Ok(prepared) = prepare(&table, programme(), &key, &Mapping::default()) {
        assert!(prepared.rows.len() <= table.rows.len());
    }
}

/// The first byte is the length of the name.
fn file(bytes: &[u8]) {
    let Some((length, bytes)) = bytes.split_first() else { return };
    let (name, bytes) = bytes.split_at(usize::from(*length).min(bytes.len()));
    let name = String::from_utf8_lossy(name);
    let asked = programme().attachments.first();
    let tail = &bytes[bytes.len() / 2..];
    drop((look(&name, None, bytes, tail), look(&name, asked, bytes, tail)));
}

/// A workbook one of whose parts is this.
fn workbook(part: usize, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (at, (name, usual)) in PARTS.iter().enumerate() {
        archive.start_file(*name, options).ok()?;
        archive.write_all(if at == part { bytes } else { usual.as_bytes() }).ok()?;
    }
    Some(archive.finish().ok()?.into_inner())
}

fn programme() -> &'static Programme {
    static PROGRAMME: OnceLock<Programme> = OnceLock::new();
    PROGRAMME.get_or_init(tessera_tests::homes::programme)
}

/// Each part of a workbook, a whole one, tables, and heads of files.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let parts = (1_u8..).zip(PARTS).map(|(which, (_, part))| [&[which], part.as_bytes()].concat());
    let whole = workbook(usize::MAX, &[]).unwrap_or_default();
    let tables: [&[u8]; 4] = [
        &whole,
        b"key,full-name,years\r\nA1,\"Ana, \"\"A\"\"\",12\r\nA2,Ben,\r\n",
        b"\xef\xbb\xbf[{\"key\":\"A1\",\"full-name\":\"Ana\",\"years\":12,\"more\":[\"x\",true,null]}]",
        b"{\"key\":\"A1\",\"years\":1e3}\n{\"key\":\"A2\"}\n",
    ];
    let files: [(&str, &[u8]); 5] = [
        ("cv.pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<<>>\n%%EOF\n"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06\0\0\0"),
        ("a.jpg", b"\xff\xd8\xff\xe1\0\x1aExif\0\0II*\0\x08\0\0\0\x01\0%\x88\x04\0\x01\0\0\0\xff\xc0\0\x11\x08\x01\0\x01\0\x03"),
        ("a.docx", b"PK\x03\x04\x14\0\x06\0\x08\0word/document.xml"),
        ("a.txt", b"plain words\n"),
    ];
    let files = files.map(|(name, bytes)| {
        [&[7, u8::try_from(name.len()).unwrap_or_default()], name.as_bytes(), bytes].concat()
    });
    parts.chain(tables.map(|table| [&[0], table].concat())).chain(files).collect()
}
