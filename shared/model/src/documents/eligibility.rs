//! Eligibility: a verdict for each gate, with evidence and reason, and the exception that one coordinator asks for and a
//! second person grants. Who did what is never written down: it follows from who signed the change.

use std::collections::BTreeMap;

use crate::crdt::Readable;
use crate::guard::ActorBytes;
use crate::programme::Programme;
use crate::programme::form::Role;

use super::record::{self, Fields, Reader};
use super::words::words;
use super::{Id, Kind, Read, Record};

words! {
    /// A verdict on one gate.
    Verdict {
        /// The condition is met.
        Met = "met",
        /// It is not.
        NotMet = "not-met",
        /// Decided later, such as in the interview.
        Open = "open",
    }
}

/// The verdict on one gate and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateVerdict {
    /// The verdict.
    pub verdict: Verdict,
    /// What was shown.
    pub evidence: String,
    /// Why.
    pub reason: String,
}

/// What coordinators decided about an application's conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Eligibility {
    /// Verdicts by gate; what is contested is left out.
    pub gates: BTreeMap<String, GateVerdict>,
    /// Why the exception is asked for; none where it is not.
    pub exception_asked: Option<String>,
    /// Whether it is granted; none where nobody decided, or two contradict one another.
    pub exception_granted: Option<bool>,
    /// Why it is granted or refused.
    pub exception_reason: String,
}

/// What follows from the verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every condition is met, those aside that stay open until later.
    Eligible,
    /// The conditions that are not met are lifted by the exception.
    ByException,
    /// These conditions are not met.
    NotEligible(Vec<String>),
    /// These conditions have no verdict yet.
    Undecided(Vec<String>),
    /// These conditions have contradictory verdicts, or `exception` has.
    Contested(Vec<String>),
}

impl Eligibility {
    /// Returns who asked for the exception and who decided on it, as actors; none where it is contested or not done.
    #[must_use]
    pub fn exception_actors(document: &dyn Readable) -> (Option<ActorBytes>, Option<ActorBytes>) {
        let one = |name| match document.get_all(&[name]).as_slice() {
            [put] => Some(put.actor),
            _ => None,
        };
        (one("exception-asked"), one("exception-granted"))
    }

    /// Says what follows for an application. `asked` and `granted` are the people behind [`Self::exception_actors`],
    /// with their roles; an exception stands only if the programme lets them, and two people where it says so.
    #[must_use]
    pub fn outcome(
        read: &Read<Self>,
        programme: &Programme,
        asked: Option<(Id, Role)>,
        granted: Option<(Id, Role)>,
    ) -> Outcome {
        let mut failed = Vec::new();
        let mut undecided = Vec::new();
        let mut contested = Vec::new();
        for gate in &programme.gates {
            let key = gate.key.as_str();
            match read.value.gates.get(key).map(|gate| gate.verdict) {
                _ if read.is_contested(&format!("verdicts/{key}")) => contested.push(key.to_owned()),
                Some(Verdict::Met | Verdict::Open) => {}
                Some(Verdict::NotMet) => failed.push((key.to_owned(), gate.exception)),
                None => undecided.push(key.to_owned()),
            }
        }
        let exception = ["exception-asked", "exception-granted"];
        if !failed.is_empty() && exception.iter().any(|field| read.is_contested(field)) {
            contested.push("exception".to_owned());
        }
        if !contested.is_empty() {
            return Outcome::Contested(contested);
        }
        let stands = read.value.exception_stands(programme, asked, granted);
        if failed.iter().any(|(_, liftable)| !(*liftable && stands)) {
            return Outcome::NotEligible(failed.into_iter().map(|(key, _)| key).collect());
        }
        if !undecided.is_empty() {
            return Outcome::Undecided(undecided);
        }
        if failed.is_empty() { Outcome::Eligible } else { Outcome::ByException }
    }

    /// Says whether an exception was asked for and granted by people who may.
    #[must_use]
    pub fn exception_stands(
        &self,
        programme: &Programme,
        asked: Option<(Id, Role)>,
        granted: Option<(Id, Role)>,
    ) -> bool {
        let (Some(rules), Some(asked), Some(granted)) = (&programme.exception, asked, granted) else {
            return false;
        };
        self.exception_asked.is_some()
            && self.exception_granted == Some(true)
            && rules.proposed_by.contains(&asked.1)
            && rules.granted_by.contains(&granted.1)
            && (!rules.second_person || asked.0 != granted.0)
    }
}

impl Record for Eligibility {
    const KIND: Kind = Kind::Eligibility;

    fn put(&self, fields: &mut Fields) {
        let gates = self.gates.iter();
        fields.set_map("verdicts", gates.clone().map(|(key, gate)| (key, gate.verdict.as_str())));
        let said = |text: fn(&GateVerdict) -> &str| {
            let gates = self.gates.iter().map(move |(key, gate)| (key, text(gate)));
            gates.filter(|(_, text)| !text.is_empty())
        };
        fields.set_map("evidence", said(|gate| &gate.evidence));
        fields.set_map("reasons", said(|gate| &gate.reason));
        fields.set_option("exception-asked", self.exception_asked.as_deref());
        fields.set_option("exception-granted", self.exception_granted);
        fields.set_text("exception-reason", &self.exception_reason);
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        let mut evidence = reader.texts("evidence");
        let mut reasons = reader.texts("reasons");
        let verdicts = reader.map(&["verdicts"], record::word(Verdict::parse));
        let gates = verdicts.into_iter().map(|(key, verdict)| {
            let gate = GateVerdict {
                verdict,
                evidence: evidence.remove(&key).unwrap_or_default(),
                reason: reasons.remove(&key).unwrap_or_default(),
            };
            (key, gate)
        });
        let gates = gates.collect();
        Self {
            gates,
            exception_asked: reader.one(&["exception-asked"], record::text),
            exception_granted: reader.one(&["exception-granted"], record::flag),
            exception_reason: reader.text("exception-reason"),
        }
    }
}
