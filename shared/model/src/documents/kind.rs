//! The kinds of documents and of streams: codes that never change, which kind belongs where, and the constant first
//! change of each. Not what a document says.

use tessera_defence::defence;

use crate::crdt::{self, ContainerKind, Contents, Document, DocumentError};
use crate::guard::Limits;

use super::words::words;
use super::{Id, Subject};

words! {
    /// The kinds of streams, as far as documents are concerned.
    StreamKind {
        /// Charter links and statements; holds no documents.
        Public = "public",
        /// The call.
        Programme = "programme",
        /// From the coordinators to one member.
        To = "to",
        /// Identity and correspondence of one application.
        File = "file",
        /// What is read of one application, in one rendition.
        Dossier = "dossier",
        /// What one member submitted.
        Reviews = "reviews",
        /// Drafts and notes of one member.
        Desk = "desk",
        /// Released reviews and discussion.
        Panel = "panel",
        /// Names and contacts of members.
        People = "people",
        /// The coordinators' own records.
        Office = "office",
        /// Stream keys; holds no documents.
        Keys = "keys",
        /// From outside; holds no documents.
        Intake = "intake",
    }
}

/// What a document is. Codes of later versions are kept as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The programme's definitions, published and amended.
    Call,
    /// Who applies: for coordinators only.
    Identity,
    /// What is read, in one rendition.
    Dossier,
    /// Which files belong to it.
    Manifest,
    /// What a reviewer sees before declaring a conflict of interest.
    Card,
    /// That a reviewer is to read an application.
    Assignment,
    /// What a reviewer submitted.
    Review,
    /// What a reviewer is writing.
    Draft,
    /// A reviewer's private notes.
    Note,
    /// A reviewer's declaration on a conflict of interest.
    Conflict,
    /// A verdict for each gate, and the exception.
    Eligibility,
    /// Whether two applications are one.
    Duplicate,
    /// A member's name, contact and standing conflicts; in the member's `to/` the name alone, as coordinators put it.
    Person,
    /// A review that somebody else took down.
    Recorded,
    /// That an application was withdrawn.
    Withdrawal,
    /// An order, as it was calculated once.
    Ranking,
    /// A selection, as it was calculated once.
    Selection,
    /// How coordinators settled an application's reviews.
    Moderation,
    /// What coordinators made of a declared conflict of interest.
    Clearance,
    /// Where the programme's relays are.
    Relays,
    /// A kind of a later version: never [one that is known](Kind::ALL).
    Unknown(u16),
}

/// Gives the bytes of a vector at compile time.
const fn unhex<const N: usize>(hex: &[u8]) -> [u8; N] {
    const fn digit(byte: u8) -> u8 {
        match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => panic!("a vector has lower-case hexadecimal digits only"),
        }
    }
    let mut bytes = [0; N];
    let mut at = 0;
    while at < N {
        bytes[at] = digit(hex[2 * at]) << 4 | digit(hex[2 * at + 1]);
        at += 1;
    }
    bytes
}

macro_rules! kinds {
    ($($kind:ident = $code:literal $name:literal in [$($stream:ident)*] holds [$($container:literal $sort:ident)*]),+ $(,)?) => {
        impl Kind {
            /// Every kind that this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// Returns the code that changes carry.
            #[must_use]
            pub const fn code(self) -> u16 {
                match self { $(Self::$kind => $code,)+ Self::Unknown(code) => code }
            }

            /// Returns the kind of a code.
            #[must_use]
            pub const fn from_code(code: u16) -> Self {
                match code { $($code => Self::$kind,)+ code => Self::Unknown(code) }
            }

            /// Returns its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ Self::Unknown(_) => "unknown" }
            }

            /// Returns the kinds of streams it may live in; none where the kind is unknown.
            #[must_use]
            pub const fn streams(self) -> &'static [StreamKind] {
                match self { $(Self::$kind => &[$(StreamKind::$stream),*],)+ Self::Unknown(_) => &[] }
            }

            /// Returns the containers that its first change makes.
            #[must_use]
            pub const fn containers(self) -> &'static [(&'static str, ContainerKind)] {
                match self {
                    $(Self::$kind => &[$(($container, ContainerKind::$sort)),*],)+
                    Self::Unknown(_) => &[],
                }
            }

            /// Returns the constant first change, the same bytes on every device and in every version; none where the
            /// kind is unknown.
            #[must_use]
            pub fn first_change(self) -> Option<&'static [u8]> {
                match self {
                    $(Self::$kind => {
                        const HEX: &[u8] = include_bytes!(concat!("constants/", $name, ".hex"));
                        static BYTES: [u8; HEX.len() / 2] = unhex(HEX);
                        Some(&BYTES)
                    })+
                    Self::Unknown(_) => None,
                }
            }
        }
    };
}

