//! Conflicts of interest: what a reviewer declared about an application, recusal included, and what coordinators made
//! of it. Not which streams are opened or closed for it.

use sha2::{Digest, Sha256};

use super::record::{self, Fields, Reader};
use super::words::words;
use super::{Kind, Record, Sha256Bytes};

words! {
    /// What a reviewer declares.
    Declaration {
        /// Nothing stands in the way.
        None = "none",
        /// Something does.
        Conflict = "conflict",
        /// A coordinator has to decide.
        Unsure = "unsure",
        /// The reviewer steps back, whatever the reason.
        Recused = "recused",
    }
}

/// A reviewer's declaration about an application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conflict {
    /// What is declared; none where nothing is yet, or two laptops contradict one another.
    pub declaration: Option<Declaration>,
    /// What kind of conflict, in the programme's or the reviewer's word.
    pub kind: String,
    /// What a coordinator should know.
    pub note: String,
}

impl Conflict {
    /// The kind of a recusal without any conflict of interest: the reviewer cannot read this one, and says why.
    pub const HAND_BACK: &'static str = "hand-back";

    /// Returns the fingerprint that a clearance names: SHA-256 over `tessera/1 declaration`, the declaration, kind and
    /// note, each preceded by its length in 8 bytes, big-endian.
    #[must_use]
    pub fn fingerprint(&self) -> Sha256Bytes {
        let mut hash = Sha256::new();
        let declaration = self.declaration.map_or("", Declaration::as_str);
        for part in ["tessera/1 declaration", declaration, &self.kind, &self.note] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// Says whether the reviewer may read without anybody's decision.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.declaration == Some(Declaration::None)
    }

    /// Says whether the reviewer will not read: the dossier leaves the reviewer's devices.
    #[must_use]
    pub fn ends_reading(&self) -> bool {
        matches!(self.declaration, Some(Declaration::Conflict | Declaration::Recused))
    }

    /// Says whether the reviewer hands the application back, and knows of no conflict.
    #[must_use]
    pub fn is_handed_back(&self) -> bool {
        self.declaration == Some(Declaration::Recused) && self.kind == Self::HAND_BACK
    }
}

impl Record for Conflict {
    const KIND: Kind = Kind::Conflict;

    fn put(&self, fields: &mut Fields) {
        fields.set_option("declaration", self.declaration.map(Declaration::as_str));
        fields.set_text("kind", &self.kind);
        fields.set_text("note", &self.note);
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self {
            declaration: reader.one(&["declaration"], record::word(Declaration::parse)),
            kind: reader.text("kind"),
            note: reader.text("note"),
        }
    }
}

words! {
    /// What coordinators make of a declaration.
    Ruling {
        /// The reviewer may read.
        Lifted = "lifted",
        /// The reviewer may not.
        Upheld = "upheld",
    }
}

/// What coordinators made of one declaration; a later declaration is not covered by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clearance {
    /// The ruling; none where two coordinators contradict one another.
    pub ruling: Option<Ruling>,
    /// The declaration that was ruled on ([`Conflict::fingerprint`]).
    pub declaration: Option<Sha256Bytes>,
    /// Why.
    pub reason: String,
}

impl Record for Clearance {
    const KIND: Kind = Kind::Clearance;

    fn put(&self, fields: &mut Fields) {
        fields.set_option("ruling", self.ruling.map(Ruling::as_str));
        fields.set_option("declaration", self.declaration.map(Vec::from));
        fields.set_text("reason", &self.reason);
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self {
            ruling: reader.one(&["ruling"], record::word(Ruling::parse)),
            declaration: reader.one(&["declaration"], record::hash),
            reason: reader.text("reason"),
        }
    }
}
