//! The operations of one change: its fourteen possible columns put together and judged one by one.
//!
//! Values are checked and measured here but not kept; nothing here looks at the document.

use std::ops::Range;
use std::sync::Arc;

use tessera_defence::defence;

use super::columns::{boolean, delta, run_length, unsigned};
use super::reader::Reader;
use super::values::{NULL, ValueShape, read_value};
use super::{GuardError, Limits, bounded};

/// An operation's id as the change writes it: number, and index into the change's actor table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OpId {
    pub(crate) counter: u32,
    pub(crate) actor: u16,
}

/// Where in its object an operation acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// A key of a map.
    Map(Arc<str>),
    /// Before the first element of a sequence; insertions only.
    Head,
    /// An element of a sequence; an insertion goes after it.
    Element(OpId),
}

/// A kind of object that operations act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerKind {
    /// Named values.
    Map,
    /// An ordered sequence of values or maps.
    List,
    /// A text that several people edit at once.
    Text,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Puts a value; `one_char` where it is a text of exactly one character.
    Set { one_char: bool },
    /// Removes what its predecessors put.
    Delete,
    /// Makes an object.
    Make(ContainerKind),
}

/// One operation without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// The object, or none for the root map.
    pub(crate) object: Option<OpId>,
    pub(crate) key: Key,
    pub(crate) insert: bool,
    pub(crate) kind: Kind,
    /// Its predecessors, as a range of the change's list of them.
    pub(crate) preds: Range<u32>,
}

/// What [`Columns::read`] gives.
pub(super) struct Read {
    pub(super) operations: Vec<Operation>,
    pub(super) preds: Vec<OpId>,
}

/// Specification numbers: (column id << 4) | type.
mod spec {
    pub(super) const OBJ_ACTOR: u32 = 0x01;
    pub(super) const OBJ_COUNTER: u32 = 0x02;
    pub(super) const KEY_ACTOR: u32 = 0x11;
    pub(super) const KEY_COUNTER: u32 = 0x13;
    pub(super) const KEY_STRING: u32 = 0x15;
    pub(super) const INSERT: u32 = 0x34;
    pub(super) const ACTION: u32 = 0x42;
    pub(super) const VALUE_META: u32 = 0x56;
    pub(super) const VALUE: u32 = 0x57;
    pub(super) const PRED_COUNT: u32 = 0x70;
    pub(super) const PRED_ACTOR: u32 = 0x71;
    pub(super) const PRED_COUNTER: u32 = 0x73;
    /// The bit that marks a column as compressed.
    pub(super) const DEFLATE: u32 = 0x08;
}

const MAX_COLUMNS: u64 = 12;

/// The columns of a change, each a slice of it; empty where left out.
#[derive(Default)]
pub(super) struct Columns<'a> {
    obj_actor: &'a [u8],
    obj_counter: &'a [u8],
    key_actor: &'a [u8],
    key_counter: &'a [u8],
    key_string: &'a [u8],
    insert: &'a [u8],
    action: &'a [u8],
    value_meta: &'a [u8],
    value: &'a [u8],
    pred_count: &'a [u8],
    pred_actor: &'a [u8],
    pred_counter: &'a [u8],
}

impl<'a> Columns<'a> {
    /// Reads the column table and splits what follows; nothing may be left over.
    pub(super) fn split(mut reader: Reader<'a>, limits: &Limits) -> Result<Self, GuardError> {
        let count = reader.uleb()?;
        bounded("columns", count, MAX_COLUMNS)?;
        let mut table: Vec<(u32, u64)> = Vec::new();
        for _ in 0..count {
            let raw = reader.uleb()?;
            let spec = u32::try_from(raw).map_err(|_| GuardError::Number("column"))?;
            if !defence!(H02, spec & spec::DEFLATE == 0) {
                return Err(GuardError::Deflated(spec));
            }
            if table.last().is_some_and(|(last, _)| *last >= spec) {
                return Err(GuardError::Column(spec));
            }
            let length = reader.uleb()?;
            bounded("column bytes", length, limits.max_bytes as u64)?;
            if length == 0 {
                return Err(GuardError::NotCanonical("empty column"));
            }
            table.push((spec, length));
        }
        let mut columns = Self::default();
        for (spec, length) in table {
            let slot = match spec {
                spec::OBJ_ACTOR => &mut columns.obj_actor,
                spec::OBJ_COUNTER => &mut columns.obj_counter,
                spec::KEY_ACTOR => &mut columns.key_actor,
                spec::KEY_COUNTER => &mut columns.key_counter,
                spec::KEY_STRING => &mut columns.key_string,
                spec::INSERT => &mut columns.insert,
                spec::ACTION => &mut columns.action,
                spec::VALUE_META => &mut columns.value_meta,
                spec::VALUE => &mut columns.value,
                spec::PRED_COUNT => &mut columns.pred_count,
                spec::PRED_ACTOR => &mut columns.pred_actor,
                spec::PRED_COUNTER => &mut columns.pred_counter,
                unknown => return Err(GuardError::Column(unknown)),
            };
            *slot = reader.take_u64(length)?;
        }
        if !reader.is_empty() {
            return Err(GuardError::Trailing("columns"));
        }
        Ok(columns)
    }

