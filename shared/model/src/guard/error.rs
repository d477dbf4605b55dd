//! Why the scan refuses a change.

/// Why [`super::scan`] refused a change. Holds places and numbers, never content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// More bytes, operations or items were claimed than the limit allows.
    #[error("{place}: {claimed} claimed, {limit} allowed")]
    TooMany {
        /// What was counted.
        place: &'static str,
        /// How many there would be, as far as counted.
        claimed: u64,
        /// The limit.
        limit: u64,
    },
    /// The bytes do not begin like an Automerge chunk.
    #[error("not an Automerge chunk")]
    Magic,
    /// A chunk of another type: 0 document, 2 compressed change, others unknown.
    #[error("chunk type {0} instead of a plain change")]
    ChunkType(u8),
    /// The four checksum bytes are not those of the content.
    #[error("the checksum does not match")]
    Checksum,
    /// The bytes end before the item does.
    #[error("{0}: cut off")]
    Truncated(&'static str),
    /// Bytes are left over.
    #[error("{0}: bytes left over")]
    Trailing(&'static str),
    /// A number too large for its type, or written longer than needed.
    #[error("{0}: number out of range or not in its shortest form")]
    Number(&'static str),
    /// Not the one encoding that an honest device writes.
    #[error("{0}: not in canonical form")]
    NotCanonical(&'static str),
    /// A column is compressed.
    #[error("column {0:#x} is compressed")]
    Deflated(u32),
    /// A column that documents do not use (marks, for example), or twice the same.
    #[error("column {0:#x} is unknown or out of order")]
    Column(u32),
    /// A column that every change has is missing.
    #[error("column {0} is missing")]
    MissingColumn(&'static str),
    /// Columns disagree on the number of operations.
    #[error("column {column} has {found} entries instead of {expected}")]
    Count {
        /// The column.
        column: &'static str,
        /// The number by the action column.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// A null where a value is needed, or half of a pair.
    #[error("{0}: missing value")]
    Null(&'static str),
    /// Bytes that should be text are not UTF-8.
    #[error("{0}: not UTF-8")]
    Utf8(&'static str),
    /// A change with no operations.
    #[error("the change is empty")]
    Empty,
    /// An actor id that is not 16 bytes long, out of order, unused, or an index outside the table.
    #[error("{0}: bad actor")]
    Actor(&'static str),
    /// A message or a time: devices write neither.
    #[error("the change carries a {0}")]
    Metadata(&'static str),
    /// An action that documents never use (counters, marks, tables, containers).
    #[error("action {0} is not allowed")]
    Action(u64),
    /// A value of a type that documents never use.
    #[error("value type {0} is not allowed")]
    ValueType(u8),
    /// A value that is not well formed: a float that is not finite, a number not in its shortest form.
    #[error("value of type {0} is malformed")]
    Value(u8),
    /// An operation whose parts contradict one another.
    #[error("operation {index}: {reason}")]
    Operation {
        /// Its place in the change, from 0.
        index: usize,
        /// What is wrong.
        reason: &'static str,
    },
}
