//! Acts that say who belongs: founding a programme, inviting, admitting, checking, suspending, removing,
//! devices, closing a round. Each is a statement or a charter link; what follows in keys is in
//! [`crate::duties`].

use tessera_model::documents::Person;
use tessera_protocol::charter::{Change, Link, Roles};
use tessera_protocol::codec::Wire;
use tessera_protocol::device::Device;
use tessera_protocol::frontier::Frontier;
use tessera_protocol::ids::{
    DeviceId, InvitationId, LinkId, MemberId, PackId, ProgrammeId, RoundId, StreamId,
};
use tessera_protocol::permission::Act;
use tessera_protocol::signature::PublicKey;
use tessera_protocol::statement::{Statement, Target};
use tessera_protocol::stream::Stream;
use tessera_protocol::wire;
use tessera_vault::enrol::{self, About, Invitation, Nonce, Relay, Reply};
use tessera_vault::identity::DeviceSecret;
use tessera_vault::ids::{Audience, IdKey};
use tessera_vault::items::Grant;
use tessera_vault::key::StreamKey;
use tessera_vault::sign::Clear;
use tessera_vault::text::Text;

use crate::chains;
use crate::core::Core;
use crate::counting::Counting;
use crate::error::EngineError;
use crate::persons::CHECKED_BY;
use crate::records::{get, put};
use crate::store::{Table, Transaction};

/// The grant kind under which the id key travels in `keys`; no audience has it.
pub(crate) const ID_KEY_KIND: u8 = 0;

/// An invitation that this device wrote, with what it must not tell yet. Key `invitation` id in settings.
pub(crate) struct Issued {
    pub(crate) invitation: Invitation,
    pub(crate) nonce: [u8; 32],
}
wire!(Issued { invitation, nonce });

/// Who answered an invitation.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The member's id.
    pub member: MemberId,
    /// What the person said of themselves.
    pub about: About,
    /// The roles that the invitation named.
    pub roles: Roles,
    /// The words that must be the same on both screens.
    pub check_words: Vec<&'static str>,
}

/// What a removal would mean.
#[derive(Debug, Clone, Default)]
pub struct Removal {
    /// The member's devices.
    pub devices: Vec<DeviceId>,
    /// Streams whose keys the member holds.
    pub streams: Vec<StreamId>,
    /// What of the member's work would stay accepted.
    pub cut: Frontier,
    /// Packs of the member that are here.
    pub packs: usize,
}

/// Makes the genesis link of a programme, and so its id.
pub(crate) fn genesis(
    secret: &DeviceSecret,
    nonce: [u8; 16],
    demo: bool,
    relays: &[(PublicKey, bool)],
) -> Result<(Link, ProgrammeId, MemberId), EngineError> {
    let device = secret.device();
    let member = device.first_member();
    let roles = Roles { admin: true, coordinator: true };
    let mut changes = vec![Change::Add { member, roles, devices: vec![device].try_into()? }];
    changes.extend(relays.iter().map(|(key, spare)| Change::AddRelay { key: *key, spare: *spare }));
    changes.push(Change::AddSigner { member });
    let link = Link { parents: Default::default(), nonce, demo, changes: changes.try_into()? };
    let programme = link.programme();
    Ok((link, programme, member))
}

impl Core {
    /// Signs the genesis and makes the first keys.
    pub(crate) fn found(&mut self, tx: &mut dyn Transaction, link: &Link) -> Result<(), EngineError> {
        self.state(tx, &Clear::Link(link))?;
        let id_key = IdKey::generate(&mut self.rng);
        self.keep_id_key(tx, id_key.clone())?;
        let grant = Grant {
            kind: ID_KEY_KIND,
            subject: Default::default(),
            stream: StreamId(self.programme().0),
            epoch: 0,
            key: StreamKey::from_bytes(id_key.expose()),
        };
        self.pend_grant(tx, &Audience::Keys, grant)?;
        for audience in [Audience::Programme, Audience::People, Audience::Office] {
            self.ensure_key(tx, &audience)?;
        }
        self.duties(tx)
    }

    /// Proposes changes of the charter, signing them; with one admin they count at once.
    pub(crate) fn amend_charter(
        &mut self,
        tx: &mut dyn Transaction,
        changes: Vec<Change>,
    ) -> Result<LinkId, EngineError> {
        self.must_admin()?;
        let charter = &self.known.permission.charter;
        if charter.frozen {
            return Err(EngineError::NeedsPerson(
                "the charter is frozen: two lines of it contradict each other".into(),
            ));
        }
        let mut nonce = [0; 16];
        rand_core::Rng::fill_bytes(&mut self.rng, &mut nonce);
        let parents = charter.tips.clone().try_into()?;
        let link = Link { parents, nonce, demo: false, changes: changes.try_into()? };
        self.state(tx, &Clear::Link(&link))?;
        self.duties(tx)?;
        Ok(link.id())
    }

