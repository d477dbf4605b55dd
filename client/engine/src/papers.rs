//! One application as it leaves a coordinators' home to be read outside: what every reader may read, which files belong to it, and
//! of identity, reviews and rulings what somebody asked for. Not how it is set, and never a file's contents.
//!
//! Without identity it holds what a blind reader sees: no answer that names the applicant, files by what they are, and a label
//! that says nothing where the key would.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::documents::split::{BLIND, rendered_files};
use tessera_model::documents::{Identity, Manifest, Row, Withdrawal, split_form};
use tessera_model::programme::Programme;
use tessera_protocol::ids::{ApplicationId, RoundId};
use tessera_vault::ids::Audience;

use crate::eligibility::Judged;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::intake::take::key_column;
use crate::moderation::Moderated;
use crate::programme::round;
use crate::reviews::Reviewed;
use crate::tallies::Tallied;

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

/// The reviews of applications that count, and how coordinators settled them: gathered once for all, as each listing looks at all.
#[derive(Default)]
struct Reviews {
    counting: BTreeMap<ApplicationId, Vec<Reviewed>>,
    moderated: BTreeMap<ApplicationId, Vec<Moderated>>,
}

impl Acts<'_> {
    /// Collects applications, in the order in which they are named.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] where this is no coordinator's home, [`EngineError::NotFound`].
    pub fn dossiers_on_paper(
        &mut self,
        programme: &Programme,
        applications: &[ApplicationId],
        inside: Inside,
    ) -> Result<Vec<Paper>, EngineError> {
        self.must_coordinate()?;
        let reviewed = self.reviewed(applications, inside)?;
        applications.iter().map(|id| self.paper(programme, *id, inside, &reviewed)).collect()
    }

    fn reviewed(&mut self, applications: &[ApplicationId], inside: Inside) -> Result<Reviews, EngineError> {
        let mut found = Reviews::default();
        if !(inside.scores || inside.rulings) {
            return Ok(found);
        }
        let wanted: BTreeSet<ApplicationId> = applications.iter().copied().collect();
        let reviews = self.reviews_where(|of| wanted.contains(&of))?;
        if inside.rulings {
            let tallies: Vec<Tallied> = reviews.iter().map(Tallied::from).collect();
            for one in self.moderations_where(&tallies, |of| wanted.contains(&of))? {
                found.moderated.entry(one.application).or_default().push(one);
            }
        }
        if inside.scores {
            for review in reviews.into_iter().filter(|review| review.counts.is_ok()) {
                found.counting.entry(review.application).or_default().push(review);
            }
        }
        Ok(found)
    }

    fn paper(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        inside: Inside,
        reviewed: &Reviews,
    ) -> Result<Paper, EngineError> {
        let identity = self.read::<Identity>(&Audience::File(application), &application.0)?;
        let key = identity.ok_or_else(|| EngineError::NotFound("the application".into()))?.value.key;
        let fields = self.answers(programme, application)?;
        let row = Row { key_column: key_column(&key, &fields), key, fields };
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
        let reviews = in_order(programme, reviewed.counting.get(&application).cloned().unwrap_or_default());
        let moderated = reviewed.moderated.get(&application).cloned().unwrap_or_default();
        let rulings = if inside.rulings {
            Some(Rulings {
                judged: self.eligibility(programme, application)?,
                withdrawn: self.withdrawal(application)?,
                moderated,
            })
        } else {
            None
        };
        Ok(Paper { application, label, read: split.blind.fields, identity, files, reviews, rulings })
    }
}

/// Reviews in the order of the rounds.
fn in_order(programme: &Programme, mut reviews: Vec<Reviewed>) -> Vec<Reviewed> {
    let order: Vec<RoundId> = programme.rounds.iter().map(|one| round(one.key.as_str())).collect();
    reviews.sort_by_key(|review| {
        let place = order.iter().position(|round| *round == review.round);
        (place.unwrap_or(usize::MAX), review.member)
    });
    reviews
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
