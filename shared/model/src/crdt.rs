//! Documents: the one module behind which Automerge is used, with no type of it in the interface.
//!
//! A [`Document`] is built from constants that ship with the program ([`first_change`],
//! [`criterion_change`]), takes changes only as [`Scanned`] values that its own [`Continuity`] admits, and
//! gives every local edit back as the raw bytes of exactly one change. It is a cache: packs are the record,
//! and a document that failed in the middle of anything is thrown away and built again.
//!
//! Not here: which fields a kind of document has (the typed readers and writers), who may write it, and where
//! it is stored. Changes of other people are tried out in [`worker`] first.

mod constants;
mod contents;
mod edit;
mod read;
mod value;
pub mod worker;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use automerge::{Automerge, Change, TextEncoding};

use crate::guard::{self, ActorBytes, ChangeHash, Continuity, GuardError, Limits, Scanned, Verdict};

pub use crate::guard::ContainerKind;
pub use constants::{constant_actor, criterion_change, first_change};
pub use contents::{Contents, Readable};
pub use edit::{Edit, EditError};
pub use read::{Attributed, Field, Item, ItemId, ItemValue, Version};
pub use value::Value;

/// Operations that Automerge is given at once: it expands them all before it applies one.
const BATCH_OPS: u64 = 32_768;