    /// Signs a charter link that another admin proposed.
    pub(crate) fn sign_link(&mut self, tx: &mut dyn Transaction, id: LinkId) -> Result<(), EngineError> {
        self.must_admin()?;
        let link = self.known.gathering.packs().find_map(|pack| match &pack.act {
            Act::Link(link) if link.id() == id => Some(link.clone()),
            _ => None,
        });
        let link = link.ok_or_else(|| EngineError::NotFound(format!("the link {id}")))?;
        self.state(tx, &Clear::Link(&link))?;
        self.duties(tx)
    }

    pub(crate) fn invite(
        &mut self,
        tx: &mut dyn Transaction,
        roles: Roles,
        name: &str,
        relays: Vec<Relay>,
    ) -> Result<Invitation, EngineError> {
        if !self.is_coordinator() || (roles != Roles::default() && !self.is_admin()) {
            self.must_admin()?;
        }
        let (id, secret, nonce) = enrol::invite(&mut self.rng);
        let mut recipients: Vec<Device> = vec![self.secret.device()];
        for (device, _, state) in self.known.permission.coordinators_devices() {
            if device != self.device && state.active && recipients.len() < 32 {
                recipients.push(state.device.clone());
            }
        }
        let invitation = Invitation {
            programme: self.programme(),
            id,
            secret,
            commitment: nonce.commitment(),
            inviter: self.about.member,
            roles,
            recipients: recipients.try_into()?,
            relays: relays.try_into()?,
            name: Text::try_from(name).map_err(|_| EngineError::BadInput("the name is too long".into()))?,
            demo: self.known.permission.charter.demo,
        };
        self.statement(tx, &Statement::Invite { invitation: id, commitment: nonce.commitment() })?;
        let issued = Issued { nonce: *nonce.expose(), invitation: invitation.clone() };
        put(tx, Table::Settings, &issued_key(id), &issued)?;
        Ok(invitation)
    }

    /// Opens an answer without admitting anybody.
    pub(crate) fn read_answer(
        &self,
        tx: &dyn Transaction,
        answer: &[u8],
    ) -> Result<(Reply, Invitation, Nonce), EngineError> {
        let (programme, id) = enrol::answered(answer)?;
        if programme != self.programme() {
            return Err(EngineError::OtherProgramme);
        }
        if tx.get(Table::Settings, &withdrawn_key(id))?.is_some() {
            return Err(EngineError::Withdrawn);
        }
        let issued: Issued = get(tx, Table::Settings, &issued_key(id))?.ok_or_else(|| {
            EngineError::NotFound(
                "the secret of this invitation, which only the device that wrote it has,".into(),
            )
        })?;
        let reply = enrol::open_answer(answer, &issued.invitation, &self.secret)?;
        Ok((reply, issued.invitation, Nonce::from_bytes(&issued.nonce)))
    }

    pub(crate) fn admit_member(
        &mut self,
        tx: &mut dyn Transaction,
        answer: &[u8],
    ) -> Result<Admitted, EngineError> {
        let (reply, invitation, nonce) = self.read_answer(tx, answer)?;
        let member = reply.device.first_member();
        let words = invitation.check_words(nonce.expose(), &reply.device)?;
        if !self.known.permission.members.contains_key(&member) {
            let statement = Statement::Admit {
                invitation: invitation.id,
                device: reply.device.clone(),
                nonce: *nonce.expose(),
            };
            self.statement(tx, &statement)?;
        }
        let given = self.known.permission.charter.powers.roles(member);
        if invitation.roles != Roles::default() && given != invitation.roles {
            let devices = vec![reply.device].try_into()?;
            self.amend_charter(tx, vec![Change::Add { member, roles: invitation.roles, devices }])?;
        }
        self.duties(tx)?;
        Ok(Admitted { member, about: reply.about, roles: invitation.roles, check_words: words.to_vec() })
    }

    /// Records that a person compared the words or handed the invitation over in person. To a coordinator this
    /// gives `keys`.
    pub(crate) fn check_member(
        &mut self,
        tx: &mut dyn Transaction,
        member: MemberId,
    ) -> Result<(), EngineError> {
        if !self.known.permission.members.contains_key(&member) {
            return Err(EngineError::NotFound(format!("member {member}")));
        }
        tx.put(Table::Settings, &checked_key(member), &[1])?;
        if self.is_coordinator()
            && self.known.permission.is_coordinator(member)
            && member != self.about.member
        {
            self.ensure_key(tx, &Audience::Keys)?;
            let stream = self.stream(&Audience::Keys)?;
            let grants: Vec<Grant> =
                self.known.keys.of(stream).map(|(_, record)| record.grant.clone()).collect();
            for grant in grants {
                self.pend_grant(tx, &Audience::To(member), grant)?;
            }
        }
        self.duties(tx)
    }

    /// True where a person checked a member, on this device or, in a coordinator's home, on another one's.
    pub(crate) fn is_checked(&self, tx: &dyn Transaction, member: MemberId) -> Result<bool, EngineError> {
        if member == self.about.member || tx.get(Table::Settings, &checked_key(member))?.is_some() {
            return Ok(true);
        }
        if self.known.id_key.is_none() {
            return Ok(false);
        }
        let mut counting = Counting::load(tx)?;
        let person = self.read_record::<Person>(tx, &Audience::People, &member.0, &mut counting)?;
        Ok(person.is_some_and(|read| read.value.fields.keys().any(|key| key.starts_with(CHECKED_BY))))
    }

