//! JSON as a table: an array of objects, or one object a line. Every value is one cell: a text, a number, true or
//! false, null; a list of such values is joined with `; `.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use tessera_model::input::{InputError, InputErrorKind, Place};
use tessera_model::table::{MAX_COLUMNS, MAX_ROWS, Row, Table, id};

use super::sheet::MAX_CELL_BYTES;

/// The fields of one object, in its order.
struct Object(Vec<(String, Cell)>);

/// One value as text.
struct Cell(String);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object for each application")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    if fields.len() == MAX_COLUMNS {
                        return Err(A::Error::custom("too many fields"));
                    }
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value {
            in_list: bool,
        }
        impl<'de> Visitor<'de> for Value {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, true, false, null or a list of these")
            }
            fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell(text.to_owned()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
                Ok(Cell(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
                Ok(Cell(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
                Ok(Cell(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
                Ok(Cell(value.to_string()))
            }
            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell(String::new()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell, A::Error> {
                if self.in_list {
                    return Err(A::Error::custom("a list in a list"));
                }
                let mut cells = Vec::new();
                while let Some(Inner(Cell(cell))) = list.next_element()? {
                    cells.push(cell);
                }
                Ok(Cell(cells.join("; ")))
            }
        }
        struct Inner(Cell);
        impl<'de> Deserialize<'de> for Inner {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Value { in_list: true }).map(Inner)
            }
        }
        deserializer.deserialize_any(Value { in_list: false })
    }
}

/// Reads the table; `row` of an error counts objects from 1.
pub(super) fn read(bytes: &[u8], file: &str) -> Result<Table, InputError> {
    let place = Place::file(file);
    let text = std::str::from_utf8(bytes).map_err(|_| place.error(InputErrorKind::NotUtf8))?;
    let mut table = Table { place: place.clone(), columns: Vec::new(), rows: Vec::new() };
    let mut number = 0;
    let mut take = |object: Object| {
        number += 1;
        add(&mut table, object, number)
    };
    let not_json = |row: Option<u64>, error: &serde_json::Error| {
        let message = format!("line {}, column {}: {}", error.line(), error.column(), kind(error));
        Place { row, ..place.clone() }.error(InputErrorKind::NotJson { message })
    };
    if text.trim_start().starts_with('[') {
        // Twice, so that the place of a bad object is known: first as raw pieces, then each alone.
        let pieces: Vec<&serde_json::value::RawValue> =
            serde_json::from_str(text).map_err(|error| not_json(None, &error))?;
        for (row, piece) in (1..).zip(pieces) {
            let whole = piece.get().trim_start().starts_with('{');
            let row = Some(row).filter(|_| whole);
            take(serde_json::from_str(piece.get()).map_err(|error| not_json(row, &error))?)?;
        }
    } else {
        for (row, object) in (1..).zip(serde_json::Deserializer::from_str(text).into_iter::<Object>()) {
            take(object.map_err(|error| not_json(Some(row), &error))?)?;
        }
    }
    if table.columns.is_empty() {
        return Err(place.error(InputErrorKind::Empty));
    }
    for row in &mut table.rows {
        row.cells.resize(table.columns.len(), String::new());
    }
    Ok(table)
}

/// What is wrong, without a piece of the file in it.
fn kind(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "the file ends too early",
        serde_json::error::Category::Data => "a value of another kind than a table has",
        _ => "a mistake in the writing",
    }
}

fn add(table: &mut Table, object: Object, number: u64) -> Result<(), InputError> {
    let here = table.place.row(number);
    if table.rows.len() == MAX_ROWS {
        return Err(here.error(InputErrorKind::TooLarge { what: "rows", most: MAX_ROWS }));
    }
    let mut cells = vec![None; table.columns.len()];
    for (name, Cell(cell)) in object.0 {
        let at = here.column(&name);
        if cell.len() > MAX_CELL_BYTES {
            let kind = InputErrorKind::TooLarge { what: "bytes in a cell", most: MAX_CELL_BYTES };
            return Err(at.error(kind));
        }
        let index = match table.column(&name) {
            Some(index) => index,
            None if table.columns.len() == MAX_COLUMNS => {
                return Err(at.error(InputErrorKind::TooLarge { what: "columns", most: MAX_COLUMNS }));
            }
            None => {
                table.columns.push(id(&name, &at)?);
                cells.push(None);
                cells.len() - 1
            }
        };
        if cells[index].replace(cell.trim().to_owned()).is_some() {
            return Err(at.error(InputErrorKind::DuplicateColumn { name }));
        }
    }
    let cells: Vec<String> = cells.into_iter().map(Option::unwrap_or_default).collect();
    if cells.iter().any(|cell| !cell.is_empty()) {
        table.rows.push(Row { number, cells });
    }
    Ok(())
}
