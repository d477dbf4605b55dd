//! A workbook as a table: the cells' values as they were saved, no formula is computed and nothing is fetched.
//! What the archive unfolds into is counted before any of it is parsed.

use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use tessera_model::cells::restore;
use tessera_model::input::{InputError, InputErrorKind, Place};
use tessera_model::table::{MAX_COLUMNS, MAX_ROWS, Row, Table, id};

use super::sheet::MAX_CELL_BYTES;

/// Most bytes that all parts of a workbook may unfold into.
const MAX_UNFOLDED_BYTES: u64 = 96 << 20;
/// Most parts.
const MAX_PARTS: usize = 1_000;

/// The names of the worksheets.
pub(super) fn sheets(bytes: &[u8], file: &str) -> Result<Vec<String>, InputError> {
    Ok(open(bytes, &Place::file(file))?.sheet_names())
}

fn open<'b>(bytes: &'b [u8], place: &Place) -> Result<Xlsx<Cursor<&'b [u8]>>, InputError> {
    measure(bytes, place)?;
    open_workbook_from_rs(Cursor::new(bytes))
        .map_err(|_| place.error(InputErrorKind::BadWorkbook { message: "cannot be opened".into() }))
}

pub(super) fn read(bytes: &[u8], file: &str, sheet: Option<&str>) -> Result<Table, InputError> {
    let place = Place::file(file);
    let bad = |message: String| place.error(InputErrorKind::BadWorkbook { message });
    let mut workbook = open(bytes, &place)?;
    let names = workbook.sheet_names();
    let name = match sheet {
        Some(name) if names.iter().any(|known| known == name) => name.to_owned(),
        Some(name) => return Err(bad(format!("there is no worksheet `{name}`"))),
        None => names.first().cloned().ok_or_else(|| bad("there is no worksheet".into()))?,
    };
    let range = workbook.worksheet_range(&name).map_err(|_| bad("the worksheet cannot be read".into()))?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    let mut table = Table { place: place.clone(), columns: Vec::new(), rows: Vec::new() };
    if range.width() + first_column as usize > MAX_COLUMNS {
        return Err(place.error(InputErrorKind::TooLarge { what: "columns", most: MAX_COLUMNS }));
    }
    for (number, row) in (u64::from(first_row) + 1..).zip(range.rows()) {
        let here = place.row(number);
        let mut cells = Vec::with_capacity(row.len());
        for (index, cell) in row.iter().enumerate() {
            let column = table.columns.get(index).cloned().unwrap_or_else(|| (index + 1).to_string());
            cells.push(text(cell, &here.column(&column))?);
        }
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if table.columns.is_empty() {
            table.columns = header(cells, &here)?;
            continue;
        }
        if table.rows.len() == MAX_ROWS {
            return Err(here.error(InputErrorKind::TooLarge { what: "rows", most: MAX_ROWS }));
        }
        let beyond = cells.iter().skip(table.columns.len()).any(|cell| !cell.is_empty());
        if beyond {
            let (found, expected) = (cells.len() as u64, table.columns.len() as u64);
            return Err(here.error(InputErrorKind::Ragged { found, expected }));
        }
        cells.resize(table.columns.len(), String::new());
        table.rows.push(Row { number, cells });
    }
    if table.columns.is_empty() {
        return Err(place.error(InputErrorKind::Empty));
    }
    Ok(table)
}

/// Names of the columns; empty cells after the last name are no columns.
fn header(mut cells: Vec<String>, here: &Place) -> Result<Vec<String>, InputError> {
    while cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    for (index, name) in cells.iter().enumerate() {
        if name.is_empty() {
            return Err(here.column(&(index + 1).to_string()).error(InputErrorKind::NamelessColumn));
        }
        id(name, &here.column(name))?;
        if cells[..index].contains(name) {
            return Err(here.column(name).error(InputErrorKind::DuplicateColumn { name: name.clone() }));
        }
    }
    Ok(cells)
}

fn text(cell: &Data, here: &Place) -> Result<String, InputError> {
    let text = match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => restore(text.trim()),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number.to_string(),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(time) if time.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            match (hour, minute, second) {
                (0, 0, 0) => date,
                _ => format!("{date}T{hour:02}:{minute:02}:{second:02}"),
            }
        }
        Data::DateTime(duration) => duration.as_f64().to_string(),
        other => {
            let message = match other {
                Data::Error(error) => format!("a cell holds the error {error}"),
                _ => "a cell of an unknown kind".into(),
            };
            return Err(here.error(InputErrorKind::BadWorkbook { message }));
        }
    };
    if text.len() > MAX_CELL_BYTES {
        let kind = InputErrorKind::TooLarge { what: "bytes in a cell", most: MAX_CELL_BYTES };
        return Err(here.error(kind));
    }
    Ok(text)
}

/// Unfolds every part without keeping it: sizes that an archive states may lie.
fn measure(bytes: &[u8], place: &Place) -> Result<(), InputError> {
    let bad = |_| place.error(InputErrorKind::BadWorkbook { message: "not a whole archive".into() });
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(bad)?;
    if archive.len() > MAX_PARTS {
        return Err(place.error(InputErrorKind::TooLarge { what: "parts", most: MAX_PARTS }));
    }
    let mut left = MAX_UNFOLDED_BYTES;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(bad)?;
        let mut part = part.take(left + 1);
        let message = || InputErrorKind::BadWorkbook { message: "a part is damaged".into() };
        let read = std::io::copy(&mut part, &mut std::io::sink()).map_err(|_| place.error(message()))?;
        let most = usize::try_from(MAX_UNFOLDED_BYTES).unwrap_or(usize::MAX);
        let too_large = || place.error(InputErrorKind::TooLarge { what: "bytes, unfolded", most });
        left = left.checked_sub(read).ok_or_else(too_large)?;
    }
    Ok(())
}
