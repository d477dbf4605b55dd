//! Questions about records that coordinators share: contradictory verdicts, fields with two values, letters of
//! one referee. A record is opened only where several starts of devices wrote it: otherwise nothing in it can
//! contradict itself.

use std::collections::BTreeSet;

use tessera_model::crdt::Contents;
use tessera_model::documents::{
    Assignment, Call, Card, Dossier, Duplicate, Eligibility, Identity, Kind, Manifest, Moderation, Person,
    Record, Relays, Subject, Withdrawal,
};
use tessera_model::merge::{Attention, Case, Code, DocumentFacts, attention, letters};
use tessera_model::programme::Programme;
use tessera_model::programme::form::AttachmentKind;
use tessera_protocol::ids::{ApplicationId, DocumentId};
use tessera_vault::ids::Audience;

use crate::contents::{self, Listed};
use crate::counting::Counting;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::queue::Part;

const SHARED: [Kind; 12] = [
    Kind::Call,
    Kind::Relays,
    Kind::Identity,
    Kind::Dossier,
    Kind::Manifest,
    Kind::Card,
    Kind::Assignment,
    Kind::Withdrawal,
    Kind::Eligibility,
    Kind::Duplicate,
    Kind::Moderation,
    Kind::Person,
];

impl Acts<'_> {
    /// Every question about a shared record, with what of it a decision would be about.
    pub(crate) fn document_questions(
        &mut self,
        mut counting: Counting,
    ) -> Result<Vec<(Attention, Vec<Part>)>, EngineError> {
        let mut questions = Vec::new();
        let (core, tx) = self.parts();
        for kind in SHARED {
            for (id, record) in core.shared_documents(tx, kind)? {
                let Ok(subject) = Subject::parse(kind, &record.subject) else { continue };
                let changes = contents::changes(tx, id)?;
                let Some(reading) = core.read_document(tx, id, &mut counting)? else { continue };
                let parts = parts(id, &changes);
                let found = attention(&case(kind, subject, &reading.contents));
                questions.extend(found.into_iter().map(|one| (one, parts.clone())));
            }
        }
        self.same_referees(&mut questions, counting)?;
        Ok(questions)
    }

    fn same_referees(
        &mut self,
        questions: &mut Vec<(Attention, Vec<Part>)>,
        mut counting: Counting,
    ) -> Result<(), EngineError> {
        let Ok((_, programme)) = self.programme() else { return Ok(()) };
        if !programme.attachments.iter().any(|asked| asked.kind == AttachmentKind::Letter) {
            return Ok(());
        }
        let (core, tx) = self.parts();
        for (id, record) in core.documents(tx, Kind::Manifest)? {
            let Some(Audience::File(application)) = core.audience(record.stream) else { continue };
            let Some(reading) = core.read_document(tx, id, &mut counting)? else { continue };
            let manifest = Manifest::read(&reading.contents).value;
            let found = letters_of(&programme, application, &manifest);
            if found.is_empty() {
                continue;
            }
            let parts = parts(id, &contents::changes(tx, id)?);
            let mut settled = true;
            for (pack, document) in &parts {
                settled &= counting.said(core, tx, *pack, *document)?.accepted();
            }
            if !settled {
                questions.extend(found.into_iter().map(|one| (one, parts.clone())));
            }
        }
        Ok(())
    }
}

fn letters_of(programme: &Programme, application: ApplicationId, manifest: &Manifest) -> Vec<Attention> {
    let letters = letters(programme, manifest);
    if letters.len() < 2 {
        return Vec::new();
    }
    let mut found = attention(&Case { application: application.0, letters, ..Case::default() });
    found.retain(|one| one.code == Code::SameReferee);
    found
}

fn parts(id: DocumentId, changes: &[Listed]) -> Vec<Part> {
    let parts: BTreeSet<Part> = changes.iter().map(|change| (change.origin.pack(), Some(id))).collect();
    parts.into_iter().collect()
}

/// The facts of one document alone.
fn case(kind: Kind, subject: Subject, document: &Contents) -> Case {
    fn of<T: Record>(subject: Subject, document: &Contents) -> Vec<DocumentFacts> {
        vec![DocumentFacts::new::<T>(subject, document)]
    }
    let mut case = Case { application: subject.application().unwrap_or_default(), ..Case::default() };
    match (kind, subject) {
        (Kind::Eligibility, _) => case.eligibility = Some(Eligibility::read(document)),
        (Kind::Duplicate, Subject::Pair(_, other)) => {
            case.duplicates.insert(other, Duplicate::read(document));
        }
        (Kind::Moderation, Subject::Reading(_, round)) => {
            case.moderation.insert(round, Moderation::read(document));
        }
        (Kind::Call, _) => case.documents = of::<Call>(subject, document),
        (Kind::Relays, _) => case.documents = of::<Relays>(subject, document),
        (Kind::Identity, _) => case.documents = of::<Identity>(subject, document),
        (Kind::Dossier, _) => case.documents = of::<Dossier>(subject, document),
        (Kind::Manifest, _) => case.documents = of::<Manifest>(subject, document),
        (Kind::Card, _) => case.documents = of::<Card>(subject, document),
        (Kind::Assignment, _) => case.documents = of::<Assignment>(subject, document),
        (Kind::Withdrawal, _) => case.documents = of::<Withdrawal>(subject, document),
        (Kind::Person, _) => case.documents = of::<Person>(subject, document),
        _ => {}
    }
    case
}
