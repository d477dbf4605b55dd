//! The engine as its callers see it: every act is one transaction, and what failed left nothing behind.

use std::io::{Cursor, Read as ReadBytes, Seek, Write};
use std::ops::Range;

use tessera_defence::defended;
use tessera_model::crdt::Document;
use tessera_model::documents::{Kind, Read, Record};
use tessera_model::guard::{ActorBytes, ChangeHash, Scanned};
use tessera_protocol::access::Classes;
use tessera_protocol::charter::{Change, Roles};
use tessera_protocol::device::Device;
use tessera_protocol::frontier::Frontier;
use tessera_protocol::ids::{
    ApplicationId, AttachmentId, DeviceId, DocumentId, Incarnation, LinkId, MemberId, PackId, ProgrammeId,
    RoundId, StreamId,
};
use tessera_protocol::permission::Permission;
use tessera_protocol::receipt::Receipt;
use tessera_protocol::signature::PublicKey;
use tessera_protocol::statement::Statement;
use tessera_vault::enrol::{self, About as Person, Invitation, Relay};
use tessera_vault::identity::DeviceSecret;
use tessera_vault::ids::Audience;
use tessera_vault::items::{Decision, Item};

use crate::bundle::{self, For, Outline};
use crate::contents;
use crate::core::{About, Core, InProcess, Known, Rng, Touched, Worker, meta};
use crate::counting::{Counting, Standing};
use crate::digest::BATCH;
use crate::error::EngineError;
use crate::exchange::{Announced, Budget, Sending};
use crate::notices::{self, Notice};
use crate::pages;
use crate::people::{self, Admitted, Removal};
use crate::receive::{Imported, parked};
use crate::records::{DocumentRecord, PackRecord, PendingEntry, all, each, get, put};
use crate::store::{Store, StoreError, Table, Transaction};
use crate::tallies;

/// One programme on one device.
pub struct Engine<S: Store> {
    store: S,
    pub(crate) core: Core,
}

/// For each result so much is asked of the index.
const MORE: usize = 16;

/// A document that has words which were looked for.
#[derive(Debug, Clone)]
pub struct Found {
    id: DocumentId,
    /// What it is.
    pub record: DocumentRecord,
    /// For whom it is, where that is known here.
    pub audience: Option<Audience>,
}

/// The text of a document in which words stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The text's place in the document, from the outside in.
    pub place: Vec<String>,
    /// All of it.
    pub text: String,
    /// The first word of those, in bytes.
    pub at: Range<usize>,
}

/// A pack as a person follows it.
#[derive(Debug, Clone)]
pub struct PackState {
    /// The pack.
    pub id: PackId,
    /// Its state.
    pub record: PackRecord,
    /// True where it waits in the outbox.
    pub in_outbox: bool,
    /// How it stands.
    pub standing: Standing,
}