    /// Decodes and judges every operation. All columns are counted before any two are put together.
    pub(super) fn read(
        &self,
        limits: &Limits,
        actors: usize,
        start_op: u64,
        containers: bool,
    ) -> Result<Read, GuardError> {
        let cap = limits.max_ops;
        let action = required(unsigned("action", present("action", self.action)?, cap, false)?)?;
        let count = action.len();
        if count == 0 {
            return Err(GuardError::Empty);
        }
        let insert = boolean("insert", present("insert", self.insert)?, cap)?;
        agree("insert", insert.len(), count)?;
        let values = self.read_values(limits, count)?;
        let keys = self.read_keys(limits, count)?;
        let objects = self.read_objects(limits, count)?;
        let (ranges, preds) = self.read_preds(limits, count)?;

        let operations: Vec<Operation> = (0..count)
            .map(|index| Operation {
                object: objects[index],
                key: keys[index].clone(),
                insert: insert[index],
                kind: kind_of(action[index], &values[index]),
                preds: ranges[index].clone(),
            })
            .collect();
        for (index, operation) in operations.iter().enumerate() {
            judge(operation, action[index], &values[index], containers || limits.list_items, containers)
                .map_err(|error| at(index, error))?;
        }
        check_references(&operations, &preds, actors, start_op)?;
        Ok(Read { operations, preds })
    }

    fn read_values(&self, limits: &Limits, count: usize) -> Result<Vec<ValueShape>, GuardError> {
        const COLUMN: &str = "value";
        let meta = present("value metadata", self.value_meta)?;
        let meta = required(unsigned("value metadata", meta, limits.max_ops, false)?)?;
        agree("value metadata", meta.len(), count)?;
        let mut reader = Reader::new(self.value, COLUMN);
        let values = meta
            .into_iter()
            .map(|meta| {
                bounded(COLUMN, meta >> 4, limits.max_value_bytes as u64)?;
                read_value((meta & 0xf) as u8, reader.take_u64(meta >> 4)?)
            })
            .collect::<Result<_, _>>()?;
        if !reader.is_empty() {
            return Err(GuardError::Trailing(COLUMN));
        }
        Ok(values)
    }

    fn read_keys(&self, limits: &Limits, count: usize) -> Result<Vec<Key>, GuardError> {
        let cap = limits.max_ops;
        let actor =
            optional(self.key_actor, count, "key actor", |bytes| unsigned("key actor", bytes, cap, true))?;
        let counter = optional(self.key_counter, count, "key counter", |bytes| {
            delta("key counter", bytes, cap, true, limits.max_counter)
        })?;
        let string = optional(self.key_string, count, "key", |bytes| {
            run_length("key", bytes, cap, true, |reader| {
                let length = reader.uleb()?;
                bounded("key", length, limits.max_key_bytes as u64)?;
                let bytes = reader.take_u64(length)?;
                let text = std::str::from_utf8(bytes).map_err(|_| GuardError::Utf8("key"))?;
                Ok(Arc::<str>::from(text))
            })
        })?;
        let keys = actor.into_iter().zip(counter).zip(string).enumerate();
        keys.map(|(index, ((actor, counter), string))| match (actor, counter, string) {
            (None, None, Some(key)) if !key.is_empty() => Ok(Key::Map(key)),
            (None, Some(0), None) => Ok(Key::Head),
            (Some(actor), Some(counter @ 1..), None) => Ok(Key::Element(op_id(counter, actor)?)),
            _ => Err(GuardError::Operation { index, reason: "no key, or more than one" }),
        })
        .collect()
    }

    fn read_objects(&self, limits: &Limits, count: usize) -> Result<Vec<Option<OpId>>, GuardError> {
        let cap = limits.max_ops;
        let actor = optional(self.obj_actor, count, "object actor", |bytes| {
            unsigned("object actor", bytes, cap, true)
        })?;
        let counter = optional(self.obj_counter, count, "object counter", |bytes| {
            unsigned("object counter", bytes, cap, true)
        })?;
        actor
            .into_iter()
            .zip(counter)
            .map(|pair| match pair {
                (None, None) => Ok(None),
                (Some(actor), Some(counter @ 1..)) => op_id(counter, actor).map(Some),
                _ => Err(GuardError::Null("object")),
            })
            .collect()
    }

    fn read_preds(&self, limits: &Limits, count: usize) -> Result<(Vec<Range<u32>>, Vec<OpId>), GuardError> {
        let group = present("predecessor count", self.pred_count)?;
        let group = required(unsigned("predecessor count", group, limits.max_ops, false)?)?;
        agree("predecessor count", group.len(), count)?;
        let mut total = 0_u64;
        let mut ranges = Vec::with_capacity(count);
        for pred_count in group {
            let start = total;
            total = total.saturating_add(pred_count);
            bounded("predecessors", total, limits.max_preds)?;
            ranges.push(narrow(start)?..narrow(total)?);
        }
        if total == 0 {
            return match (self.pred_actor, self.pred_counter) {
                ([], []) => Ok((ranges, Vec::new())),
                _ => Err(GuardError::Trailing("predecessors")),
            };
        }
        let cap = limits.max_preds;
        let actor = required(unsigned("predecessor actor", self.pred_actor, cap, false)?)?;
        let counter =
            required(delta("predecessor counter", self.pred_counter, cap, false, limits.max_counter)?)?;
        agree64("predecessor actor", actor.len(), total)?;
        agree64("predecessor counter", counter.len(), total)?;
        let preds = actor
            .into_iter()
            .zip(counter)
            .map(|(actor, counter)| op_id(counter, actor))
            .collect::<Result<_, _>>()?;
        Ok((ranges, preds))
    }
}

