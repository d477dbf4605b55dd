//! What a definition still lacks before a programme can run: parts that are missing, decisions that nobody took. Not
//! mistakes, which [`Programme::parse`] refuses.

use serde::Serialize;

use super::form::{FieldKind, GoesTo};
use super::scoring::CriterionKind;
use super::words::{Key, Text};
use super::{Programme, Round};

/// One thing that is missing, undecided, or worth a second look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind.
    pub code: FindingCode,
    /// Where, such as `round.reading.reads`.
    pub at: String,
    /// What to do, in a sentence.
    pub message: String,
}

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingCode {
    /// A part that must be there is not.
    Missing,
    /// A decision that a person must take is not taken.
    Undecided,
    /// Two parts do not go together.
    Contradiction,
    /// Allowed, but worth knowing.
    Advice,
}

impl Finding {
    /// Says whether the programme cannot be published with it.
    pub fn blocks(&self) -> bool {
        self.code != FindingCode::Advice
    }
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, code: FindingCode, at: impl Into<String>, message: impl Into<String>) {
        self.0.push(Finding { code, at: at.into(), message: message.into() });
    }

    fn missing_unless(&mut self, there: bool, at: impl Into<String>, message: impl Into<String>) {
        if !there {
            self.add(FindingCode::Missing, at, message);
        }
    }

    fn text(&mut self, text: Option<&Text>, languages: &[Key], at: String) {
        match text {
            None => self.add(FindingCode::Missing, at, "write a text here"),
            Some(text) if text.is_blank() => self.add(FindingCode::Missing, at, "this text is empty"),
            Some(text) => {
                let named: Vec<&str> = text.languages().collect();
                for language in languages.iter().map(Key::as_str) {
                    if !named.is_empty() && !named.contains(&language) {
                        self.add(FindingCode::Advice, at.clone(), format!("not translated into {language}"));
                    }
                }
            }
        }
    }
}

impl Programme {
    /// Lists what is missing, undecided or contradictory; the programme can be published when nothing
    /// [blocks](Finding::blocks).
    pub fn check(&self) -> Vec<Finding> {
        let mut found = Findings(Vec::new());
        self.check_frame(&mut found);
        self.check_criteria(&mut found);
        self.check_gates(&mut found);
        self.check_form(&mut found);
        for round in &self.rounds {
            self.check_round(round, &mut found);
        }
        self.check_decisions(&mut found);
        found.0
    }

    fn check_frame(&self, found: &mut Findings) {
        found.text(self.name.as_ref(), &self.languages, "name".to_owned());
        found.missing_unless(!self.languages.is_empty(), "languages", "name at least one language");
        found.missing_unless(
            self.time_zone.is_some(),
            "time_zone",
            "name the zone of the deadline, such as Asia/Shanghai: without it a day has 50 hours",
        );
        let call = self.call.as_ref();
        found.missing_unless(
            call.is_some_and(|c| c.opens.is_some()),
            "call.opens",
            "say when the call opens",
        );
        found.missing_unless(
            call.is_some_and(|c| c.closes.is_some()),
            "call.closes",
            "say the last moment, with its time of day",
        );
        found.missing_unless(
            call.is_some_and(|c| !c.routes.is_empty()),
            "call.routes",
            "say by which ways applications come",
        );
        found.missing_unless(
            call.is_some_and(|c| c.contact.as_ref().is_some_and(|t| !t.is_blank())),
            "call.contact",
            "say where applications and questions go",
        );
        found.missing_unless(self.scoring.is_some(), "scoring", "say how scores become totals");
        if self.scoring.as_ref().is_some_and(|s| s.ties.is_empty()) {
            found.add(
                FindingCode::Undecided,
                "scoring.ties",
                "say what separates equal totals, if only a draw",
            );
        }
        found.missing_unless(self.seats.is_some(), "seats", "say how many seats there are");
        found.missing_unless(self.waitlist.is_some(), "waitlist", "say how many wait; 0 is an answer");
        found.missing_unless(!self.rounds.is_empty(), "round", "describe at least one round");
        let retention = self.retention.as_ref();
        for (there, at) in [
            (retention.is_some_and(|r| r.not_selected_until.is_some()), "retention.not_selected_until"),
            (retention.is_some_and(|r| r.selected_until.is_some()), "retention.selected_until"),
            (retention.is_some_and(|r| r.reviews_until.is_some()), "retention.reviews_until"),
        ] {
            found.missing_unless(there, at, "say the last day on which this is kept");
        }
    }