impl<S: Store> Engine<S> {
    /// Founds a programme whose first admin and coordinator is this device's member.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn found(
        mut store: S,
        secret: DeviceSecret,
        mut rng: Rng,
        demo: bool,
        relays: &[(PublicKey, bool)],
    ) -> Result<Self, EngineError> {
        let mut nonce = [0; 16];
        rand_core::Rng::fill_bytes(&mut rng, &mut nonce);
        let (link, programme, member) = people::genesis(&secret, nonce, demo, relays)?;
        let about = About { programme, member };
        store.transaction(|tx| put(tx, Table::Meta, meta::HOME, &about))?;
        let mut engine = Self::open(store, secret, rng)?;
        engine.act(|core, tx| core.found(tx, &link))?;
        Ok(engine)
    }

    /// Starts the home of somebody who answers an invitation; gives the answer to hand back.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn enrol(
        mut store: S,
        secret: DeviceSecret,
        rng: Rng,
        invitation: &Invitation,
        person: Person,
    ) -> Result<(Self, Vec<u8>), EngineError> {
        let answer = enrol::answer(invitation, &secret, person)?;
        let about = About { programme: invitation.programme, member: secret.device().first_member() };
        store.transaction(|tx| {
            put(tx, Table::Meta, meta::HOME, &about)?;
            tx.put(Table::Meta, b"answer", &answer)?;
            put(tx, Table::Meta, b"invitation", invitation)
        })?;
        Ok((Self::open(store, secret, rng)?, answer))
    }

    /// Starts the home of a further device of a member.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn join(mut store: S, secret: DeviceSecret, rng: Rng, about: About) -> Result<Self, EngineError> {
        store.transaction(|tx| put(tx, Table::Meta, meta::HOME, &about))?;
        Self::open(store, secret, rng)
    }

    /// Opens a home: a new start, with an incarnation of its own.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where the store holds no home.
    pub fn open(mut store: S, secret: DeviceSecret, mut rng: Rng) -> Result<Self, EngineError> {
        let (about, known) = store.transaction(|tx| {
            let about: About =
                get(tx, Table::Meta, meta::HOME)?.ok_or_else(|| EngineError::NotFound("a home".into()))?;
            let known = Known::load(tx, &about)?;
            Ok::<_, EngineError>((about, known))
        })?;
        let incarnation = incarnation(&mut rng);
        let device = secret.id();
        let worker = Box::new(InProcess);
        let floors = Default::default();
        let (untold, tallied, empties) = Default::default();
        let counter = 0;
        let core = Core {
            secret,
            device,
            about,
            incarnation,
            rng,
            known,
            counter,
            floors,
            worker,
            untold,
            tallied,
            empties,
        };
        if !store.transaction(|tx| contents::is_current(tx))? {
            match store.transaction(|tx| core.keep_all_contents(tx)) {
                // A disk that takes nothing leaves the home as it was: everything is built each time.
                Ok(()) | Err(EngineError::Store(StoreError::ReadOnly | StoreError::Full)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { store, core })
    }

    /// Tries changes of other people in `worker` from here on.
    pub fn set_worker(&mut self, worker: Box<dyn Worker>) {
        self.core.worker = worker;
    }

    /// Runs an act in one transaction. Where it fails, what this device knows is read again, under a new
    /// incarnation, as if it had just started.
    pub(crate) fn act<T>(
        &mut self,
        act: impl FnOnce(&mut Core, &mut dyn Transaction) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let Self { store, core } = self;
        let result = store.transaction(|tx| {
            let done = act(core, tx)?;
            if !core.untold.act.is_empty() {
                contents::forget_view(tx)?;
                tallies::forget(tx, &core.untold.act)?;
            }
            Ok(done)
        });
        let tallied = std::mem::take(&mut core.tallied);
        if result.is_ok() && !tallied.is_empty() {
            let touched = &core.untold.act;
            // Looking at something fails on no full or read-only disk: what is not kept is gathered again.
            let _ = store.transaction(|tx| tallies::keep(tx, tallied, touched));
        }
        core.untold.end();
        if result.is_err() {
            let about = core.about;
            if let Ok(known) = store.transaction(|tx| Known::load(tx, &about)) {
                core.known = known;
            }
            core.start_anew();
        }
        result
    }

    /// Gives what changed since this was asked last; on the first time, since the home was opened.
    pub fn take_touched(&mut self) -> Touched {
        self.core.untold.take()
    }

    /// Keeps a view that somebody worked out from all that this home says, until anything of that changes.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn keep_view(&mut self, view: &[u8]) -> Result<(), EngineError> {
        self.act(|_, tx| contents::keep_view(tx, view))
    }

    /// The view that was kept, where nothing changed since.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn kept_view(&mut self) -> Result<Option<Vec<u8>>, EngineError> {
        self.look(|_, tx| contents::kept_view(tx))
    }

    pub(crate) fn look<T>(
        &mut self,
        look: impl FnOnce(&Core, &dyn Transaction) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let Self { store, core } = self;
        store.transaction(|tx| look(core, tx))
    }

    pub(crate) fn core_mut(&mut self) -> &mut Core {
        &mut self.core
    }

    /// The store, given back.
    pub fn into_store(self) -> S {
        self.store
    }

    /// The store.
    pub fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// The programme.
    #[must_use]
    pub fn programme(&self) -> ProgrammeId {
        self.core.about.programme
    }

    /// The member.
    #[must_use]
    pub fn member(&self) -> MemberId {
        self.core.about.member
    }

    /// This device.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.core.device
    }

    /// The public half of this device.
    #[must_use]
    pub fn public_device(&self) -> Device {
        self.core.secret.device()
    }

    /// Who may do what, as far as this device knows.
    #[must_use]
    pub fn permission(&self) -> &Permission {
        &self.core.known.permission
    }

    /// True where this device acts as a coordinator's.
    #[must_use]
    pub fn is_coordinator(&self) -> bool {
        self.core.is_coordinator()
    }

    /// True where this member is an admin.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.core.is_admin()
    }

    /// True where this device belongs at present.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.core.is_active()
    }

    /// The id of the application with this key, the same on every coordinator's device.
    ///
    /// # Errors
    /// Where this device does not hold the programme's id key.
    pub fn application(&self, key: &str) -> Result<ApplicationId, EngineError> {
        let id_key = self.core.known.id_key.as_ref();
        let id_key = id_key.ok_or(EngineError::NotPermitted("a coordinator's keys"))?;
        Ok(id_key.application(self.programme(), key))
    }

    /// The stream of an audience.
    ///
    /// # Errors
    /// Where its id is keyed and this device does not hold the key.
    pub fn stream(&self, audience: &Audience) -> Result<StreamId, EngineError> {
        self.core.stream(audience)
    }

    /// Members to whom a stream is open.
    #[must_use]
    pub fn open_to(&self, stream: StreamId) -> Vec<MemberId> {
        self.core.open_to(stream).collect()
    }

    // Exchanges.

    /// Seals what waits and makes the next request to the relay with this key.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn prepare(
        &mut self,
        relay: PublicKey,
        budget_bytes: u64,
        wanted: Classes,
    ) -> Result<Sending, EngineError> {
        self.act(|core, tx| {
            core.duties(tx)?;
            core.prepare(tx, relay, Budget::Answer(budget_bytes), wanted)
        })
    }

    /// As [`Engine::prepare`], with a budget for both ways together: what is sent comes first.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn prepare_within(
        &mut self,
        relay: PublicKey,
        budget_bytes: u64,
        wanted: Classes,
    ) -> Result<Sending, EngineError> {
        self.act(|core, tx| {
            core.duties(tx)?;
            core.prepare(tx, relay, Budget::Both(budget_bytes), wanted)
        })
    }

    /// Makes a request that sends no pack and lets none come: the answer says what would.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn inquire(&mut self, relay: PublicKey, wanted: Classes) -> Result<Sending, EngineError> {
        self.act(|core, tx| core.prepare(tx, relay, Budget::Nothing, wanted))
    }

    /// Seals what waits; how many packs are to be sent, and their bytes.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn to_send(&mut self) -> Result<(u64, u64), EngineError> {
        self.act(|core, tx| {
            core.duties(tx)?;
            core.to_send(tx)
        })
    }

    /// The relay says that it does not know this device: charter and statements are sent with the next request,
    /// so that a relay that was lost or restored learns who belongs. Nobody signs such an answer, so this gives
    /// away nothing but a few bytes.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn introduce(&mut self) -> Result<(), EngineError> {
        self.act(|core, tx| core.introduce(tx))
    }

    /// Takes a relay's word that nothing is new.
    ///
    /// # Errors
    /// [`EngineError::Forged`] where it is not the relay's.
    pub fn nothing_new(&mut self, sending: &Sending, answer: &[u8]) -> Result<(), EngineError> {
        self.act(|core, tx| core.nothing_new(tx, sending, answer))
    }

    /// Takes the first frame of an answer.
    ///
    /// # Errors
    /// As [`Engine::nothing_new`].
    pub fn answer_head(&mut self, sending: &Sending, frame: &[u8]) -> Result<Announced, EngineError> {
        self.act(|core, tx| core.answer_head(tx, sending, frame))
    }

    /// Takes the next frame of an answer; true where it is the last.
    ///
    /// # Errors
    /// As [`Engine::nothing_new`].
    pub fn segment(
        &mut self,
        sending: &Sending,
        frame: &[u8],
        index: u32,
    ) -> Result<(Imported, bool), EngineError> {
        self.act(|core, tx| core.segment(tx, sending, frame, index))
    }

    /// True where something came that was not read yet.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn has_unread(&mut self) -> Result<bool, EngineError> {
        self.look(|_, tx| Ok(!tx.scan(Table::Parked, &[parked::READY], None, 1)?.is_empty()))
    }

    /// Reads what was received, and does what follows from it. True where something new waits to be sent.
    ///
    /// # Errors
    /// [`EngineError`]; [`EngineError::NoWorker`], or the store's own: what was not read is read the next time.
    pub fn digest(&mut self) -> Result<bool, EngineError> {
        while self.digest_some()? {}
        self.act(|core, tx| {
            core.duties(tx)?;
            Ok(tx.count(Table::Outbox, &[])? > 0)
        })
    }

    /// Reads the next packs that were received, at most as many as one transaction takes. False where there were none.
    ///
    /// # Errors
    /// As [`Engine::digest`].
    pub fn digest_some(&mut self) -> Result<bool, EngineError> {
        let batch = self.act(|core, tx| core.begin_batch(tx, BATCH))?;
        if batch.is_empty() {
            return Ok(false);
        }
        let Err(error) = self.read_batch(&batch) else { return Ok(true) };
        if batch.len() == 1 {
            return Err(error);
        }
        // What one of them fails at keeps no other from being read.
        for _ in &batch {
            let alone = self.act(|core, tx| core.begin_batch(tx, 1))?;
            self.read_batch(&alone)?;
        }
        Ok(true)
    }

    fn read_batch(&mut self, batch: &[PackId]) -> Result<(), EngineError> {
        let read = self.act(|core, tx| core.finish_batch(tx, batch));
        let no_fault_of_theirs = match &read {
            Err(EngineError::NoWorker(_) | EngineError::Store(StoreError::Full | StoreError::ReadOnly)) => {
                true
            }
            // At which of several the disk failed is not known.
            Err(EngineError::Store(StoreError::Io(_))) => batch.len() > 1,
            _ => false,
        };
        if no_fault_of_theirs {
            // Where that fails as well, the attempt stays counted; one alone sets nothing aside.
            drop(self.act(|core, tx| core.take_back_attempt(tx, batch)));
        }
        read
    }

    /// How many packs wait for a relay or a coordinator.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn outbox(&mut self) -> Result<u64, EngineError> {
        self.look(|_, tx| Ok(tx.count(Table::Outbox, &[])?))
    }

    // Bundles.

    /// Seals what waits and writes a bundle without attachments, in one part.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn export(&mut self, to: For) -> Result<Vec<u8>, EngineError> {
        let outline = self.outline(to, false, u64::MAX)?;
        let mut bytes = Vec::new();
        self.write_part(&outline, 0, &mut bytes)?;
        Ok(bytes)
    }

    /// Seals what waits and decides what goes into a bundle, in parts of at most `part_bytes`. Where the disk takes nothing
    /// any more, everything that is sealed can be taken away all the same; what is not sealed says so by its state.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn outline(&mut self, to: For, attachments: bool, part_bytes: u64) -> Result<Outline, EngineError> {
        let outline = self.act(|core, tx| {
            core.duties(tx)?;
            core.outline(tx, to, attachments, part_bytes)
        });
        match outline {
            Err(EngineError::Store(StoreError::Full | StoreError::ReadOnly | StoreError::Io(_)))
                if to == For::Everything =>
            {
                self.act(|core, tx| core.outline(tx, to, attachments, part_bytes))
            }
            outline => outline,
        }
    }

    /// Writes one part of a bundle, the first being number 0; gives its length.
    ///
    /// # Errors
    /// [`EngineError`], [`EngineError::Unwritable`].
    pub fn write_part(
        &mut self,
        outline: &Outline,
        number: usize,
        out: &mut dyn Write,
    ) -> Result<u64, EngineError> {
        self.write_part_told(outline, number, out, &mut bundle::quietly)
    }

    /// As [`Engine::write_part`], saying how far it is: about twice the bytes of the part, as its hash stands for what is to be
    /// written and its length comes first.
    ///
    /// # Errors
    /// As [`Engine::write_part`]; [`EngineError::Cancelled`].
    pub fn write_part_told(
        &mut self,
        outline: &Outline,
        number: usize,
        out: &mut dyn Write,
        tell: bundle::Tell<'_>,
    ) -> Result<u64, EngineError> {
        self.look(|core, tx| core.write_part(tx, outline, number, out, tell))
    }

    /// Imports a bundle: all of it or nothing.
    ///
    /// # Errors
    /// [`EngineError::Forged`], [`EngineError::OtherProgramme`], [`EngineError::Newer`].
    pub fn import(&mut self, bytes: &[u8]) -> Result<Imported, EngineError> {
        self.import_checked(bundle::check(Cursor::new(bytes))?).map(|(imported, _)| imported)
    }

    /// Imports a bundle that was checked before: all of it or nothing. Gives the attachments whose bytes turned out
    /// not to be what a manifest names; of those nothing is kept.
    ///
    /// # Errors
    /// As [`Engine::import`].
    pub fn import_checked<R: ReadBytes + Seek>(
        &mut self,
        checked: bundle::Checked<R>,
    ) -> Result<(Imported, Vec<AttachmentId>), EngineError> {
        self.import_checked_at(checked, None)
    }

    /// As [`Engine::import_checked`], at a moment that is kept for people, in milliseconds since 1970.
    ///
    /// # Errors
    /// As [`Engine::import`].
    pub fn import_checked_at<R: ReadBytes + Seek>(
        &mut self,
        checked: bundle::Checked<R>,
        at_ms: Option<u64>,
    ) -> Result<(Imported, Vec<AttachmentId>), EngineError> {
        self.import_checked_told(checked, at_ms, &mut bundle::quietly)
    }

    /// As [`Engine::import_checked_at`], saying how far it is where the bundle brings attachments, whose bytes are read once more.
    /// Once it is stored, it goes on to its end; [`Imported::unread`] where that did not go well.
    ///
    /// # Errors
    /// As [`Engine::import`]; [`EngineError::Cancelled`].
    pub fn import_checked_told<R: ReadBytes + Seek>(
        &mut self,
        checked: bundle::Checked<R>,
        at_ms: Option<u64>,
        tell: bundle::Tell<'_>,
    ) -> Result<(Imported, Vec<AttachmentId>), EngineError> {
        let (mut imported, attachments) = self.act(|core, tx| core.import(tx, checked, at_ms, tell))?;
        // What is stored was not refused: what could not be read is read the next time, which says why not.
        let read = self.digest();
        let damaged = read.and_then(|_| self.act(|core, tx| core.check_sealed(tx, &attachments)));
        imported.unread = damaged.is_err();
        Ok((imported, damaged.unwrap_or_default()))
    }

    // Documents.

    /// Reads a record from what counts.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn read<T: Record>(
        &mut self,
        audience: &Audience,
        subject: &[u8],
    ) -> Result<Option<Read<T>>, EngineError> {
        self.look(|core, tx| core.read_record(tx, audience, subject, &mut Counting::load(tx)?))
    }

    /// Writes a record: one change of what differs.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn write<T: Record>(
        &mut self,
        audience: &Audience,
        subject: &[u8],
        value: &T,
        outside: bool,
    ) -> Result<Option<ChangeHash>, EngineError> {
        self.act(|core, tx| core.write_record(tx, audience, subject, value, outside))
    }

    /// Edits a document; the changes that resulted are stored and wait to be sealed.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn edit(
        &mut self,
        audience: &Audience,
        kind: Kind,
        subject: &[u8],
        edit: impl FnOnce(&mut Document, &ActorBytes) -> Result<Vec<Scanned>, EngineError>,
    ) -> Result<Vec<ChangeHash>, EngineError> {
        self.act(|core, tx| core.edit(tx, audience, kind, subject, false, edit))
    }

    /// The documents of a kind that are here, with their audience where it is known.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn documents(&mut self, kind: Kind) -> Result<Vec<(DocumentRecord, Option<Audience>)>, EngineError> {
        self.look(|core, tx| {
            let documents = core.documents(tx, kind)?;
            Ok(documents
                .into_iter()
                .map(|(_, record)| (record.clone(), core.audience(record.stream)))
                .collect())
        })
    }

    /// Several acts as one: all of them or none.
    ///
    /// # Errors
    /// Whatever `acts` returns.
    pub fn together<T>(
        &mut self,
        acts: impl FnOnce(&mut Acts<'_>) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        self.act(|core, tx| acts(&mut Acts { core, tx, counting: None }))
    }

    /// Fills the full-text index, which was emptied; what files say is read from them again.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn index_anew(&mut self) -> Result<(), EngineError> {
        self.act(|core, tx| {
            pages::forget_all(tx)?;
            let mut ids = Vec::new();
            each(tx, Table::Documents, &[], |key, _| {
                ids.extend(key.first_chunk().map(|id| DocumentId(*id)));
                Ok(())
            })?;
            ids.into_iter().try_for_each(|id| core.after_change(tx, id))
        })
    }

    /// Finds documents by their words.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn search(&mut self, words: &str, limit: usize) -> Result<Vec<Found>, EngineError> {
        self.look(|core, tx| {
            let mut found = Vec::new();
            // Pages of files stand in the same index.
            for id in tx.search(words, limit.saturating_mul(MORE))? {
                if found.len() >= limit {
                    break;
                }
                if let Some(record) = get::<DocumentRecord>(tx, Table::Documents, &id)? {
                    let audience = core.audience(record.stream);
                    found.push(Found { id: DocumentId(id), record, audience });
                }
            }
            Ok(found)
        })
    }

    /// Says where in a document that was found the words are; none where each stands in another text.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn passage(&mut self, found: &Found, words: &str) -> Result<Option<Passage>, EngineError> {
        self.look(|core, tx| {
            let Some(opened) = core.open_document(tx, found.id)? else { return Ok(None) };
            let texts = crate::document::texts(&opened.document).into_iter();
            let mut passages = texts.filter_map(|(place, text)| {
                let at = crate::store::words::first(&text, words)?;
                Some(Passage { place, text, at })
            });
            Ok(passages.next())
        })
    }

    // People.

    /// Invites somebody; the invitation is handed over by any way.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn invite(
        &mut self,
        roles: Roles,
        name: &str,
        relays: Vec<Relay>,
    ) -> Result<Invitation, EngineError> {
        self.act(|core, tx| core.invite(tx, roles, name, relays))
    }

    /// Admits whoever answered an invitation of this device.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn admit(&mut self, answer: &[u8]) -> Result<Admitted, EngineError> {
        self.act(|core, tx| core.admit_member(tx, answer))
    }

    /// The check words on the side of the person who enrolled; none before the admission came.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn own_check_words(&mut self) -> Result<Option<Vec<&'static str>>, EngineError> {
        self.look(|core, tx| {
            let Some(invitation) = get::<Invitation>(tx, Table::Meta, b"invitation")? else {
                return Ok(None);
            };
            let nonce = core.known.gathering.packs().find_map(|pack| match &pack.act {
                tessera_protocol::permission::Act::Statement(Statement::Admit {
                    invitation: id,
                    nonce,
                    device,
                }) if *id == invitation.id && device.id() == core.device => Some(*nonce),
                _ => None,
            });
            let Some(nonce) = nonce else { return Ok(None) };
            Ok(Some(invitation.check_words(&nonce, &core.secret.device())?.to_vec()))
        })
    }

    /// The invitation that this home answered.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn invitation(&mut self) -> Result<Option<Invitation>, EngineError> {
        self.look(|_, tx| get(tx, Table::Meta, b"invitation"))
    }

    /// Records that a person compared the words, or handed the invitation over in person.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    pub fn check(&mut self, member: MemberId) -> Result<(), EngineError> {
        self.act(|core, tx| core.check_member(tx, member))
    }

    /// True where a person checked the member on this device.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn is_checked(&mut self, member: MemberId) -> Result<bool, EngineError> {
        self.look(|core, tx| core.is_checked(tx, member))
    }

    /// What removing a member would mean; nothing is done.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    pub fn removal(&mut self, member: MemberId) -> Result<Removal, EngineError> {
        self.look(|core, tx| core.removal(tx, member))
    }

    /// Suspends a member.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn suspend(&mut self, member: MemberId) -> Result<PackId, EngineError> {
        self.act(|core, tx| core.suspend(tx, member))
    }

    /// Lifts a member's suspensions; gives how many there were.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn lift(&mut self, member: MemberId) -> Result<usize, EngineError> {
        self.act(|core, tx| core.lift(tx, member))
    }

    /// Removes a member for ever.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn remove(&mut self, member: MemberId) -> Result<(), EngineError> {
        self.act(|core, tx| core.remove(tx, member))
    }

    /// Adds a device: to this member, or as an admin to another.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn add_device(&mut self, member: MemberId, device: Device) -> Result<DeviceId, EngineError> {
        self.act(|core, tx| core.add_device(tx, member, device))
    }

    /// Removes a device for ever.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn remove_device(&mut self, device: DeviceId) -> Result<(), EngineError> {
        self.act(|core, tx| core.remove_device(tx, device))
    }

    /// Proposes changes of the charter.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn amend_charter(&mut self, changes: Vec<Change>) -> Result<LinkId, EngineError> {
        self.act(|core, tx| core.amend_charter(tx, changes))
    }

    /// Signs a proposed change of the charter.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::NotFound`].
    pub fn sign_link(&mut self, link: LinkId) -> Result<(), EngineError> {
        self.act(|core, tx| core.sign_link(tx, link))
    }

    /// Closes a round with everything that is here.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn close(&mut self, round: RoundId) -> Result<Frontier, EngineError> {
        self.act(|core, tx| core.close(tx, round))
    }

    // What a person sees.

    /// Records a decision on work that waits.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn decide(&mut self, decision: Decision) -> Result<(), EngineError> {
        self.act(|core, tx| {
            core.must_coordinate()?;
            crate::decisions::keep(tx, crate::decisions::UNSEALED, &decision)?;
            core.note_decision(tx, &decision)?;
            core.pend(tx, &Audience::Office, PendingEntry::Item(Item::Decision(decision)))?;
            core.duties(tx)
        })
    }

    /// All decisions.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn decisions(&mut self) -> Result<Vec<Decision>, EngineError> {
        self.look(|_, tx| Ok(crate::decisions::list(tx)?.into_iter().map(|(_, decision)| decision).collect()))
    }

    /// Every pack with its state, in the order of ids.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn packs(&mut self) -> Result<Vec<PackState>, EngineError> {
        self.look(|core, tx| {
            let mut outbox = std::collections::BTreeSet::new();
            each(tx, Table::Outbox, &[], |key, _| {
                outbox.extend(key.last_chunk::<32>().copied());
                Ok(())
            })?;
            let mut counting = Counting::load(tx)?;
            let mut states = Vec::new();
            for (key, record) in all::<PackRecord>(tx, Table::PackStates, &[])? {
                let Some(id) = key.last_chunk::<32>().map(|id| PackId(*id)) else { continue };
                let standing = counting.standing(core, tx, id)?;
                states.push(PackState { id, in_outbox: outbox.contains(&id.0), record, standing });
            }
            Ok(states)
        })
    }

    /// How many packs of this device no relay is known to have.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn own_outbox(&mut self) -> Result<usize, EngineError> {
        self.look(|_, tx| {
            let mut own = 0;
            each(tx, Table::Outbox, &[], |key, _| {
                let id = key.last_chunk::<32>();
                let record = id.map(|id| get::<PackRecord>(tx, Table::PackStates, id)).transpose()?.flatten();
                own += usize::from(record.is_some_and(|record| record.own));
                Ok(())
            })?;
            Ok(own)
        })
    }

    /// The receipt for a pack, where one came.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn receipt(&mut self, pack: PackId) -> Result<Option<Receipt>, EngineError> {
        self.look(|_, tx| get(tx, Table::Receipts, &pack.0))
    }

    /// Everything worth a notice.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn notices(&mut self) -> Result<Vec<Notice>, EngineError> {
        self.look(|_, tx| notices::list(tx))
    }

    /// How many things wait to be sealed.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn pending(&mut self) -> Result<u64, EngineError> {
        self.look(|_, tx| Ok(tx.count(Table::Pending, &[])?))
    }

    /// Sends drafts to the relay as well, from here on.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn set_desk_backup(&mut self, on: bool) -> Result<(), EngineError> {
        self.act(|_, tx| crate::settings::set_desk_backup(tx, on))
    }
}

