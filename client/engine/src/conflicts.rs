//! Conflicts of interest on the coordinators' side: what a reader declared and what coordinators made of it, standing
//! conflicts from `people`, and what follows. A declared conflict ends future access: the coordinators' devices close the
//! dossier to that reader, and the reader's own devices forget it ([`crate::withheld`]). What was read before stays read;
//! nothing can undo that, and every screen says so.

use std::collections::BTreeMap;

use tessera_defence::defended;
use tessera_model::documents::{
    Assignment, AssignmentState, Clearance, Conflict, Declaration, Kind, Person, Read, Ruling, Sha256Bytes,
    Subject,
};
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_vault::ids::Audience;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::core::Core;
use crate::counting::Counting;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::records::PendingEntry;
use crate::store::{Table, Transaction};

/// Longest answer in which a standing conflict is looked for, in bytes: names and addresses, no essays.
const MAX_LOOKED_BYTES: usize = 512;
/// Renditions that there can be: the open and the blind one.
pub(crate) const RENDITIONS: [u8; 2] =
    [tessera_model::documents::split::OPEN, tessera_model::documents::split::BLIND];

/// A declaration and what was made of it.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The application.
    pub application: ApplicationId,
    /// Who declared.
    pub member: MemberId,
    /// What.
    pub read: Read<Conflict>,
    /// What coordinators ruled on exactly this declaration.
    pub ruling: Option<Ruling>,
    /// Why they did.
    pub reason: String,
}

impl Declared {
    /// True where the reader may not read: a conflict, a recusal, a doubt or two answers, and no ruling that lifts it.
    #[must_use]
    pub fn bars(&self) -> bool {
        !self.read.value.is_clear() && self.ruling != Some(Ruling::Lifted)
    }
}

/// What an assignment's reason begins with where a conflict was lifted; the coordinators' own reason follows.
pub const CLEARED: &str = "conflict cleared: ";

/// What a standing conflict would be as a declaration, so that a ruling can name it.
#[must_use]
pub fn standing_declaration(whom: &str) -> Conflict {
    Conflict { declaration: Some(Declaration::Conflict), kind: "standing".to_owned(), note: whom.to_owned() }
}

/// Finds a standing conflict of a member in the answers of an application: whom, and in which answer.
#[must_use]
pub fn standing<'p>(person: &'p Person, answers: &BTreeMap<String, String>) -> Option<(&'p str, String)> {
    person.standing.keys().find_map(|whom| {
        let wanted = words(whom);
        let found = answers.iter().find(|(_, answer)| {
            answer.len() <= MAX_LOOKED_BYTES && !wanted.is_empty() && names(&words(answer), &wanted)
        });
        found.map(|(key, _)| (whom.as_str(), key.clone()))
    })
}

/// One word has to be the whole answer; several may stand inside it.
fn names(answer: &[String], wanted: &[String]) -> bool {
    match wanted {
        [_] => answer == wanted,
        _ => answer.windows(wanted.len()).any(|part| part == wanted),
    }
}

