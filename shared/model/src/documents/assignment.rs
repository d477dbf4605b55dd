//! Assignments and withdrawals: short records by which coordinators say that somebody reads an application, and that an
//! applicant no longer applies.

use super::form::Route;
use super::record::{self, Fields, Reader};
use super::words::words;
use super::{Kind, Record, Sha256Bytes};

words! {
    /// Whether an assignment stands.
    AssignmentState {
        /// The reviewer is to read.
        Assigned = "assigned",
        /// Taken back; a review that comes later waits for a decision.
        Withdrawn = "withdrawn",
    }
}

/// That a reviewer is to read an application in a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assignment {
    /// Whether it stands; none where nothing was written or two coordinators contradict one another.
    pub state: Option<AssignmentState>,
    /// The rendition to read: 0 is the open one.
    pub rendition: u8,
    /// Its place in the reviewer's pile, from 1; 0 where nobody said.
    pub place: u32,
    /// Why it was taken back, or was made by hand.
    pub reason: String,
    /// The declaration that coordinators lifted, so that its author may declare anew ([`super::Conflict::fingerprint`]).
    pub cleared: Option<Sha256Bytes>,
}

impl Record for Assignment {
    const KIND: Kind = Kind::Assignment;

    fn put(&self, fields: &mut Fields) {
        fields.set_option("state", self.state.map(AssignmentState::as_str));
        fields.set("rendition", u64::from(self.rendition));
        fields.set_option("place", (self.place > 0).then_some(u64::from(self.place)));
        fields.set_text("reason", &self.reason);
        fields.set_option("cleared", self.cleared.map(Vec::from));
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self {
            state: reader.one(&["state"], record::word(AssignmentState::parse)),
            rendition: reader.one(&["rendition"], record::number).unwrap_or_default(),
            place: reader.one(&["place"], record::number).unwrap_or_default(),
            reason: reader.text("reason"),
            cleared: reader.one(&["cleared"], record::hash),
        }
    }
}

/// That an application was withdrawn, or that this was a mistake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Withdrawal {
    /// Whether it is withdrawn.
    pub withdrawn: bool,
    /// By which way the applicant said so.
    pub route: Option<Route>,
    /// What was said.
    pub reason: String,
}

impl Record for Withdrawal {
    const KIND: Kind = Kind::Withdrawal;

    fn put(&self, fields: &mut Fields) {
        fields.set("withdrawn", self.withdrawn);
        fields.set_option("route", self.route.map(Route::as_str));
        fields.set_text("reason", &self.reason);
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self {
            withdrawn: reader.flag("withdrawn"),
            route: reader.one(&["route"], record::word(Route::parse)),
            reason: reader.text("reason"),
        }
    }
}