/// Several acts inside one transaction.
pub struct Acts<'a> {
    core: &'a mut Core,
    tx: &'a mut dyn Transaction,
    /// What counts, as far as it was asked for; whatever changes something asks anew.
    counting: Option<Counting>,
}

impl Acts<'_> {
    /// As [`Engine::read`].
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn read<T: Record>(
        &mut self,
        audience: &Audience,
        subject: &[u8],
    ) -> Result<Option<Read<T>>, EngineError> {
        self.counted(|core, tx, counting| core.read_record(tx, audience, subject, counting))
    }

    /// Reads something of what counts.
    pub(crate) fn counted<T>(
        &mut self,
        read: impl FnOnce(&Core, &dyn Transaction, &mut Counting) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let counting = match &mut self.counting {
            Some(counting) => counting,
            unasked => unasked.insert(Counting::load(self.tx)?),
        };
        read(self.core, self.tx, counting)
    }

    /// As [`Engine::write`].
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn write<T: Record>(
        &mut self,
        audience: &Audience,
        subject: &[u8],
        value: &T,
        outside: bool,
    ) -> Result<Option<ChangeHash>, EngineError> {
        let (core, tx) = self.parts();
        core.write_record(tx, audience, subject, value, outside)
    }

    /// Opens a stream to a member: its packs, and its keys with the next grants. The member must have been
    /// checked by a person on this device.
    ///
    /// # Errors
    /// [`EngineError::Unchecked`], [`EngineError::NotPermitted`].
    pub fn open_stream(&mut self, member: MemberId, stream: &Audience) -> Result<(), EngineError> {
        let (core, tx) = self.parts();
        core.must_coordinate()?;
        if !core.is_checked(tx, member)? {
            return Err(EngineError::Unchecked(member));
        }
        let id = core.stream(stream)?;
        if core.known.openings.is_open(&core.known.access, member, id).is_some() {
            return Ok(());
        }
        let closings = core.known.openings.closings(&core.known.access, member, id);
        core.ensure_key(tx, stream)?;
        core.pend(tx, &Audience::To(member), PendingEntry::Open(id, closings.try_into()?))?;
        Ok(())
    }

    /// Closes a stream to a member: nothing more of it is sent, and what is written from here on has a new key.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn close_stream(&mut self, member: MemberId, stream: &Audience) -> Result<(), EngineError> {
        let (core, tx) = self.parts();
        core.must_coordinate()?;
        let id = core.stream(stream)?;
        core.pend(tx, &Audience::To(member), PendingEntry::Close(id))
    }

    pub(crate) fn must_coordinate(&self) -> Result<(), EngineError> {
        self.core.must_coordinate()
    }

    /// As [`Engine::member`].
    #[must_use]
    pub fn member(&self) -> MemberId {
        self.core.about.member
    }

    /// As [`Engine::permission`].
    #[must_use]
    pub fn permission(&self) -> &Permission {
        &self.core.known.permission
    }

    /// As [`Engine::is_checked`].
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn is_checked(&mut self, member: MemberId) -> Result<bool, EngineError> {
        self.core.is_checked(self.tx, member)
    }

    /// As [`Engine::application`].
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn application(&self, key: &str) -> Result<ApplicationId, EngineError> {
        let id_key = self.core.known.id_key.as_ref();
        let id_key = id_key.ok_or(EngineError::NotPermitted("a coordinator's keys"))?;
        Ok(id_key.application(self.core.about.programme, key))
    }

    /// As [`Engine::documents`].
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn documents(&mut self, kind: Kind) -> Result<Vec<(DocumentRecord, Option<Audience>)>, EngineError> {
        let documents = self.core.documents(self.tx, kind)?;
        Ok(documents
            .into_iter()
            .map(|(_, record)| (record.clone(), self.core.audience(record.stream)))
            .collect())
    }

    /// As [`Engine::edit`].
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn edit(
        &mut self,
        audience: &Audience,
        kind: Kind,
        subject: &[u8],
        edit: impl FnOnce(&mut Document, &ActorBytes) -> Result<Vec<Scanned>, EngineError>,
    ) -> Result<Vec<ChangeHash>, EngineError> {
        let (core, tx) = self.parts();
        core.edit(tx, audience, kind, subject, false, edit)
    }

    pub(crate) fn parts(&mut self) -> (&mut Core, &mut dyn Transaction) {
        self.counting = None;
        (self.core, self.tx)
    }

    /// Keeps a choice of this device; it never leaves it.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn set(&mut self, key: &str, value: &[u8]) -> Result<(), EngineError> {
        Ok(self.tx.put(Table::Settings, &[b"user-", key.as_bytes()].concat(), value)?)
    }

    /// A choice of this device.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn setting(&mut self, key: &str) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.tx.get(Table::Settings, &[b"user-", key.as_bytes()].concat())?)
    }

    /// Forgets a choice of this device.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn unset(&mut self, key: &str) -> Result<(), EngineError> {
        Ok(self.tx.delete(Table::Settings, &[b"user-", key.as_bytes()].concat())?)
    }

    /// Seals what waits.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn hand_over(&mut self) -> Result<(), EngineError> {
        let (core, tx) = self.parts();
        core.duties(tx)
    }
}

pub(crate) fn incarnation(rng: &mut Rng) -> Incarnation {
    let mut bytes = [0; 8];
    // Every start is another one, so that a copied or restored home uses no number a second time.
    if defended!(F11) && defended!(F12) {
        rand_core::Rng::fill_bytes(rng, &mut bytes);
    }
    Incarnation(bytes)
}