/// The words of a text, folded: no case, no accents, no signs.
pub(crate) fn words(text: &str) -> Vec<String> {
    let folded: String =
        text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

impl Acts<'_> {
    /// Every declaration that is here: a reader sees the own ones.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn declarations(&mut self) -> Result<Vec<Declared>, EngineError> {
        let mut declared = Vec::new();
        for (record, audience) in self.documents(Kind::Conflict)? {
            let Ok(Subject::Application(application)) = Subject::parse(Kind::Conflict, &record.subject)
            else {
                continue;
            };
            if let Some(Audience::Reviews(member)) = audience {
                declared.extend(self.declaration(ApplicationId(application), member)?);
            }
        }
        declared.sort_by_key(|one| (one.application, one.member));
        Ok(declared)
    }

    /// What a member declared about an application; none where nothing was.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn declaration(
        &mut self,
        application: ApplicationId,
        member: MemberId,
    ) -> Result<Option<Declared>, EngineError> {
        self.counted(|core, tx, counting| core.declaration(tx, application, member, counting))
    }

    /// What bars a member from reading an application: a declaration, or a standing conflict, that no ruling lifts.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn conflict_between(
        &mut self,
        application: ApplicationId,
        member: MemberId,
        answers: &BTreeMap<String, String>,
    ) -> Result<Option<Conflict>, EngineError> {
        if let Some(declared) = self.declaration(application, member)?.filter(Declared::bars) {
            return Ok(Some(declared.read.value));
        }
        let person = self.read::<Person>(&Audience::People, &member.0)?;
        let Some(person) = person else { return Ok(None) };
        let Some((whom, _)) = standing(&person.value, answers) else { return Ok(None) };
        let standing = standing_declaration(whom);
        let ruling = self.ruling(application, member, &standing)?;
        Ok(Some(standing).filter(|_| ruling != Some(Ruling::Lifted)))
    }

    pub(crate) fn ruling(
        &mut self,
        application: ApplicationId,
        member: MemberId,
        on: &Conflict,
    ) -> Result<Option<Ruling>, EngineError> {
        self.counted(|core, tx, counting| {
            Ok(core.clearance(tx, application, member, on, counting)?.and_then(|one| one.ruling))
        })
    }

    /// Rules on what bars a member from reading an application: a declaration, or a standing conflict. Where it is
    /// lifted, an assignment that stands is opened anew, and the reader is asked to declare again.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where there is nothing to rule on, [`EngineError::NotPermitted`].
    pub fn rule_on(
        &mut self,
        application: ApplicationId,
        member: MemberId,
        answers: &BTreeMap<String, String>,
        ruling: Ruling,
        reason: &str,
    ) -> Result<Conflict, EngineError> {
        self.must_coordinate()?;
        let declared = self.declaration(application, member)?.map(|declared| declared.read.value);
        let on = match declared.filter(|conflict| !conflict.is_clear()) {
            Some(conflict) => conflict,
            None => {
                let person = self.read::<Person>(&Audience::People, &member.0)?.map(|read| read.value);
                let found = person.as_ref().and_then(|person| standing(person, answers));
                let found = found.map(|(whom, _)| standing_declaration(whom));
                found.ok_or_else(|| EngineError::NotFound("a conflict of interest to rule on".into()))?
            }
        };
        let clearance = Clearance {
            ruling: Some(ruling),
            declaration: Some(on.fingerprint()),
            reason: reason.to_owned(),
        };
        let subject = Subject::ApplicationAndMember(application.0, member.0).to_bytes();
        self.write(&Audience::Office, &subject, &clearance, false)?;
        self.after_ruling(application, member, on.fingerprint(), ruling, reason)?;
        Ok(on)
    }

    /// What follows from a ruling on a declaration: the dossier is opened anew, or closed and the reading taken back.
    pub(crate) fn after_ruling(
        &mut self,
        application: ApplicationId,
        member: MemberId,
        on: Sha256Bytes,
        ruling: Ruling,
        reason: &str,
    ) -> Result<(), EngineError> {
        match ruling {
            Ruling::Lifted => self.reopen(application, member, on, reason),
            Ruling::Upheld => {
                let declared = self.declaration(application, member)?;
                let back = declared.is_some_and(|declared| declared.read.value.is_handed_back());
                let why = if back { "handed back" } else { "conflict of interest" };
                for (subject, assignment) in self.standing_assignments(application, member)? {
                    let reason = format!("{why}: {reason}");
                    let taken_back = Assignment {
                        state: Some(AssignmentState::Withdrawn),
                        place: 0,
                        reason,
                        ..assignment
                    };
                    self.write(&Audience::To(member), &subject, &taken_back, false)?;
                }
                self.close_dossiers(application, member)
            }
        }
    }

    /// Where a member is to read an application: subject and assignment, one for each round.
    fn standing_assignments(
        &mut self,
        application: ApplicationId,
        member: MemberId,
    ) -> Result<Vec<(Vec<u8>, Assignment)>, EngineError> {
        let to = Audience::To(member);
        let mut standing = Vec::new();
        for (record, audience) in self.documents(Kind::Assignment)? {
            let subject = Subject::parse(Kind::Assignment, &record.subject);
            let about = subject.ok().and_then(|subject| subject.application());
            if about != Some(application.0) || audience.as_ref() != Some(&to) {
                continue;
            }
            let read = self.read::<Assignment>(&to, &record.subject)?;
            let assignment = read.map(|read| read.value);
            let stands = |one: &Assignment| one.state == Some(AssignmentState::Assigned);
            standing.extend(assignment.filter(stands).map(|one| (record.subject.to_vec(), one)));
        }
        Ok(standing)
    }

    fn close_dossiers(&mut self, application: ApplicationId, member: MemberId) -> Result<(), EngineError> {
        for rendition in RENDITIONS {
            let audience = Audience::Dossier(application, rendition);
            let (core, _) = self.parts();
            let stream = core.stream(&audience)?;
            if core.known.openings.is_open(&core.known.access, member, stream).is_some() {
                self.close_stream(member, &audience)?;
            }
        }
        Ok(())
    }

    /// Closes and opens the dossiers of standing assignments, so that they are sent again, and says why.
    fn reopen(
        &mut self,
        application: ApplicationId,
        member: MemberId,
        on: Sha256Bytes,
        reason: &str,
    ) -> Result<(), EngineError> {
        let to = Audience::To(member);
        for (subject, assignment) in self.standing_assignments(application, member)? {
            let stream = Audience::Dossier(application, assignment.rendition);
            let told = Assignment { reason: format!("{CLEARED}{reason}"), cleared: Some(on), ..assignment };
            self.write(&to, &subject, &told, false)?;
            self.close_stream(member, &stream)?;
            // The closing has to be sealed before an opening can name it.
            let (core, tx) = self.parts();
            core.hand_over(tx)?;
            // The reader's device forgot the keys that it was given before.
            let id = core.stream(&stream)?;
            let grants: Vec<_> = core.known.keys.of(id).map(|(_, record)| record.grant.clone()).collect();
            for grant in grants {
                core.pend_grant(tx, &to, grant)?;
            }
            self.open_stream(member, &stream)?;
        }
        Ok(())
    }
}

