//! Seats, quotas, waitlist, and the decisions that a call leaves open. Not the selection itself.

use serde::{Deserialize, Serialize};

use super::words::{Key, Text, Word};

/// The `[seats]` table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seats {
    /// How many are selected.
    pub n: u32,
    /// Floors and caps among them.
    #[serde(default)]
    pub quotas: Vec<Quota>,
}

/// A floor or a cap on the seats of those whose `field` is `value`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Its name in explanations.
    pub name: Text,
    /// Column of the applications file, or field of the form.
    pub field: Key,
    /// The value that counts.
    pub value: Word,
    /// Fewest seats.
    #[serde(default)]
    pub min: u32,
    /// Most seats; none = no cap.
    #[serde(default)]
    pub max: Option<u32>,
}

/// The `[waitlist]` table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waitlist {
    /// How many wait; 0 = none.
    pub n: u32,
    /// How somebody moves up, in words; the quotas hold for promotions as well.
    #[serde(default)]
    pub rule: Option<Text>,
}

/// One `[[decision]]`: what the call left open, and what was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Its name.
    pub key: Key,
    /// What the call leaves open.
    pub question: Text,
    /// What was decided; none = undecided, and the programme cannot be published.
    #[serde(default)]
    pub value: Option<Text>,
    /// Why.
    #[serde(default)]
    pub reason: Option<Text>,
}