kinds! {
    Call = 1 "call" in [Programme] holds ["revisions" Map "reasons" Map "definitions" Map],
    Identity = 2 "identity" in [File] holds ["fields" Map],
    Dossier = 3 "dossier" in [Dossier] holds ["fields" Map],
    Manifest = 4 "manifest" in [File Dossier] holds ["files" Map],
    Card = 5 "card" in [To] holds ["fields" Map],
    Assignment = 6 "assignment" in [To] holds [],
    Review = 7 "review" in [Reviews] holds ["answers" Map "reasons" Map "comments" Map],
    Draft = 8 "draft" in [Desk] holds ["criteria" Map "overall" Text],
    Note = 9 "note" in [Desk] holds ["text" Text],
    Conflict = 10 "conflict" in [Reviews] holds [],
    Eligibility = 11 "eligibility" in [File] holds ["verdicts" Map "evidence" Map "reasons" Map],
    Duplicate = 12 "duplicate" in [Office] holds [],
    Person = 13 "person" in [People To] holds ["fields" Map "standing" Map],
    Recorded = 14 "recorded" in [Office] holds ["answers" Map "reasons" Map "comments" Map],
    Withdrawal = 15 "withdrawal" in [File] holds [],
    Ranking = 16 "ranking" in [Office] holds ["parts" Map],
    Selection = 17 "selection" in [Office] holds ["parts" Map],
    Moderation = 18 "moderation" in [Office] holds [],
    Clearance = 19 "clearance" in [Office] holds [],
    Relays = 20 "relays" in [Programme] holds ["addresses" Map],
}

impl Kind {
    /// Says whether a document of this kind may live in a stream of that kind.
    #[must_use]
    pub fn allowed_in(self, stream: StreamKind) -> bool {
        self.streams().contains(&stream)
    }

    /// Says whether a document belongs to a stream: the kind may live there, and a stream about one application or one
    /// rendition holds nothing about another. A stream's own application and rendition are `None` where it has none.
    #[must_use]
    pub fn belongs_to(
        self,
        subject: &Subject,
        stream: StreamKind,
        application: Option<Id>,
        rendition: Option<u8>,
    ) -> bool {
        let about = match subject {
            Subject::Rendition(_, number) => Some(*number),
            _ => None,
        };
        let belongs = || {
            self.allowed_in(stream)
                && about == rendition
                && application.is_none_or(|application| subject.application() == Some(application))
        };
        defence!(G18, belongs())
    }

    /// Says whether each criterion has a constant of its own.
    #[must_use]
    pub const fn has_criteria(self) -> bool {
        matches!(self, Self::Draft)
    }

    /// Says whether a document is edited in place, key by key: of that there may be a change for every word.
    #[must_use]
    pub fn is_edited_in_place(self) -> bool {
        self.containers().iter().any(|(_, sort)| *sort != ContainerKind::Map) || self.has_criteria()
    }

    /// Returns what a document says, of a review also each version that stands.
    #[must_use]
    pub fn contents(self, document: &Document) -> Contents {
        let versions = if self == Self::Review { document.get_all(&["version"]) } else { Vec::new() };
        let versions: Vec<_> = versions.into_iter().map(|version| version.change).collect();
        Contents::of(document, &versions)
    }

    /// Makes the constant of one criterion: its map, and the text in it.
    ///
    /// # Errors
    /// [`DocumentError`] where the kind has none, or the key is empty or too long.
    pub fn criterion_change(self, key: &str) -> Result<Vec<u8>, DocumentError> {
        let first = self.first_change().filter(|_| self.has_criteria());
        let first = first.ok_or(DocumentError::ForeignConstant)?;
        crdt::criterion_change(first, self.name(), "criteria", key, &[("comment", ContainerKind::Text)])
    }

    /// Returns all constants of a document: the first change, then one for each criterion where the kind has them.
    ///
    /// # Errors
    /// [`DocumentError`] where the kind is unknown, or a key is empty, too long or repeated.
    pub fn constants<'k>(
        self,
        criteria: impl IntoIterator<Item = &'k str>,
    ) -> Result<Vec<Vec<u8>>, DocumentError> {
        let first = self.first_change().ok_or(DocumentError::ForeignConstant)?;
        let mut constants = vec![first.to_vec()];
        if self.has_criteria() {
            for key in criteria {
                constants.push(self.criterion_change(key)?);
            }
        }
        Ok(constants)
    }

    /// Builds the empty document; `criteria` are the keys that are scored, and matter for drafts only.
    ///
    /// # Errors
    /// As [`Kind::constants`].
    pub fn document<'k>(
        self,
        criteria: impl IntoIterator<Item = &'k str>,
        limits: Limits,
    ) -> Result<Document, DocumentError> {
        let constants = self.constants(criteria)?;
        let constants: Vec<&[u8]> = constants.iter().map(Vec::as_slice).collect();
        Document::new(&constants, limits)
    }
}