fn kind_of(action: u64, value: &ValueShape) -> Kind {
    match action {
        0 => Kind::Make(ContainerKind::Map),
        2 => Kind::Make(ContainerKind::List),
        4 => Kind::Make(ContainerKind::Text),
        3 => Kind::Delete,
        _ => Kind::Set { one_char: value.one_char },
    }
}

/// Judges one operation by itself.
fn judge(
    operation: &Operation,
    action: u64,
    value: &ValueShape,
    list_items: bool,
    containers: bool,
) -> Result<(), GuardError> {
    let refuse = |reason| Err(GuardError::Operation { index: 0, reason });
    let item = operation.insert && action == 0 && list_items;
    let allowed = match action {
        1 | 3 => true,
        0 | 2 | 4 => containers || item,
        _ => false,
    };
    if !defence!(H06, allowed) {
        return Err(GuardError::Action(action));
    }
    if !matches!(operation.kind, Kind::Set { .. }) && value.code != NULL {
        return refuse("a value where there can be none");
    }
    if operation.insert && (action == 3 || !operation.preds.is_empty()) {
        return refuse("an insertion that removes something");
    }
    if action == 3 && operation.preds.is_empty() {
        return refuse("a removal of nothing");
    }
    match (&operation.key, operation.insert) {
        (Key::Map(_), true) => refuse("an insertion into a map"),
        (Key::Head, false) => refuse("an element before the first"),
        (Key::Element(_), false) if operation.preds.is_empty() => refuse("an element that was never put"),
        _ => Ok(()),
    }
}

/// Checks that every reference is to an actor of the table, all of them are used, and none points forward.
fn check_references(
    operations: &[Operation],
    preds: &[OpId],
    actors: usize,
    start_op: u64,
) -> Result<(), GuardError> {
    let mut used = vec![false; actors];
    used[0] = true;
    for (index, operation) in operations.iter().enumerate() {
        let own = start_op + index as u64;
        let element = match operation.key {
            Key::Element(id) => Some(id),
            Key::Map(_) | Key::Head => None,
        };
        let preds = &preds[operation.preds.start as usize..operation.preds.end as usize];
        for id in operation.object.iter().chain(&element).chain(preds) {
            match used.get_mut(usize::from(id.actor)) {
                Some(used) => *used = true,
                None => return Err(GuardError::Actor("actor index")),
            }
            if u64::from(id.counter) >= own {
                return Err(GuardError::Operation { index, reason: "a reference to a later operation" });
            }
        }
    }
    if used.contains(&false) {
        return Err(GuardError::Actor("unused actor"));
    }
    Ok(())
}

fn at(index: usize, error: GuardError) -> GuardError {
    match error {
        GuardError::Operation { reason, .. } => GuardError::Operation { index, reason },
        other => other,
    }
}

fn present<'a>(column: &'static str, bytes: &'a [u8]) -> Result<&'a [u8], GuardError> {
    if bytes.is_empty() {
        return Err(GuardError::MissingColumn(column));
    }
    Ok(bytes)
}

/// A column that may be left out, and is then nothing but nulls.
fn optional<T: Clone>(
    bytes: &[u8],
    count: usize,
    column: &'static str,
    read: impl Fn(&[u8]) -> Result<Vec<Option<T>>, GuardError>,
) -> Result<Vec<Option<T>>, GuardError> {
    if bytes.is_empty() {
        return Ok(vec![None; count]);
    }
    let values = read(bytes)?;
    agree(column, values.len(), count)?;
    Ok(values)
}

fn required(values: Vec<Option<u64>>) -> Result<Vec<u64>, GuardError> {
    values.into_iter().map(|value| value.ok_or(GuardError::Null("column"))).collect()
}

fn agree(column: &'static str, found: usize, expected: usize) -> Result<(), GuardError> {
    agree64(column, found, expected as u64)
}

fn agree64(column: &'static str, found: usize, expected: u64) -> Result<(), GuardError> {
    let found = found as u64;
    if found != expected {
        return Err(GuardError::Count { column, expected, found });
    }
    Ok(())
}

fn op_id(counter: u64, actor: u64) -> Result<OpId, GuardError> {
    Ok(OpId {
        counter: narrow(counter)?,
        actor: u16::try_from(actor).map_err(|_| GuardError::Actor("actor index"))?,
    })
}

fn narrow(value: u64) -> Result<u32, GuardError> {
    u32::try_from(value).map_err(|_| GuardError::Number("operation number"))
}
