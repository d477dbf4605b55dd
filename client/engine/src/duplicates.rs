//! Applications that may be one and the same: what is alike, and what coordinators decided. Nothing is merged by
//! itself; a verdict says which of two counts.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::documents::{Dossier, Duplicate, Identity, Kind, Sameness, Subject};
use tessera_model::programme::Programme;
use tessera_model::programme::form::{AttachmentKind, FieldKind, GoesTo};
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_vault::ids::Audience;

use crate::conflicts::words;
use crate::eligibility::authors;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::programme::renditions;

/// In what two applications are alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// In this answer.
    Answer(String),
    /// In a file of the same contents; its name.
    File(String),
}

/// Two applications that may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// One of them.
    pub one: ApplicationId,
    /// The other.
    pub other: ApplicationId,
    /// In what they are alike; nothing where only a verdict names the pair.
    pub alike: BTreeSet<Likeness>,
    /// What was decided.
    pub verdict: Option<Sameness>,
    /// Which counts, where they are the same.
    pub keep: Option<ApplicationId>,
    /// True where coordinators contradict one another.
    pub contested: bool,
    /// Why it was decided so.
    pub reason: String,
    /// Who decided.
    pub by: BTreeSet<MemberId>,
}

type Pair = (ApplicationId, ApplicationId);
/// Applications by what they have alike and what it is.
type Groups = BTreeMap<(Vec<Likeness>, Vec<String>), Vec<ApplicationId>>;

impl Acts<'_> {
    /// Pairs that share a mail address, a name and a day of birth, a file, or every answer; and pairs that somebody judged.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn likely_duplicates(&mut self, programme: &Programme) -> Result<Vec<Twin>, EngineError> {
        let mut groups = Groups::new();
        let here = self.applications()?;
        self.same_answers(programme, &here, &mut groups)?;
        for (application, identity) in here {
            for (likeness, value) in telling(programme, &identity.fields) {
                groups.entry((likeness, value)).or_default().push(application);
            }
            for ((slot, contents), file) in self.files(application)?.originals() {
                // What a newspaper wrote may be about two people.
                if !is_personal(programme, slot) {
                    continue;
                }
                let value: String = contents.iter().map(|byte| format!("{byte:02x}")).collect();
                // Names differ where contents are the same; the first one is shown.
                let key = (vec![Likeness::File(String::new())], vec![value, file.name.clone()]);
                groups.entry(key).or_default().push(application);
            }
        }
        let mut pairs: BTreeMap<Pair, BTreeSet<Likeness>> = BTreeMap::new();
        for ((likeness, value), mut members) in groups {
            members.dedup();
            let alike: Vec<Likeness> = match likeness[..] {
                [Likeness::File(_)] => vec![Likeness::File(value[1].clone())],
                _ => likeness,
            };
            // A form that everybody sends alike is no sign.
            if members.len() > 8 {
                continue;
            }
            for (at, one) in members.iter().enumerate() {
                for other in &members[at + 1..] {
                    let pair = (*one.min(other), *one.max(other));
                    pairs.entry(pair).or_default().extend(alike.iter().cloned());
                }
            }
        }
        for (record, _) in self.documents(Kind::Duplicate)? {
            if let Ok(Subject::Pair(one, other)) = Subject::parse(Kind::Duplicate, &record.subject) {
                pairs.entry((ApplicationId(one), ApplicationId(other))).or_default();
            }
        }
        let twins: Result<Vec<Twin>, EngineError> =
            pairs.into_iter().map(|((one, other), alike)| self.twin(one, other, alike)).collect();
        let mut twins = twins?;
        // Of a pair that is not alike, a verdict that was taken back leaves nothing to ask.
        twins.retain(|twin| !twin.alike.is_empty() || twin.verdict.is_some() || twin.contested);
        Ok(twins)
    }

    /// Groups applications whose answers are all the same, as when a table came twice with another key. Who answers
    /// fewer than two questions is alike by chance.
    fn same_answers(
        &mut self,
        programme: &Programme,
        here: &[(ApplicationId, Identity)],
        groups: &mut Groups,
    ) -> Result<(), EngineError> {
        let mut alike: BTreeMap<&BTreeMap<String, String>, Vec<ApplicationId>> = BTreeMap::new();
        for (application, identity) in here {
            alike.entry(&identity.fields).or_default().push(*application);
        }
        // Dossiers are read only where coordinators' answers are the same already.
        for (own, members) in alike.into_iter().filter(|(_, members)| members.len() > 1) {
            for application in members {
                let mut answers = own.clone();
                for rendition in renditions(programme) {
                    let subject = Subject::Rendition(application.0, rendition).to_bytes();
                    let dossier =
                        self.read::<Dossier>(&Audience::Dossier(application, rendition), &subject)?;
                    answers.extend(dossier.map(|read| read.value.fields).unwrap_or_default());
                }
                if answers.len() < 2 {
                    continue;
                }
                let names = answers.keys().cloned().map(Likeness::Answer).collect();
                groups.entry((names, answers.into_values().collect())).or_default().push(application);
            }
        }
        Ok(())
    }

    fn twin(
        &mut self,
        one: ApplicationId,
        other: ApplicationId,
        alike: BTreeSet<Likeness>,
    ) -> Result<Twin, EngineError> {
        let subject = Subject::pair(one.0, other.0).to_bytes();
        let read = self.read::<Duplicate>(&Audience::Office, &subject)?;
        let by = match &read {
            Some(_) => {
                let (core, tx) = self.parts();
                let document = core.document_id(&Audience::Office, Kind::Duplicate, &subject)?;
                authors(core, tx, document)?.into_values().collect()
            }
            None => BTreeSet::new(),
        };
        let contested = read.as_ref().is_some_and(|read| !read.conflicts.is_empty());
        let Duplicate { verdict, keep, reason } = read.map(|read| read.value).unwrap_or_default();
        let keep = keep.map(ApplicationId);
        Ok(Twin { one, other, alike, verdict, keep, contested, reason, by })
    }

    /// Says whether two applications are one, and which counts.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::BadInput`].
    pub fn judge_duplicate(
        &mut self,
        one: ApplicationId,
        other: ApplicationId,
        verdict: Sameness,
        keep: Option<ApplicationId>,
        reason: &str,
    ) -> Result<bool, EngineError> {
        self.must_coordinate()?;
        if one == other {
            return Err(EngineError::BadInput("an application is no duplicate of itself".into()));
        }
        match (verdict, keep) {
            (Sameness::Same, None) => {
                return Err(EngineError::BadInput("which of the two counts has to be said".into()));
            }
            (Sameness::Different, Some(_)) => {
                return Err(EngineError::BadInput("two different applications both count".into()));
            }
            (_, Some(keep)) if keep != one && keep != other => {
                return Err(EngineError::BadInput("what counts is neither of the two".into()));
            }
            _ => {}
        }
        let keep = keep.map(|keep| keep.0);
        let record = Duplicate { verdict: Some(verdict), keep, reason: reason.to_owned() };
        let subject = Subject::pair(one.0, other.0).to_bytes();
        Ok(self.write(&Audience::Office, &subject, &record, false)?.is_some())
    }

    /// Takes back what was said of two applications: both count, and the pair is asked about again.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn unjudge_duplicate(
        &mut self,
        one: ApplicationId,
        other: ApplicationId,
        reason: &str,
    ) -> Result<bool, EngineError> {
        self.must_coordinate()?;
        let record = Duplicate { verdict: None, keep: None, reason: reason.to_owned() };
        let subject = Subject::pair(one.0, other.0).to_bytes();
        Ok(self.write(&Audience::Office, &subject, &record, false)?.is_some())
    }
}