impl Core {
    pub(crate) fn declaration(
        &self,
        tx: &dyn Transaction,
        application: ApplicationId,
        member: MemberId,
        counting: &mut Counting,
    ) -> Result<Option<Declared>, EngineError> {
        let reviews = Audience::Reviews(member);
        let read = self.read_record::<Conflict>(tx, &reviews, &application.0, counting)?;
        let Some(read) = read else { return Ok(None) };
        let clearance = self.clearance(tx, application, member, &read.value, counting)?;
        let (ruling, reason) = clearance.map(|one| (one.ruling, one.reason)).unwrap_or_default();
        Ok(Some(Declared { application, member, read, ruling, reason }))
    }

    /// The ruling on exactly this declaration; none on a reader's device, which holds none.
    fn clearance(
        &self,
        tx: &dyn Transaction,
        application: ApplicationId,
        member: MemberId,
        on: &Conflict,
        counting: &mut Counting,
    ) -> Result<Option<Clearance>, EngineError> {
        if self.known.id_key.is_none() {
            return Ok(None);
        }
        let subject = Subject::ApplicationAndMember(application.0, member.0).to_bytes();
        let read = self.read_record::<Clearance>(tx, &Audience::Office, &subject, counting)?;
        Ok(read.map(|read| read.value).filter(|one| one.declaration == Some(on.fingerprint())))
    }

    /// Closes the dossiers of applications to readers who declared a conflict. A coordinators' device does this by
    /// itself after every import; only declarations that changed are read.
    pub(crate) fn settle_conflicts(&mut self, tx: &mut dyn Transaction) -> Result<(), EngineError> {
        for (id, record) in self.documents(tx, Kind::Conflict)? {
            let Some(Audience::Reviews(member)) = self.audience(record.stream) else { continue };
            let Ok(Subject::Application(application)) = Subject::parse(Kind::Conflict, &record.subject)
            else {
                continue;
            };
            let changes = tx.count(Table::Changes, &id.0)?.to_be_bytes();
            let seen = [b"conflict-seen-", &id.0[..]].concat();
            if tx.get(Table::Settings, &seen)?.as_deref() == Some(&changes[..]) {
                continue;
            }
            tx.put(Table::Settings, &seen, &changes)?;
            let application = ApplicationId(application);
            let declared = self.declaration(tx, application, member, &mut Counting::load(tx)?)?;
            let ends = |declared: &Declared| declared.bars() && declared.read.value.ends_reading();
            if !declared.as_ref().is_some_and(|declared| defended!(G16) && ends(declared)) {
                continue;
            }
            for rendition in RENDITIONS {
                let stream = self.stream(&Audience::Dossier(application, rendition))?;
                if self.known.openings.is_open(&self.known.access, member, stream).is_some() {
                    self.pend(tx, &Audience::To(member), PendingEntry::Close(stream))?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standing_conflicts_are_found_in_names_not_in_essays() {
        fn check(whom: &str, answer: &str, expected: bool) {
            let person = Person { standing: [(whom.to_owned(), String::new())].into(), ..Person::default() };
            let answers = [("organisation".to_owned(), answer.to_owned())].into();
            assert_eq!(standing(&person, &answers).is_some(), expected, "{whom:?} in {answer:?}");
        }
        check("Kenya", "kenya", true);
        check("Kenya", " KENYA. ", true);
        check("Kenya", "Lawyers of Kenya", false);
        check("House of Children", "The house of children, Nairobi", true);
        check("Maison des Élèves", "MAISON DES ELEVES", true);
        check("House of Children", "House of the Children", false);
        check("北京大学", "北京大学", true);
        check("", "anything", false);
        check("House of Children", &format!("House of Children {}", "x ".repeat(400)), false);
    }
}
