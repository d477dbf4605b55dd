//! The heart of the engine: what this device is, what it knows, and how acts and arrivals change it. It
//! works inside one transaction that the caller opens, and touches no clock, file, socket or thread.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use rand_core::CryptoRng;
use tessera_defence::defence;
use tessera_model::crdt::Document;
use tessera_model::documents::{Kind, Subject};
use tessera_protocol::access::{Access, Openings};
use tessera_protocol::codec::Wire;
use tessera_protocol::header::Position;
use tessera_protocol::ids::{ApplicationId, DeviceId, Incarnation, MemberId, ProgrammeId, StreamId};
use tessera_protocol::pack::Pack;
use tessera_protocol::permission::{Gathering, Permission};
use tessera_protocol::statement::Statement;
use tessera_protocol::stream::Stream;
use tessera_protocol::wire;
use tessera_vault::identity::DeviceSecret;
use tessera_vault::ids::{Audience, IdKey};
use tessera_vault::seal::Draft;
use tessera_vault::sign::Clear;

use crate::chains;
use crate::error::EngineError;
use crate::keyring::Keyring;
use crate::records::{DocumentRecord, PackRecord, Stage, each, get, put};
use crate::store::{Table, Transaction};

/// Where the randomness comes from; seeded in the simulation.
pub type Rng = Box<dyn CryptoRng + Send>;

/// What a home is about. Key `home` in [`Table::Meta`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The programme.
    pub programme: ProgrammeId,
    /// The member whose home it is; of a member that is not admitted yet, the id it will have.
    pub member: MemberId,
}
wire!(About { programme, member });

/// This device, and what it knows while it runs. All of it but the secret can be read again from the store.
pub struct Core {
    pub(crate) secret: DeviceSecret,
    pub(crate) device: DeviceId,
    pub(crate) about: About,
    /// Random bytes of this start.
    pub(crate) incarnation: Incarnation,
    pub(crate) rng: Rng,
    pub(crate) known: Known,
    /// Requests made under this incarnation.
    pub(crate) counter: u64,
    /// Epochs that a memory outside the store has seen; nothing is written under an older one.
    pub(crate) floors: BTreeMap<StreamId, u32>,
    pub(crate) worker: Box<dyn Worker>,
    pub(crate) untold: Untold,
    /// Rows of [`crate::tallies`] that this act gathered, as they are kept once it is over.
    pub(crate) tallied: BTreeMap<ApplicationId, Vec<u8>>,
    pub(crate) empties: Empties,
}

/// Empty documents by kind, with the criteria that they were made from.
type Empties = RefCell<BTreeMap<u16, (Vec<u8>, Document)>>;

/// What changed of what this home says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Documents about one application each.
    pub applications: BTreeSet<(ApplicationId, Kind)>,
    /// True where something changed that may concern every application: who counts, the call, a decision.
    pub everything: bool,
}

impl Touched {
    /// True where nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.applications.is_empty() && !self.everything
    }

    pub(crate) fn note(&mut self, record: &DocumentRecord) {
        let kind = Kind::from_code(record.kind);
        match Subject::parse(kind, &record.subject).ok().and_then(|subject| subject.application()) {
            Some(application) => {
                self.applications.insert((ApplicationId(application), kind));
            }
            None => self.everything = true,
        }
    }

    fn add(&mut self, other: Self) {
        self.applications.extend(other.applications);
        self.everything |= other.everything;
    }
}

/// What changed since the last act began, and since somebody asked.
#[derive(Debug, Default)]
pub(crate) struct Untold {
    pub(crate) act: Touched,
    before: Touched,
}

impl Untold {
    /// Ends an act.
    pub(crate) fn end(&mut self) {
        self.before.add(std::mem::take(&mut self.act));
    }

    pub(crate) fn take(&mut self) -> Touched {
        self.end();
        std::mem::take(&mut self.before)
    }
}

/// Tries changes of other people before they are kept.
pub trait Worker: Send {
    /// Builds the document and tries the changes; a crash is an answer, not a panic.
    ///
    /// # Errors
    /// It could not be started, and nothing was tried.
    fn run(
        &mut self,
        request: &tessera_model::crdt::worker::Request,
    ) -> io::Result<tessera_model::crdt::worker::Response>;
}

