//! The coordinators' own records: duplicates, moderation, and snapshots of rankings and selections. Not the decisions on
//! queued work, which are items of packs and no documents.

use sha2::{Digest, Sha256};

use super::record::{self, Fields, MAX_PART_BYTES, Reader};
use super::words::words;
use super::{Id, Kind, Record, Sha256Bytes, Subject};

words! {
    /// Whether two applications are one.
    Sameness {
        /// They are one; one of them counts.
        Same = "same",
        /// They are two.
        Different = "different",
    }
}

/// A verdict on a pair of applications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Duplicate {
    /// The verdict; none where nobody gave one or two coordinators contradict one another.
    pub verdict: Option<Sameness>,
    /// The one that counts, where they are the same.
    pub keep: Option<Id>,
    /// Why.
    pub reason: String,
}

impl Record for Duplicate {
    const KIND: Kind = Kind::Duplicate;

    fn put(&self, fields: &mut Fields) {
        fields.set_option("verdict", self.verdict.map(Sameness::as_str));
        fields.set_option("keep", self.keep.map(Vec::from));
        fields.set_text("reason", &self.reason);
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self {
            verdict: reader.one(&["verdict"], record::word(Sameness::parse)),
            keep: reader.one(&["keep"], record::id),
            reason: reader.text("reason"),
        }
    }
}

words! {
    /// What coordinators make of an application's reviews in a round. None of it changes a score, and none gives or takes a seat:
    /// that is the selection's.
    Settled {
        /// The order stands as the scores make it.
        Keep = "keep",
        /// Somebody else should read it before anything is decided.
        AnotherReader = "another-reader",
        /// The meeting talks about it.
        Meeting = "meeting",
    }
}

/// How coordinators settled an application's reviews in a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moderation {
    /// The verdict: a word of [`Settled`], or of a later version's; empty where there is none or two contradict one another.
    pub verdict: String,
    /// Why.
    pub reason: String,
    /// The scores that it was given on ([`crate::moderation::seen`]): later ones are not covered by it.
    pub seen: Option<Sha256Bytes>,
}

impl Record for Moderation {
    const KIND: Kind = Kind::Moderation;

    fn put(&self, fields: &mut Fields) {
        fields.set_text("verdict", &self.verdict);
        fields.set_text("reason", &self.reason);
        fields.set_option("seen", self.seen.map(Vec::from));
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self {
            verdict: reader.text("verdict"),
            reason: reader.text("reason"),
            seen: reader.one(&["seen"], record::hash),
        }
    }
}

/// Longest rows of a snapshot, in bytes.
pub const MAX_ROWS_BYTES: usize = 2 * MAX_PART_BYTES;

/// A result as it was calculated once: never changed, recomputed by whoever doubts it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Hash of everything that went in.
    pub inputs: Sha256Bytes,
    /// The rules, as JSON.
    pub method: String,
    /// The seed of draws.
    pub seed: u64,
    /// The result, as JSON; at most [`MAX_ROWS_BYTES`].
    pub rows: Vec<u8>,
}

impl Snapshot {
    /// Returns SHA-256 over `tessera/1 snapshot`, inputs, method, seed (8 bytes, big-endian) and rows, each preceded by
    /// its length in 8 bytes, big-endian.
    #[must_use]
    pub fn sha256(&self) -> Sha256Bytes {
        let mut hash = Sha256::new();
        let seed = self.seed.to_be_bytes();
        let parts: [&[u8]; 5] =
            [b"tessera/1 snapshot", &self.inputs, self.method.as_bytes(), &seed, &self.rows];
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// Names the snapshot's document.
    #[must_use]
    pub fn subject(&self, round: Id) -> Subject {
        Subject::Snapshot(round, self.sha256())
    }

    fn put(&self, fields: &mut Fields) {
        fields.set("inputs", self.inputs.to_vec());
        fields.set_text("method", &self.method);
        fields.set("seed", self.seed);
        let parts = self.rows.chunks(MAX_PART_BYTES).enumerate();
        fields.set_map("parts", parts.map(|(at, part)| (at.to_string(), part.to_vec())));
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        let parts = reader.map(&["parts"], record::part);
        let rows = ["0", "1"].iter().filter_map(|at| parts.get(*at)).flatten().copied().collect();
        Self {
            inputs: reader.one(&["inputs"], record::hash).unwrap_or_default(),
            method: reader.text("method"),
            seed: reader.one(&["seed"], record::wide).unwrap_or_default(),
            rows,
        }
    }
}

macro_rules! snapshots {
    ($($(#[$doc:meta])* $name:ident),+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name(pub Snapshot);

        impl Record for $name {
            const KIND: Kind = Kind::$name;

            fn put(&self, fields: &mut Fields) {
                self.0.put(fields);
            }

            fn take(reader: &mut Reader<'_>) -> Self {
                Self(Snapshot::take(reader))
            }
        }
    )+};
}

snapshots! {
    /// An order, as it was calculated once.
    Ranking,
    /// A selection, as it was calculated once.
    Selection
}
