//! One application as it leaves a coordinators' home to be read outside: what every reader may read, which files belong to it, and
//! of identity, reviews and rulings what somebody asked for. Not how it is set, and never a file's contents.
//!
//! Without identity it holds what a blind reader sees: no answer that names the applicant, files by what they are, and a label
//! that says nothing where the key would.

use std::collections::BTreeMap;

use tessera_model::documents::split::{BLIND, rendered_files};
use tessera_model::documents::{Identity, Manifest, Row, Withdrawal, split_form};
use tessera_model::programme::Programme;
use tessera_protocol::ids::{ApplicationId, RoundId};
use tessera_vault::ids::Audience;

use crate::eligibility::Judged;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::moderation::Moderated;
use crate::programme::round;
use crate::reviews::Reviewed;

/// What goes in beside what every reader may read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Inside {
    /// Answers that coordinators alone read or that name the applicant, and files by their own names.
    pub identity: bool,
    /// The reviews that count.
    pub scores: bool,
    /// Names of their readers.
    pub names: bool,
    /// Verdicts on conditions, the exception, withdrawals, and how disagreement was settled.
    pub rulings: bool,
}

impl Inside {
    /// The words for what is in it.
    #[must_use]
    pub fn words(&self) -> Vec<&'static str> {
        let all = [
            (self.identity, "identity"),
            (true, "dossier"),
            (self.scores, "scores"),
            (self.names && self.scores, "names"),
            (self.rulings, "rulings"),
        ];
        all.into_iter().filter(|(has, _)| *has).map(|(_, word)| word).collect()
    }
}

/// An application on paper.
#[derive(Debug, Clone)]
pub struct Paper {
    /// The application.
    pub application: ApplicationId,
    /// The key; without identity what blind readers call it.
    pub label: String,
    /// Answers that every reader may read.
    pub read: BTreeMap<String, String>,
    /// The other answers, where identity was asked for.
    pub identity: BTreeMap<String, String>,
    /// The files, by their own names where identity was asked for.
    pub files: Manifest,
    /// The reviews that count, in the order of the rounds.
    pub reviews: Vec<Reviewed>,
    /// What was decided, where rulings were asked for.
    pub rulings: Option<Rulings>,
}

/// What coordinators decided about an application.
#[derive(Debug, Clone)]
pub struct Rulings {
    /// Verdicts on conditions and the exception.
    pub judged: Judged,
    /// The withdrawal that stands.
    pub withdrawn: Option<Withdrawal>,
    /// How disagreement was settled.
    pub moderated: Vec<Moderated>,
}

impl Acts<'_> {
    /// Collects one application.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] where this is no coordinator's home, [`EngineError::NotFound`].
    pub fn paper(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        inside: Inside,
    ) -> Result<Paper, EngineError> {
        self.must_coordinate()?;
        let identity = self.read::<Identity>(&Audience::File(application), &application.0)?;
        let key = identity.ok_or_else(|| EngineError::NotFound("the application".into()))?.value.key;
        let fields = self.answers(programme, application)?;
        let row = Row { key_column: String::new(), key, fields };
        let mut split = split_form(programme, &application.0, &row);
        // What the form does not know any more stays with coordinators.
        for column in std::mem::take(&mut split.unmapped) {
            let answer = row.fields.get(&column).cloned().unwrap_or_default();
            split.identity.fields.insert(column, answer);
        }
        let mut files = self.files(application)?;
        if !inside.identity {
            files = rendered_files(programme, &files, BLIND);
        }
        let (label, identity) = match inside.identity {
            true => (row.key, split.identity.fields),
            false => (split.blind.label, BTreeMap::new()),
        };
        let reviews = if inside.scores { self.counting_reviews(programme, application)? } else { Vec::new() };
        let rulings = if inside.rulings { Some(self.rulings(programme, application)?) } else { None };
        Ok(Paper { application, label, read: split.blind.fields, identity, files, reviews, rulings })
    }

    fn counting_reviews(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
    ) -> Result<Vec<Reviewed>, EngineError> {
        let order: Vec<RoundId> = programme.rounds.iter().map(|one| round(one.key.as_str())).collect();
        let mut reviews = self.reviews_of(application)?;
        reviews.retain(|review| review.counts.is_ok());
        reviews.sort_by_key(|review| {
            let place = order.iter().position(|round| *round == review.round);
            (place.unwrap_or(usize::MAX), review.member)
        });
        Ok(reviews)
    }

    fn rulings(&mut self, programme: &Programme, application: ApplicationId) -> Result<Rulings, EngineError> {
        let reviews = self.tallies_of(application)?;
        Ok(Rulings {
            judged: self.eligibility(programme, application)?,
            withdrawn: self.withdrawal(application)?,
            moderated: self.moderations_of(application, &reviews)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_it_is_said_by_its_parts() {
        fn check(inside: Inside, expected: &[&str]) {
            assert_eq!(inside.words(), expected);
        }
        check(Inside::default(), &["dossier"]);
        check(Inside { names: true, ..Inside::default() }, &["dossier"]);
        let all = Inside { identity: true, scores: true, names: true, rulings: true };
        check(all, &["identity", "dossier", "scores", "names", "rulings"]);
    }
}
