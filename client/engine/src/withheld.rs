//! What a reader's own declaration takes from the reader's devices. Not what coordinators make of a declaration
//! ([`crate::conflicts`]).
//!
//! A declared conflict, stepping back or handing back takes the dossier at once: packs, texts, keys. Drafts and notes, which are
//! the reader's own words and nobody else has, stay where they are; while the declaration stands they are neither shown nor
//! written. What was submitted stays with the coordinators. The reader's other devices do the same as soon as they hear of it and
//! of the dossier's closing. A declaration that bars is taken back by its author only while nobody else is known to have it; from
//! then on a coordinator's ruling alone lets the author declare anew.

use tessera_defence::defended;
use tessera_model::documents::{
    Assignment, AssignmentState, Conflict, Declaration, Kind, Record as _, Subject,
};
use tessera_protocol::ids::ApplicationId;
use tessera_protocol::stream::Stream;
use tessera_vault::ids::Audience;

use crate::chains;
use crate::conflicts::{CLEARED, RENDITIONS};
use crate::core::{Core, meta};
use crate::counting::Counting;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::reading::WorkState;
use crate::receive::parked;
use crate::records::{PackRecord, Stage, each, get};
use crate::store::{Table, Transaction};

/// Applications of which nothing is kept here, in [`Table::Settings`]: `withheld-` application → nothing.
const WITHHELD: &[u8] = b"withheld-";

fn mark(application: ApplicationId) -> Vec<u8> {
    [WITHHELD, &application.0[..]].concat()
}

/// What stands between a reader and declaring that there is no conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Nothing: nothing was declared, or nobody else is known to have heard of it.
    Free,
    /// Coordinators heard of it and lifted it.
    Lifted,
    /// A coordinator has to rule on it first.
    Waits,
}

impl Acts<'_> {
    /// Declares a conflict of interest, or that there is none. Where the reader will not read, this device forgets the
    /// dossier, and puts drafts and notes away; what was read before stays read.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] where an earlier declaration waits for a coordinator's ruling.
    pub fn declare(&mut self, application: ApplicationId, conflict: &Conflict) -> Result<(), EngineError> {
        if conflict.is_clear() && self.bound(application)? == Bound::Waits && defended!(G16) {
            return Err(EngineError::NotPermitted("a coordinator's ruling on what was declared before"));
        }
        self.write(&Audience::Reviews(self.member()), &application.0, conflict, false)?;
        let (core, tx) = self.parts();
        if conflict.ends_reading() {
            core.withhold(tx, application)?;
        } else if conflict.is_clear() {
            core.give_back(tx, application)?;
        }
        Ok(())
    }

    /// Hands an application back that this reader cannot read, whatever the reason but a conflict of interest.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where nothing of it is assigned, [`EngineError::BadInput`] without a reason,
    /// [`EngineError::NotPermitted`] where a review of it was submitted.
    pub fn hand_back(&mut self, application: ApplicationId, reason: &str) -> Result<(), EngineError> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(EngineError::BadInput("handing back needs a reason".into()));
        }
        let stands = |assignment: &Assignment| assignment.state == Some(AssignmentState::Assigned);
        let assigned = self.assigned()?.into_iter();
        let here = assigned.filter(|(of, _, assignment)| *of == application && stands(assignment));
        let rounds: Vec<_> = here.map(|(_, round, _)| round).collect();
        if rounds.is_empty() {
            return Err(EngineError::NotFound("the assignment".into()));
        }
        for round in rounds {
            let task = self.task(application, round)?;
            let review = task.and_then(|task| task.review);
            if review.is_some_and(|read| read.value.revision > 0) {
                return Err(EngineError::NotPermitted("an application of which no review was submitted"));
            }
        }
        let conflict = Conflict {
            declaration: Some(Declaration::Recused),
            kind: Conflict::HAND_BACK.to_owned(),
            note: reason.to_owned(),
        };
        self.declare(application, &conflict)
    }

    /// What stands between this reader and declaring that there is no conflict.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn bound(&mut self, application: ApplicationId) -> Result<Bound, EngineError> {
        let reviews = Audience::Reviews(self.member());
        let (core, tx) = self.parts();
        let tx = &*tx;
        let id = core.document_id(&reviews, Kind::Conflict, &application.0)?;
        let told = core.read_with_sides(tx, id, |pack| {
            let record = get::<PackRecord>(tx, Table::PackStates, &pack.0)?;
            Ok(record.is_some_and(|record| WorkState::of(&record) >= WorkState::HeldByRelay))
        })?;
        let Some((reading, _)) = told else { return Ok(Bound::Free) };
        let read = Conflict::read(&reading.contents);
        // Two answers of two devices are no answer that frees.
        let contested = read.is_contested("declaration");
        let told = read.value;
        if !contested && (told.declaration.is_none() || told.is_clear()) {
            return Ok(Bound::Free);
        }
        // Assignments of before say a ruling in their reason alone.
        let lifted = |assignment: &Assignment| match &assignment.cleared {
            Some(cleared) => *cleared == told.fingerprint(),
            None => assignment.reason.starts_with(CLEARED),
        };
        let mut assigned = self.assigned()?.into_iter().filter(|(of, _, _)| *of == application);
        Ok(if assigned.any(|(_, _, assignment)| lifted(&assignment)) { Bound::Lifted } else { Bound::Waits })
    }
}