/// Why a document could not be built, read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// A constant is not one.
    #[error("bad constant: {0}")]
    Constant(#[from] GuardError),
    /// A constant does not fit the document's other constants.
    #[error("the constant does not belong to this document")]
    ForeignConstant,
    /// Automerge refused what the guard admitted, or gave back something else than was asked for.
    #[error("the document engine failed: {0}")]
    Engine(&'static str),
    /// An earlier operation failed half-way; the document is to be built again.
    #[error("the document is broken and must be built again")]
    Broken,
}

/// One Automerge document and what the guard knows of it.
#[derive(Clone)]
pub struct Document {
    inner: Automerge,
    known: Continuity,
    limits: Limits,
    /// Set while Automerge is at work, so that a panic leaves it set.
    broken: bool,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("changes", &self.known.len())
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

impl Document {
    /// Builds a document from its constants: its kind's first change, then its criteria's in any order.
    ///
    /// # Errors
    /// [`DocumentError::Constant`] or [`DocumentError::ForeignConstant`] where they are not that.
    pub fn new(constants: &[&[u8]], limits: Limits) -> Result<Self, DocumentError> {
        let mut document = Self {
            inner: Automerge::new_with_encoding(TextEncoding::UnicodeCodePoint),
            known: Continuity::new(&limits),
            limits,
            broken: false,
        };
        if constants.is_empty() {
            return Err(DocumentError::ForeignConstant);
        }
        for constant in constants {
            document.add_constant(constant)?;
        }
        Ok(document)
    }

    /// Adds the constant of one more criterion; one that is there already changes nothing.
    ///
    /// # Errors
    /// As [`Document::new`].
    pub fn add_constant(&mut self, bytes: &[u8]) -> Result<(), DocumentError> {
        let scanned = guard::scan_constant(bytes, &self.limits)?;
        let rooted = self.known.is_empty() == scanned.deps().is_empty();
        match self.known.check_constant(&scanned) {
            Verdict::Known => Ok(()),
            Verdict::Apply if rooted && scanned.seq() == 1 => {
                self.feed(std::slice::from_ref(&scanned))?;
                self.known.record(&scanned);
                Ok(())
            }
            _ => Err(DocumentError::ForeignConstant),
        }
    }

    /// Judges a change that came with an actor, without applying it.
    #[must_use]
    pub fn check(&self, change: &Scanned, expected: &ActorBytes) -> Verdict {
        self.known.check_next(change, expected)
    }

    /// Applies a change if it may come next; any other verdict leaves the document as it was.
    ///
    /// # Errors
    /// [`DocumentError::Engine`] if Automerge refuses what the guard admitted; the document is then broken.
    pub fn apply(&mut self, change: &Scanned, expected: &ActorBytes) -> Result<Verdict, DocumentError> {
        let mut verdicts = self.apply_all(&[(change.clone(), *expected)])?;
        verdicts.pop().ok_or(DocumentError::Engine("one verdict per change"))
    }

    /// Applies many changes at once, in whatever order they come; gives one verdict for each.
    ///
    /// Much faster than one by one: this is how a document is loaded.
    ///
    /// # Errors
    /// As [`Document::apply`].
    pub fn apply_all(&mut self, changes: &[(Scanned, ActorBytes)]) -> Result<Vec<Verdict>, DocumentError> {
        if self.broken {
            return Err(DocumentError::Broken);
        }
        let mut verdicts: Vec<Option<Verdict>> = vec![None; changes.len()];
        let mut waiting: HashMap<ChangeHash, Vec<usize>> = HashMap::new();
        let mut admitted = Vec::new();
        let mut next: Vec<usize> = (0..changes.len()).rev().collect();
        // What is recorded and not fed would be lost, so the document is broken until it is fed.
        self.broken = true;
        while let Some(index) = next.pop() {
            let (change, expected) = &changes[index];
            let verdict = self.known.check_next(change, expected);
            match &verdict {
                Verdict::Apply => {
                    self.known.record(change);
                    admitted.push(change.clone());
                    next.extend(waiting.remove(change.hash()).into_iter().flatten().rev());
                }
                Verdict::Park { missing } => {
                    if let Some(first) = missing.first() {
                        waiting.entry(*first).or_default().push(index);
                    }
                }
                Verdict::Known | Verdict::Refuse(_) => {}
            }
            verdicts[index] = Some(verdict);
        }
        self.feed(&admitted)?;
        self.broken = false;
        verdicts
            .into_iter()
            .map(|verdict| verdict.ok_or(DocumentError::Engine("one verdict per change")))
            .collect()
    }

    /// Hands admitted changes to Automerge: the only way in.
    fn feed(&mut self, changes: &[Scanned]) -> Result<(), DocumentError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.broken = true;
        let mut batch = Vec::new();
        let mut batch_ops = 0;
        for (at, change) in changes.iter().enumerate() {
            let parsed = Change::from_bytes(change.bytes().to_vec());
            batch.push(parsed.map_err(|_| DocumentError::Engine("a change did not parse"))?);
            batch_ops += change.op_count();
            if batch_ops >= BATCH_OPS || at + 1 == changes.len() {
                self.inner
                    .apply_changes(std::mem::take(&mut batch))
                    .map_err(|_| DocumentError::Engine("a change did not apply"))?;
                batch_ops = 0;
            }
        }
        self.broken = false;
        Ok(())
    }

    /// Edits the document as `actor` and gives the one change that resulted, or none if nothing changed.
    ///
    /// The change carries time 0 and no message. If `change` fails, the document is as it was.
    ///
    /// # Errors
    /// Whatever `change` returns, and [`EditError`] where the result would be refused by other devices.
    pub fn edit<E: From<EditError>>(
        &mut self,
        actor: &ActorBytes,
        change: impl FnOnce(&mut Edit<'_>) -> Result<(), E>,
    ) -> Result<Option<Scanned>, E> {
        if self.broken {
            return Err(EditError::Document(DocumentError::Broken).into());
        }
        let mut limits = self.limits.clone();
        limits.max_ops = limits.max_ops.min(self.known.free_ops(actor, &limits));
        if limits.max_ops == 0 {
            return Err(EditError::Full.into());
        }
        self.broken = true;
        let result = edit::run(&mut self.inner, &limits, self.known.actor_count(), actor, change);
        let bytes = match result {
            Ok(bytes) => bytes,
            Err(error) => {
                self.broken = false;
                return Err(error);
            }
        };
        let Some(bytes) = bytes else {
            self.broken = false;
            return Ok(None);
        };
        // The device keeps its own rules: what others would refuse stays broken here and is never sent.
        let scanned = guard::scan(&bytes, &self.limits).map_err(EditError::Guard)?;
        if self.known.check_next(&scanned, actor) != Verdict::Apply {
            let error = DocumentError::Engine("an edit that does not continue the document");
            return Err(EditError::Document(error).into());
        }
        self.known.record(&scanned);
        self.broken = false;
        Ok(Some(scanned))
    }

    /// Returns the newest changes, ascending: those that no other change builds on.
    #[must_use]
    pub fn heads(&self) -> Vec<ChangeHash> {
        let mut heads: Vec<ChangeHash> = self.inner.get_heads().iter().map(|head| head.0).collect();
        heads.sort_unstable();
        heads
    }

    /// Returns what the guard knows of the document.
    #[must_use]
    pub fn known(&self) -> &Continuity {
        &self.known
    }

    /// Returns the limits that the document was built with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns whether the document must be built again.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken
    }
}
