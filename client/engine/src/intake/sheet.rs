//! A file of any of the three forms as one table: CSV, a workbook, JSON. What a file is follows from its first
//! bytes, not from its name.

use tessera_model::input::{InputError, InputErrorKind, Place};
use tessera_model::table::{MAX_FILE_BYTES, Table};

use super::{json, xlsx};

/// Longest cell that is read at all, in bytes; what a document can hold is checked row by row.
pub(super) const MAX_CELL_BYTES: usize = 1 << 20;

/// Reads a table. `sheet` names the worksheet of a workbook; without it the first one is read.
///
/// # Errors
/// [`InputError`] naming row and column.
pub fn read_table(bytes: &[u8], file: &str, sheet: Option<&str>) -> Result<Table, InputError> {
    if bytes.len() > MAX_FILE_BYTES {
        let kind = InputErrorKind::TooLarge { what: "bytes", most: MAX_FILE_BYTES };
        return Err(Place::file(file).error(kind));
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return xlsx::read(bytes, file, sheet);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[' | b'{') => json::read(text, file),
        _ => Table::read(bytes, file, MAX_CELL_BYTES),
    }
}

/// The names of a workbook's worksheets; none of a file of another form.
///
/// # Errors
/// [`InputError`] where a workbook cannot be opened.
pub fn sheets(bytes: &[u8], file: &str) -> Result<Vec<String>, InputError> {
    if bytes.starts_with(b"PK\x03\x04") { xlsx::sheets(bytes, file) } else { Ok(Vec::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(table: &Table) -> Vec<Vec<&str>> {
        table.rows.iter().map(|row| row.cells.iter().map(String::as_str).collect()).collect()
    }

    #[test]
    fn the_three_forms_read_alike() {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        for (column, name) in [(0, "key"), (1, "name"), (2, "years"), (3, "born")] {
            sheet.write_string(0, column, name).unwrap();
        }
        sheet.write_string(1, 0, "A1").unwrap();
        sheet.write_string(1, 1, "Żaneta, \"Ż\"").unwrap();
        sheet.write_number(1, 2, 12.0).unwrap();
        let day = rust_xlsxwriter::ExcelDateTime::from_ymd(1980, 2, 29).unwrap();
        let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_datetime_with_format(1, 3, &day, &format).unwrap();
        let xlsx = workbook.save_to_buffer().unwrap();
        let csv = "\u{feff}key,name,years,born\r\nA1,\"Żaneta, \"\"Ż\"\"\",12,1980-02-29\r\n";
        let json = r#"[{"key":"A1","name":"Żaneta, \"Ż\"","years":12,"born":"1980-02-29"}]"#;
        let lines = "{\"key\":\"A1\",\"name\":\"Żaneta, \\\"Ż\\\"\",\"years\":12,\"born\":\"1980-02-29\"}\n";
        for bytes in [csv.as_bytes(), &xlsx, json.as_bytes(), lines.as_bytes()] {
            let table = read_table(bytes, "a", None).unwrap();
            assert_eq!(table.columns, ["key", "name", "years", "born"]);
            assert_eq!(cells(&table), [["A1", "Żaneta, \"Ż\"", "12", "1980-02-29"]]);
        }
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_place() {
        fn check(bytes: &[u8], code: &str, row: Option<u64>) {
            let error = read_table(bytes, "a", None).unwrap_err();
            assert_eq!((error.kind.code(), error.place.row), (code, row), "{error}");
        }
        check(b"", "input-empty", None);
        check(b"a,b\n1,\xff\n", "input-not-utf8", Some(2));
        check(b"PK\x03\x04 no workbook", "workbook-bad", None);
        check(b"[{\"key\":\"A\"},{\"key\":[[1]]}]", "input-not-json", Some(2));
        check(b"[{\"key\":\"A\",\"key\":\"B\"}]", "column-duplicate", Some(1));
        check(b"[{\"key\":\"\\ud800\"}]", "input-not-json", Some(1));
        check(b"[1]", "input-not-json", None);
        check(&b"[".repeat(100_000), "input-not-json", None);
    }

    #[test]
    fn h08_a_workbook_that_unfolds_into_too_much_is_refused() {
        use std::io::Write as _;
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file("xl/sharedStrings.xml", options).unwrap();
        let zeros = vec![0; 1 << 20];
        for _ in 0..100 {
            archive.write_all(&zeros).unwrap();
        }
        let bytes = archive.finish().unwrap().into_inner();
        assert!(bytes.len() < 1 << 20, "{}", bytes.len());
        let error = read_table(&bytes, "bomb.xlsx", None).unwrap_err();
        assert_eq!(error.kind.code(), "input-too-large");
    }
}