    /// What of a member's work this device holds.
    pub(crate) fn cut_of(&self, tx: &dyn Transaction, devices: &[DeviceId]) -> Result<Frontier, EngineError> {
        chains::frontier(tx, |_, device| devices.contains(&device))
    }

    pub(crate) fn removal(&self, tx: &dyn Transaction, member: MemberId) -> Result<Removal, EngineError> {
        let state = self.known.permission.members.get(&member);
        let state = state.ok_or_else(|| EngineError::NotFound(format!("member {member}")))?;
        let devices: Vec<DeviceId> = state.devices.keys().copied().collect();
        let cut = self.cut_of(tx, &devices)?;
        let mut packs = 0;
        for (chain, _) in cut.chains() {
            packs += chains::packs(tx, *chain)?.len();
        }
        let held =
            |record: &&crate::records::KeyRecord| record.given.iter().any(|device| devices.contains(device));
        let mut streams: Vec<StreamId> =
            self.known.keys.iter().filter(|(.., record)| held(record)).map(|(stream, ..)| stream).collect();
        streams.dedup();
        Ok(Removal { devices, streams, cut, packs })
    }

    pub(crate) fn suspend(
        &mut self,
        tx: &mut dyn Transaction,
        member: MemberId,
    ) -> Result<PackId, EngineError> {
        self.must_admin()?;
        let cut = self.removal(tx, member)?.cut;
        let pack = self.statement(tx, &Statement::Suspend { target: Target::Member(member), cut })?;
        self.duties(tx)?;
        Ok(pack.id())
    }

    /// Lifts every suspension of a member.
    pub(crate) fn lift(&mut self, tx: &mut dyn Transaction, member: MemberId) -> Result<usize, EngineError> {
        self.must_admin()?;
        let suspensions: Vec<PackId> = self
            .known
            .gathering
            .packs()
            .filter(|pack| match &pack.act {
                Act::Statement(Statement::Suspend { target: Target::Member(whom), .. }) => *whom == member,
                _ => false,
            })
            .map(|pack| pack.id)
            .collect();
        for suspension in &suspensions {
            self.statement(tx, &Statement::Lift { suspension: *suspension })?;
        }
        self.duties(tx)?;
        Ok(suspensions.len())
    }

    /// Removes a member for ever; of an admin or coordinator by a charter link.
    pub(crate) fn remove(&mut self, tx: &mut dyn Transaction, member: MemberId) -> Result<(), EngineError> {
        self.must_admin()?;
        let cut = self.removal(tx, member)?.cut;
        let roles = self.known.permission.charter.powers.roles(member);
        if roles != Roles::default() {
            self.amend_charter(tx, vec![Change::Drop { member, roles, cut: cut.clone() }])?;
        }
        self.statement(tx, &Statement::Remove { member, cut })?;
        self.duties(tx)
    }

    /// Adds a device to this member, or, as an admin, to another.
    pub(crate) fn add_device(
        &mut self,
        tx: &mut dyn Transaction,
        member: MemberId,
        device: Device,
    ) -> Result<DeviceId, EngineError> {
        enrol::check_device(&device)?;
        if member != self.about.member {
            self.must_admin()?;
        }
        let id = device.id();
        let roles = self.known.permission.charter.powers.roles(member);
        if roles != Roles::default() && self.is_admin() {
            self.amend_charter(tx, vec![Change::AddDevice { member, device }])?;
        } else {
            self.statement(tx, &Statement::AddDevice { member, device })?;
        }
        self.duties(tx)?;
        Ok(id)
    }

    pub(crate) fn remove_device(
        &mut self,
        tx: &mut dyn Transaction,
        device: DeviceId,
    ) -> Result<(), EngineError> {
        let cut = self.cut_of(tx, &[device])?;
        if self.known.permission.charter.powers.devices.contains_key(&device) {
            self.amend_charter(tx, vec![Change::DropDevice { device, cut }])?;
        } else {
            self.statement(tx, &Statement::RemoveDevice { device, cut, keep: Default::default() })?;
        }
        self.duties(tx)
    }

    /// Closes a round with everything that is here.
    pub(crate) fn close(
        &mut self,
        tx: &mut dyn Transaction,
        round: RoundId,
    ) -> Result<Frontier, EngineError> {
        self.must_coordinate()?;
        let names = &self.known.access;
        let frontier = chains::frontier(tx, |stream, _| matches!(names.name(stream), Stream::Reviews(_)))?;
        self.statement(tx, &Statement::Close { round, frontier: frontier.clone() })?;
        Ok(frontier)
    }
}

pub(crate) fn issued_key(id: InvitationId) -> Vec<u8> {
    [&b"invitation"[..], &id.to_bytes()].concat()
}

/// Under which key is kept that an invitation was withdrawn.
pub(crate) fn withdrawn_key(id: InvitationId) -> Vec<u8> {
    [&b"withdrawn"[..], &id.to_bytes()].concat()
}

fn checked_key(member: MemberId) -> Vec<u8> {
    [&b"checked"[..], &member.0].concat()
}