/// The worker inside this process: a thread with a large stack, where a panic ends nothing else. A command
/// line or a window runs a child process with a memory limit instead.
pub struct InProcess;

impl Worker for InProcess {
    fn run(
        &mut self,
        request: &tessera_model::crdt::worker::Request,
    ) -> io::Result<tessera_model::crdt::worker::Response> {
        use tessera_model::crdt::worker::{Response, WorkerError, in_worker, run};
        let request = request.clone();
        match in_worker(move || run(&request, &tessera_model::guard::Limits::default())) {
            Err(WorkerError::Crashed) => Ok(Response::Crashed),
            tried => tried.map_err(io::Error::other),
        }
    }
}

/// What follows from the store.
pub struct Known {
    pub(crate) gathering: Gathering,
    pub(crate) permission: Permission,
    pub(crate) access: Access,
    pub(crate) openings: Openings,
    pub(crate) keys: Keyring,
    pub(crate) id_key: Option<IdKey>,
    /// The newest place of a relay's log that this device has seen.
    pub(crate) seen: Option<Position>,
}

/// Keys of [`Table::Meta`].
pub(crate) mod meta {
    pub(crate) const HOME: &[u8] = b"home";
    pub(crate) const ID_KEY: &[u8] = b"id-key";
    pub(crate) const SEEN: &[u8] = b"seen";
    pub(crate) const CURSOR: &[u8] = b"cursor";
    pub(crate) const REFILL: &[u8] = b"refill";
}

impl Known {
    /// Reads everything again from the store.
    pub(crate) fn load(tx: &dyn Transaction, about: &About) -> Result<Self, EngineError> {
        let public = Stream::Public.id(about.programme);
        let mut gathering = Gathering::new(about.programme);
        let mut openings = Openings::default();
        let mut ids = Vec::new();
        each(tx, Table::PackStates, &[], |key, value| {
            let record = PackRecord::from_bytes(&value)?;
            if record.stream == public {
                ids.push(key.to_vec());
            }
            Ok(())
        })?;
        for id in ids {
            if let Some(pack) = get::<Pack>(tx, Table::Packs, &id)? {
                gathering.insert(pack);
            }
        }
        each(tx, Table::Openings, &[], |key, value| {
            if let Some(id) = key.last_chunk::<32>() {
                let header = tessera_protocol::header::Header::from_bytes(&value)?;
                openings.note(&header, tessera_protocol::ids::PackId(*id));
            }
            Ok(())
        })?;
        let permission = gathering.permission();
        Ok(Self {
            access: Access::new(&permission),
            permission,
            gathering,
            openings,
            keys: Keyring::load(tx)?,
            id_key: get(tx, Table::Meta, meta::ID_KEY)?,
            seen: get(tx, Table::Meta, meta::SEEN)?,
        })
    }

    /// Derives permission again after public packs came.
    pub(crate) fn derive(&mut self) {
        self.permission = self.gathering.permission();
        self.access = Access::new(&self.permission);
    }
}

impl Core {
    /// The permission as far as this device knows it.
    #[must_use]
    pub fn permission(&self) -> &Permission {
        &self.known.permission
    }

    pub(crate) fn programme(&self) -> ProgrammeId {
        self.about.programme
    }

    /// Goes on as if this device had just started: under a new incarnation.
    pub(crate) fn start_anew(&mut self) {
        self.incarnation = crate::engine::incarnation(&mut self.rng);
        self.counter = 0;
    }

    /// The stream of an audience.
    pub(crate) fn stream(&self, audience: &Audience) -> Result<StreamId, EngineError> {
        if let Some(stream) = audience.public() {
            return Ok(stream.id(self.programme()));
        }
        let key = self.known.id_key.as_ref().ok_or(EngineError::NotPermitted("a coordinator's keys"))?;
        Ok(audience.id(self.programme(), key))
    }

