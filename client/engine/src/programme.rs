//! Acts of a programme: publishing the call, taking in applications, assigning readers. Each act is one
//! transaction of its caller ([`crate::Engine::together`]).

use tessera_model::documents::split::{BLIND, OPEN};
use tessera_model::documents::{
    Assignment, AssignmentState, Call, Card, Dossier, Identity, Kind, Manifest, Read, Row, Ruling, Split,
    Subject, round_id, split_form,
};
use tessera_model::programme::Programme;
use tessera_model::programme::calendar::Round;
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};
use tessera_vault::ids::Audience;

use crate::engine::Acts;
use crate::error::EngineError;

/// What an import made of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// An application that was not here.
    New,
    /// Something about it changed.
    Changed,
    /// Nothing is new.
    Same,
}

/// The rendition that a round reads.
#[must_use]
pub fn rendition(round: &Round) -> u8 {
    if round.blind { BLIND } else { OPEN }
}

/// The id of a round by its key.
#[must_use]
pub fn round(key: &str) -> RoundId {
    RoundId(round_id(key))
}

impl Acts<'_> {
    /// Publishes a definition, or amends the published one; gives the revision's number.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::BadInput`].
    pub fn publish(&mut self, programme: &Programme, reason: &str) -> Result<u32, EngineError> {
        self.must_coordinate()?;
        let mut call =
            self.read::<Call>(&Audience::Programme, &[])?.map(|read| read.value).unwrap_or_default();
        let number =
            call.publish(programme, reason).map_err(|error| EngineError::BadInput(error.to_string()))?;
        self.write(&Audience::Programme, &[], &call, false)?;
        Ok(number)
    }

    /// The published call's newest revision.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where nothing is published, or nothing came yet.
    pub fn programme(&mut self) -> Result<(u32, Programme), EngineError> {
        let call = self.read::<Call>(&Audience::Programme, &[])?;
        let call = call.ok_or_else(|| EngineError::NotFound("the published programme".into()))?;
        call.value.current().map_err(|error| EngineError::NotFound(error.to_string()))
    }

    /// Takes in one application: who applies, what is read of it in every rendition that a round uses, and its
    /// files.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::BadInput`].
    pub fn take_application(
        &mut self,
        programme: &Programme,
        row: &Row,
        files: &Manifest,
    ) -> Result<(ApplicationId, Taken, Split), EngineError> {
        self.must_coordinate()?;
        let application = self.application(&row.key)?;
        let split = split_form(programme, &application.0, row);
        let taken = self.write_application(programme, application, &split, files)?;
        Ok((application, taken, split))
    }

    /// Writes what an application was split into.
    pub(crate) fn write_application(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        split: &Split,
        files: &Manifest,
    ) -> Result<Taken, EngineError> {
        let known = self.read::<Identity>(&Audience::File(application), &application.0)?.is_some();
        let mut changed = false;
        let file = Audience::File(application);
        changed |= self.write(&file, &application.0, &split.identity, true)?.is_some();
        changed |= self.write_files(&file, &application.0, files)?;
        for rendition in renditions(programme) {
            let audience = Audience::Dossier(application, rendition);
            let subject = Subject::Rendition(application.0, rendition).to_bytes();
            let dossier = if rendition == BLIND { &split.blind } else { &split.open };
            changed |= self.write(&audience, &subject, dossier, true)?.is_some();
            let shown = tessera_model::documents::split::rendered_files(programme, files, rendition);
            changed |= self.write_files(&audience, &subject, &shown)?;
        }
        Ok(match (known, changed) {
            (false, _) => Taken::New,
            (true, true) => Taken::Changed,
            (true, false) => Taken::Same,
        })
    }

    /// Writes a manifest; an empty one only where files were listed before.
    fn write_files(
        &mut self,
        audience: &Audience,
        subject: &[u8],
        files: &Manifest,
    ) -> Result<bool, EngineError> {
        if files.files.is_empty() && self.read::<Manifest>(audience, subject)?.is_none() {
            return Ok(false);
        }
        Ok(self.write(audience, subject, files, true)?.is_some())
    }

    /// Assigns an application to a reader in a round: the card, the assignment and, where the programme lets the
    /// declaration follow on the device, the dossier. The reader must have been checked by a person.
    ///
    /// # Errors
    /// [`EngineError::Unchecked`], [`EngineError::NotPermitted`], [`EngineError::NotFound`].
    pub fn assign(
        &mut self,
        programme: &Programme,
        member: MemberId,
        application: ApplicationId,
        in_round: &Round,
        place: u32,
    ) -> Result<bool, EngineError> {
        self.must_coordinate()?;
        if !self.is_checked(member)? {
            return Err(EngineError::Unchecked(member));
        }
        let answers = self.answers(programme, application)?;
        if self.conflict_between(application, member, &answers)?.is_some() {
            return Err(EngineError::NotPermitted("a reader without a conflict of interest"));
        }
        let identity = self.read::<Identity>(&Audience::File(application), &application.0)?;
        let identity = identity.ok_or_else(|| EngineError::NotFound("the application".into()))?.value;
        let row =
            Row { key_column: String::new(), key: identity.key.clone(), fields: identity.fields.clone() };
        let rendition = rendition(in_round);
        let dossier = self.read::<Dossier>(
            &Audience::Dossier(application, rendition),
            &Subject::Rendition(application.0, rendition).to_bytes(),
        )?;
        let card = self.card(programme, application, &row, rendition, dossier.as_ref());
        let to = Audience::To(member);
        let subject = Subject::Reading(application.0, round(in_round.key.as_str()).0).to_bytes();
        // Whoever was bound by a declaration that was lifted may declare anew.
        let lifted = self.declaration(application, member)?;
        let lifted = lifted.filter(|declared| declared.ruling == Some(Ruling::Lifted));
        let assignment = Assignment {
            state: Some(AssignmentState::Assigned),
            rendition,
            place,
            reason: String::new(),
            cleared: lifted.map(|declared| declared.read.value.fingerprint()),
        };
        let mut changed = self.write(&to, &subject, &card, true)?.is_some();
        changed |= self.write(&to, &subject, &assignment, false)?.is_some();
        self.open_stream(member, &Audience::Dossier(application, rendition))?;
        Ok(changed)
    }

    fn card(
        &self,
        programme: &Programme,
        application: ApplicationId,
        row: &Row,
        rendition: u8,
        dossier: Option<&Read<Dossier>>,
    ) -> Card {
        let mut whole = row.clone();
        if let Some(dossier) = dossier {
            whole.fields.extend(dossier.value.fields.clone());
        }
        let split = split_form(programme, &application.0, &whole);
        if rendition == BLIND { split.blind_card } else { split.open_card }
    }

    /// Takes an assignment back. A review that counts here by then goes on counting, by a decision of this
    /// coordinator; what comes later waits.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn unassign(
        &mut self,
        member: MemberId,
        application: ApplicationId,
        in_round: &Round,
        reason: &str,
    ) -> Result<(), EngineError> {
        self.must_coordinate()?;
        let to = Audience::To(member);
        let in_round_id = round(in_round.key.as_str());
        self.keep_counting(
            member,
            application,
            in_round_id,
            "submitted before the assignment was taken back",
        )?;
        let subject = Subject::Reading(application.0, in_round_id.0).to_bytes();
        let rendition = rendition(in_round);
        let assignment = Assignment {
            state: Some(AssignmentState::Withdrawn),
            rendition,
            place: 0,
            reason: reason.to_owned(),
            cleared: None,
        };
        self.write(&to, &subject, &assignment, false)?;
        self.close_stream(member, &Audience::Dossier(application, rendition))
    }

    /// The applications that are here, by key.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn applications(&mut self) -> Result<Vec<(ApplicationId, Identity)>, EngineError> {
        let mut found = Vec::new();
        for (record, _) in self.documents(Kind::Identity)? {
            if let Ok(Subject::Application(id)) = Subject::parse(Kind::Identity, &record.subject) {
                let id = ApplicationId(id);
                if let Some(read) = self.read::<Identity>(&Audience::File(id), &id.0)? {
                    found.push((id, read.value));
                }
            }
        }
        found.sort_by(|(_, one), (_, other)| one.key.as_bytes().cmp(other.key.as_bytes()));
        Ok(found)
    }
}

/// The renditions that the programme's rounds read.
#[must_use]
pub fn renditions(programme: &Programme) -> Vec<u8> {
    let mut renditions: Vec<u8> = programme.rounds.iter().map(rendition).collect();
    if renditions.is_empty() {
        renditions.push(OPEN);
    }
    renditions.sort_unstable();
    renditions.dedup();
    renditions
}
