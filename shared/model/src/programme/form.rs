//! What applicants are asked: the form's fields, the attachments, the gates and the exception. Not the answers, which
//! are documents.

use serde::{Deserialize, Serialize};

use super::words::{Key, Text};

/// Where an answer can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoesTo {
    /// By coordinators only: the application's `file/`.
    #[default]
    Identity,
    /// By readers of open rounds too, never in a blind rendition.
    Open,
    /// By readers of every round: never anything that names a person.
    Dossier,
}

/// What kind of answer a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// One line.
    Text,
    /// A number.
    Number,
    /// A day.
    Date,
    /// One (or, with `many`, several) of `options`.
    Choice,
    /// A file, described by the attachment of the same key.
    File,
    /// Several paragraphs, with a word limit.
    Essay,
}

/// One `[[field]]` of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Column of import files and name in documents.
    pub key: Key,
    /// The question.
    #[serde(default)]
    pub label: Option<Text>,
    /// Help beneath it.
    #[serde(default)]
    pub help: Option<Text>,
    /// Kind of answer.
    pub kind: FieldKind,
    /// Whether an application without it is incomplete.
    #[serde(default)]
    pub required: bool,
    /// Most words.
    #[serde(default)]
    pub words: Option<u32>,
    /// Answers to choose from.
    #[serde(default)]
    pub options: Vec<Choice>,
    /// Whether several may be chosen.
    #[serde(default)]
    pub many: bool,
    /// Who reads it; coordinators only unless said.
    #[serde(default)]
    pub goes_to: GoesTo,
    /// Whether it is on the card by which a reviewer declares a conflict of interest.
    #[serde(default)]
    pub card: bool,
}

/// One answer to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub key: Key,
    /// What people read.
    pub label: Text,
}

/// What an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttachmentKind {
    /// A letter of recommendation.
    Letter,
    /// A curriculum vitae.
    Cv,
    /// A filled-in form.
    Form,
    /// A cover letter.
    CoverLetter,
    /// Media coverage.
    Media,
    /// Proof of something said.
    Proof,
    /// A budget.
    Budget,
    /// Anything else.
    Other,
}

/// Who hands an attachment in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum From {
    /// The applicant.
    #[default]
    Applicant,
    /// A referee, unseen by the applicant.
    Referee,
    /// Either.
    Either,
}

/// One `[[attachment]]` that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Name in documents.
    pub key: Key,
    /// What people call it.
    #[serde(default)]
    pub label: Option<Text>,
    /// Kind.
    pub kind: AttachmentKind,
    /// Fewest files.
    #[serde(default)]
    pub min: u32,
    /// Most files; none = as many as one likes.
    #[serde(default)]
    pub max: Option<u32>,
    /// Whether it is asked only of those on the exception route.
    #[serde(default)]
    pub exception_only: bool,
    /// Who hands it in.
    #[serde(default)]
    pub from: From,
    /// Allowed endings of file names, such as `pdf`; none = the program's own list.
    #[serde(default)]
    pub formats: Vec<Key>,
    /// Largest size of one file, in megabytes of 10^6 bytes.
    #[serde(default)]
    pub max_mb: Option<u32>,
    /// Who reads it; coordinators only unless said.
    #[serde(default)]
    pub goes_to: GoesTo,
}

/// One `[[gate]]`: a condition that is met or not, on evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Name of the verdict; a criterion of kind `gate` has the same key.
    pub key: Key,
    /// What a coordinator has to answer.
    pub question: Text,
    /// What has to be shown.
    #[serde(default)]
    pub evidence: Option<Text>,
    /// Whether the exception route can lift it.
    #[serde(default)]
    pub exception: bool,
}

/// Who in the programme acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Decides who holds which key.
    Admin,
    /// Merges and decides on applications.
    Coordinator,
    /// Reads and scores.
    Reviewer,
}

/// The `[exception]` table: the route for those who fail a gate and are outstanding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// What has to be shown.
    #[serde(default)]
    pub proof: Option<Text>,
    /// Who may ask for it.
    #[serde(default)]
    pub proposed_by: Vec<Role>,
    /// Who may grant it.
    #[serde(default)]
    pub granted_by: Vec<Role>,
    /// Whether proposer and granter must be two people.
    #[serde(default)]
    pub second_person: bool,
    /// Most exceptions granted; none = no limit.
    #[serde(default)]
    pub max: Option<u32>,
}