    /// What a stream is, as far as this device was told.
    pub(crate) fn audience(&self, stream: StreamId) -> Option<Audience> {
        match self.known.access.name(stream) {
            Stream::Programme => Some(Audience::Programme),
            Stream::Intake => Some(Audience::Intake),
            Stream::To(member) => Some(Audience::To(member)),
            Stream::Reviews(member) => Some(Audience::Reviews(member)),
            Stream::Desk(member) => Some(Audience::Desk(member)),
            Stream::Public => None,
            Stream::Other(_) => self.known.keys.audience(stream),
        }
    }

    /// True where this device acts as a coordinator's.
    #[must_use]
    pub fn is_coordinator(&self) -> bool {
        self.known.access.reader(self.device).is_some_and(|reader| reader.active && reader.coordinator)
    }

    /// True where this device's member is an admin.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.known.permission.is_admin(self.about.member)
    }

    /// True where this device belongs and may write.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.known.access.reader(self.device).is_some_and(|reader| reader.active)
    }

    /// True where this device belongs or belonged.
    pub(crate) fn belonged(&self) -> bool {
        self.known.access.reader(self.device).is_some_and(|reader| reader.member == self.about.member)
    }

    pub(crate) fn must_write(&self) -> Result<(), EngineError> {
        if self.known.permission.read_only() { Err(EngineError::ReadOnly) } else { Ok(()) }
    }

    pub(crate) fn must_coordinate(&self) -> Result<(), EngineError> {
        self.must_write()?;
        if self.is_coordinator() { Ok(()) } else { Err(EngineError::NotPermitted("a coordinator")) }
    }

    pub(crate) fn must_admin(&self) -> Result<(), EngineError> {
        self.must_write()?;
        // A device that was taken out states nothing more, whoever its member is.
        if self.is_admin() && self.is_active() { Ok(()) } else { Err(EngineError::NotPermitted("an admin")) }
    }

    /// The active devices of an audience's readers. Of `intake`, whose keys are not streams' keys, none.
    pub(crate) fn readers(&self, audience: &Audience) -> BTreeSet<DeviceId> {
        let permission = &self.known.permission;
        let of = |member: MemberId| self.devices_of(member);
        let coordinators =
            || permission.coordinators_devices().filter(|(_, _, state)| state.active).map(|(id, _, _)| id);
        let mut readers: BTreeSet<DeviceId> = match audience {
            Audience::Programme => permission.active_members().flat_map(|(member, _)| of(member)).collect(),
            Audience::To(member) | Audience::Reviews(member) => of(*member).collect(),
            Audience::Desk(member) if *member == self.about.member => {
                return of(*member).chain(self.belonged().then_some(self.device)).collect();
            }
            Audience::Desk(member) => return of(*member).collect(),
            Audience::People => self.readers_of_people().flat_map(of).collect(),
            Audience::Dossier(..) | Audience::Panel(..) => match self.stream(audience) {
                Ok(stream) => {
                    self.open_to(stream).flat_map(|member| of(member).collect::<Vec<_>>()).collect()
                }
                Err(_) => BTreeSet::new(),
            },
            Audience::File(_) | Audience::Office | Audience::Keys | Audience::Intake => BTreeSet::new(),
        };
        readers.extend(coordinators());
        // Whoever is out still writes down what was done before, for the coordinators to decide.
        if *audience == Audience::Reviews(self.about.member) && self.belonged() {
            readers.insert(self.device);
        }
        readers
    }

    /// Who reads `people` beside the coordinators: admins. Nobody else holds another's name.
    pub(crate) fn readers_of_people(&self) -> impl Iterator<Item = MemberId> + '_ {
        let members = self.known.permission.active_members();
        members.filter(|(_, state)| defence!(K26, state.roles.admin)).map(|(member, _)| member)
    }

    /// The active devices of a member.
    pub(crate) fn devices_of(&self, member: MemberId) -> impl Iterator<Item = DeviceId> + '_ {
        let state = self.known.permission.members.get(&member);
        state.into_iter().flat_map(|state| state.devices.iter().filter(|(_, d)| d.active).map(|(id, _)| *id))
    }

    /// The members to whom a stream is open.
    pub(crate) fn open_to(&self, stream: StreamId) -> impl Iterator<Item = MemberId> + '_ {
        let members = self.known.permission.active_members();
        members
            .map(|(member, _)| member)
            .filter(move |member| self.known.openings.is_open(&self.known.access, *member, stream).is_some())
    }

    /// Makes the head of this device's next pack in a stream.
    pub(crate) fn draft(&self, tx: &dyn Transaction, stream: StreamId) -> Result<Draft, EngineError> {
        let tips = chains::tips(tx, (stream, self.device))?;
        let mut number = 0;
        for tip in &tips {
            let record = get::<PackRecord>(tx, Table::PackStates, &tip.0)?;
            number = number.max(record.map_or(0, |record| record.number));
        }
        let mut draft = Draft::first(self.programme(), stream, self.device, self.incarnation);
        draft.number = number + 1;
        draft.previous = tips.try_into()?;
        draft.seen = self.known.seen;
        Ok(draft)
    }

    /// Stores a pack that this device made, and puts it into the outbox.
    pub(crate) fn keep(&mut self, tx: &mut dyn Transaction, pack: &Pack) -> Result<(), EngineError> {
        let header = pack.header();
        let record = PackRecord {
            stream: header.stream,
            device: header.device,
            number: header.number,
            stage: Stage::Opened,
            attempts: 0,
            own: true,
            held: false,
            received_ms: None,
            outcome: None,
        };
        let id = pack.id();
        put(tx, Table::Packs, &id.0, pack)?;
        put(tx, Table::PackStates, &id.0, &record)?;
        chains::note(tx, id, header)?;
        self.note_opening(tx, pack)?;
        self.queue(tx, pack)
    }

    /// Puts a pack into the outbox: charter and statements first, then in the order of their making.
    pub(crate) fn queue(&self, tx: &mut dyn Transaction, pack: &Pack) -> Result<(), EngineError> {
        let public = Stream::Public.id(self.programme());
        if self.about.member != MemberId([0; 16])
            && matches!(self.known.access.name(pack.header().stream), Stream::Desk(_))
            && !crate::settings::desk_backup(tx, self)?
        {
            return Ok(());
        }
        let rank = [u8::from(pack.header().stream != public)];
        let key = [&rank[..], &pack.header().number.to_be_bytes(), &pack.id().0].concat();
        Ok(tx.put(Table::Outbox, &key, &[0])?)
    }

    /// Remembers what a `to/` header opens and closes; the others of a `to/` too, to walk back from a cut.
    pub(crate) fn note_opening(&mut self, tx: &mut dyn Transaction, pack: &Pack) -> Result<(), EngineError> {
        let header = pack.header();
        let to = matches!(self.known.access.name(header.stream), Stream::To(_));
        if to || !header.opened.is_empty() || !header.closed.is_empty() {
            put(tx, Table::Openings, &pack.id().0, header)?;
            self.known.openings.note(header, pack.id());
        }
        Ok(())
    }

    /// Signs a statement or a link and keeps it.
    pub(crate) fn state(&mut self, tx: &mut dyn Transaction, clear: &Clear<'_>) -> Result<Pack, EngineError> {
        let draft = self.draft(tx, Stream::Public.id(self.programme()))?;
        let pack = self.secret.sign_clear(draft, clear)?.into_inner();
        self.keep(tx, &pack)?;
        self.known.gathering.insert(pack.clone());
        self.known.derive();
        self.untold.act.everything = true;
        Ok(pack)
    }

    pub(crate) fn statement(
        &mut self,
        tx: &mut dyn Transaction,
        statement: &Statement,
    ) -> Result<Pack, EngineError> {
        self.must_write()?;
        self.state(tx, &Clear::Statement(statement))
    }

    /// Groups devices of `wanted` by their public halves, for a welcome.
    pub(crate) fn publics(
        &self,
        wanted: impl IntoIterator<Item = DeviceId>,
    ) -> BTreeMap<DeviceId, tessera_protocol::device::Device> {
        let permission = &self.known.permission;
        wanted
            .into_iter()
            .filter_map(|id| permission.device(id).map(|(_, state)| (id, state.device.clone())))
            .collect()
    }
}