    fn check_criteria(&self, found: &mut Findings) {
        found.missing_unless(
            self.scored().next().is_some(),
            "criterion",
            "name at least one scored criterion",
        );
        let scale = self.scale.clone().unwrap_or_default();
        for criterion in &self.criteria {
            let at = format!("criterion.{}", criterion.key);
            if !criterion.key.is_plain() {
                let message =
                    "publish keys of lower-case letters, digits and hyphens: they can never be changed";
                found.add(FindingCode::Contradiction, format!("{at}.key"), message);
            }
            found.text(criterion.label.as_ref(), &self.languages, format!("{at}.label"));
            if criterion.kind == CriterionKind::Gate && self.gate(criterion.key.as_str()).is_none() {
                let message = "a criterion of kind gate needs a [[gate]] of the same key, with its question";
                found.add(FindingCode::Missing, format!("gate.{}", criterion.key), message);
            }
            if criterion.kind == CriterionKind::Advantage && self.gate(criterion.key.as_str()).is_some() {
                let message = "an advantage excludes nobody, and a gate of this key would";
                found.add(FindingCode::Contradiction, at.clone(), message);
            }
            if !criterion.is_scored() {
                continue;
            }
            let bounded = criterion.min.or(scale.min).is_some() && criterion.max.or(scale.max).is_some();
            found.missing_unless(
                bounded,
                format!("{at}.max"),
                "say lowest and highest score, here or in [scale]",
            );
            found.missing_unless(
                criterion.levels.len() >= 2,
                format!("{at}.level"),
                "describe at least two levels",
            );
            for level in &criterion.levels {
                found.text(Some(&level.text), &self.languages, format!("{at}.level.{}", level.value));
            }
        }
    }

    fn check_gates(&self, found: &mut Findings) {
        for gate in &self.gates {
            found.text(Some(&gate.question), &self.languages, format!("gate.{}.question", gate.key));
            found.text(gate.evidence.as_ref(), &self.languages, format!("gate.{}.evidence", gate.key));
        }
        let lifts = self.gates.iter().any(|g| g.exception);
        match &self.exception {
            None if lifts => {
                let message = "a gate can be lifted by an exception: say who grants it, or lift none";
                found.add(FindingCode::Undecided, "exception", message);
            }
            Some(_) if !lifts => {
                let message = "say which gates the exception lifts: `exception = true` in them";
                found.add(FindingCode::Undecided, "gate", message);
            }
            _ => {}
        }
        let Some(exception) = &self.exception else { return };
        found.text(exception.proof.as_ref(), &self.languages, "exception.proof".to_owned());
        if exception.proposed_by.is_empty() || exception.granted_by.is_empty() {
            found.add(
                FindingCode::Undecided,
                "exception.granted_by",
                "say who proposes an exception and who grants it",
            );
        }
        if !exception.second_person {
            let message = "an exception needs a second person: set second_person = true";
            found.add(FindingCode::Undecided, "exception.second_person", message);
        }
    }

    fn check_form(&self, found: &mut Findings) {
        found.missing_unless(!self.fields.is_empty(), "field", "describe the application form");
        found.missing_unless(
            self.card().next().is_some(),
            "field.card",
            "choose what the conflict card shows, such as organisation and country",
        );
        for field in &self.fields {
            let at = format!("field.{}", field.key);
            found.text(field.label.as_ref(), &self.languages, format!("{at}.label"));
            if field.kind == FieldKind::Essay && field.words.is_none() {
                found.add(
                    FindingCode::Undecided,
                    format!("{at}.words"),
                    "say how many words an essay may have",
                );
            }
            let described = self.attachments.iter().any(|a| a.key == field.key);
            if field.kind == FieldKind::File && !described {
                let message = "a field of kind file needs an [[attachment]] of the same key";
                found.add(FindingCode::Missing, format!("attachment.{}", field.key), message);
            }
        }
        let read = self.fields.iter().map(|f| f.goes_to).chain(self.attachments.iter().map(|a| a.goes_to));
        if !read.into_iter().any(|goes_to| goes_to != GoesTo::Identity) {
            found.add(
                FindingCode::Contradiction,
                "field.goes_to",
                "reviewers would read nothing: send a field to the dossier",
            );
        }
        for attachment in &self.attachments {
            found.text(
                attachment.label.as_ref(),
                &self.languages,
                format!("attachment.{}.label", attachment.key),
            );
        }
    }

    fn check_round(&self, round: &Round, found: &mut Findings) {
        let at = format!("round.{}", round.key);
        found.text(round.label.as_ref(), &self.languages, format!("{at}.label"));
        found.missing_unless(round.opens.is_some(), format!("{at}.opens"), "say when the round opens");
        found.missing_unless(round.closes.is_some(), format!("{at}.closes"), "say when the round closes");
        found.missing_unless(
            round.reads.is_some(),
            format!("{at}.reads"),
            "say how many read each application",
        );
        if let (Some(first), Some(further)) = (round.reads, &round.further)
            && further.up_to <= first
        {
            let message = "further readers come after the first ones: allow more readers than read first";
            found.add(FindingCode::Contradiction, format!("{at}.further"), message);
        }
        if round.blind && self.fields.iter().any(|f| f.card && f.goes_to == GoesTo::Identity) {
            let message =
                "the round is blind, and the conflict card shows what only coordinators read otherwise";
            found.add(FindingCode::Advice, format!("{at}.blind"), message);
        }
    }

    fn check_decisions(&self, found: &mut Findings) {
        for decision in &self.decisions {
            let at = format!("decision.{}", decision.key);
            if decision.value.as_ref().is_none_or(Text::is_blank) {
                let question = decision.question.in_language(self.first_language());
                found.add(FindingCode::Undecided, at, format!("decide: {question}"));
            } else if decision.reason.as_ref().is_none_or(Text::is_blank) {
                found.add(FindingCode::Undecided, at, "say why it was decided so");
            }
        }
    }

    /// Returns the language of plain texts; empty where none is named.
    pub fn first_language(&self) -> &str {
        self.languages.first().map_or("", Key::as_str)
    }
}