/// Says whether an attachment is about one person alone.
fn is_personal(programme: &Programme, slot: &str) -> bool {
    let asked = programme.attachments.iter().find(|asked| asked.key.as_str() == slot);
    asked.is_some_and(|asked| !matches!(asked.kind, AttachmentKind::Media | AttachmentKind::Other))
}

/// What of an applicant's answers tells one person: a mail address; a name together with a day of birth.
fn telling(programme: &Programme, answers: &BTreeMap<String, String>) -> Vec<(Vec<Likeness>, Vec<String>)> {
    let mut telling = Vec::new();
    for (field, answer) in answers {
        let answer = answer.trim();
        let mail = answer.contains('@') && !answer.contains(char::is_whitespace);
        if mail && programme.fields.iter().any(|asked| asked.key.as_str() == field) {
            telling.push((vec![Likeness::Answer(field.clone())], vec![answer.to_lowercase()]));
        }
    }
    let asked = |kind: FieldKind| {
        let personal = programme.fields.iter().filter(move |field| field.goes_to != GoesTo::Dossier);
        personal.filter(move |field| field.kind == kind).find_map(|field| {
            let answer = answers.get(field.key.as_str())?;
            Some((field.key.as_str().to_owned(), answer))
        })
    };
    if let (Some((name, who)), Some((day, born))) = (asked(FieldKind::Text), asked(FieldKind::Date)) {
        let mut value = words(who);
        value.sort();
        if !value.is_empty() {
            value.push(born.clone());
            telling.push((vec![Likeness::Answer(name), Likeness::Answer(day)], value));
        }
    }
    telling
}