impl Core {
    /// True where nothing of an application is kept on this device, by its member's own declaration.
    pub(crate) fn is_withheld(tx: &dyn Transaction, application: ApplicationId) -> Result<bool, EngineError> {
        Ok(tx.get(Table::Settings, &mark(application))?.is_some())
    }

    /// Forgets the dossier, and puts away what its reader wrote beside it.
    fn withhold(&mut self, tx: &mut dyn Transaction, application: ApplicationId) -> Result<(), EngineError> {
        tx.put(Table::Settings, &mark(application), &[])?;
        self.forget_dossier(tx, application)
    }

    /// Lets the dossier come again whose reader took a declaration back. Its keys are in packs that are here and are read
    /// again; its texts come with the next exchange.
    fn give_back(&mut self, tx: &mut dyn Transaction, application: ApplicationId) -> Result<(), EngineError> {
        tx.delete(Table::Settings, &mark(application))?;
        if !Self::recall_streams(tx, &application.0)? {
            return Ok(());
        }
        let to = Stream::To(self.about.member).id(self.programme());
        for id in chains::of_stream(tx, to)? {
            let record = get::<PackRecord>(tx, Table::PackStates, &id.0)?;
            if record.is_some_and(|record| record.stage == Stage::Opened) {
                tx.put(Table::Parked, &[&[parked::READY, 0][..], &id.0].concat(), &[])?;
            }
        }
        Ok(tx.put(Table::Meta, meta::REFILL, &[1])?)
    }

    /// Does on this device what its member declared, here or on another device. Only declarations that changed are read.
    pub(crate) fn settle_own_declarations(&mut self, tx: &mut dyn Transaction) -> Result<(), EngineError> {
        let reviews = Audience::Reviews(self.about.member);
        let stream = self.stream(&reviews)?;
        for (id, record) in self.documents(tx, Kind::Conflict)? {
            let subject = Subject::parse(Kind::Conflict, &record.subject);
            let (true, Ok(Subject::Application(application))) = (record.stream == stream, subject) else {
                continue;
            };
            let changes = tx.count(Table::Changes, &id.0)?.to_be_bytes();
            let seen = [b"declared-", &id.0[..]].concat();
            if tx.get(Table::Settings, &seen)?.as_deref() == Some(&changes[..]) {
                continue;
            }
            tx.put(Table::Settings, &seen, &changes)?;
            let mut counting = Counting::load(tx)?;
            let read = self.read_record::<Conflict>(tx, &reviews, &application, &mut counting)?;
            let conflict = read.map(|read| read.value).unwrap_or_default();
            if conflict.ends_reading() {
                tx.put(Table::Settings, &mark(ApplicationId(application)), &[])?;
            } else if conflict.is_clear() {
                self.give_back(tx, ApplicationId(application))?;
            }
        }
        let mut withheld = Vec::new();
        each(tx, Table::Settings, WITHHELD, |key, _| {
            withheld.extend(key.last_chunk::<16>().map(|id| ApplicationId(*id)));
            Ok(())
        })?;
        for application in withheld {
            // Where it is open, a coordinator has not heard of it yet, or lifted it.
            if !self.is_dossier_open(application) {
                self.forget_dossier(tx, application)?;
            }
        }
        Ok(())
    }

    fn is_dossier_open(&self, application: ApplicationId) -> bool {
        let streams = RENDITIONS.map(|rendition| Audience::Dossier(application, rendition));
        let mut streams = streams.iter().filter_map(|audience| self.known.keys.stream_of(audience));
        let (known, member) = (&self.known, self.about.member);
        streams.any(|stream| known.openings.is_open(&known.access, member, stream).is_some())
    }

    /// Forgets the dossiers of an application on a reader's device: packs, texts, keys. A coordinators' device keeps
    /// what coordinators keep.
    fn forget_dossier(
        &mut self,
        tx: &mut dyn Transaction,
        application: ApplicationId,
    ) -> Result<(), EngineError> {
        if self.is_coordinator() || !defended!(G16) {
            return Ok(());
        }
        for rendition in RENDITIONS {
            if let Some(stream) = self.known.keys.stream_of(&Audience::Dossier(application, rendition)) {
                self.forget_stream(tx, stream, &application.0)?;
            }
        }
        Ok(())
    }
}
