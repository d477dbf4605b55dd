//! Further devices of a member. The older device writes a *pass*; the new one answers it as one answers an
//! invitation, sealed to the older device, authenticated by the pass's one-time secret and with proof that it
//! holds its keys. Both screens then show the same six words, and a person compares them before the older
//! device adds the new one. The words cover the whole pass and the whole new device. The pass's nonce is no
//! secret here: who stands between must choose his pass before the new device draws its keys, so he can only
//! search for 77 bits.

use tessera_protocol::charter::Roles;
use tessera_protocol::codec::{Reader, Wire};
use tessera_protocol::device::Device;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{DeviceId, InvitationId, MemberId};
use tessera_protocol::wire;
use tessera_vault::enrol::{self, About as Person, EnrolError, INVITATION_BYTES, Invitation};
use tessera_vault::identity::DeviceSecret;
use tessera_vault::text::Text;
use zeroize::Zeroizing;

use crate::core::{About, Rng, meta};
use crate::engine::{Acts, Engine};
use crate::error::EngineError;
use crate::records::{get, put};
use crate::store::{Store, Table};

const MAGIC: &[u8] = b"tessera device pass 1\n";
const CHECKSUM_BYTES: usize = 4;
/// The longest pass, in bytes.
pub const PASS_BYTES: usize = INVITATION_BYTES + 256;

/// What lets a new device ask to be a member's. Who has it can ask, so it goes to one device.
#[derive(Clone)]
pub struct Pass {
    member: MemberId,
    nonce: [u8; 32],
    invitation: Invitation,
}
wire!(Pass { member, nonce, invitation });

/// A request of a new device, opened.
pub struct Requested {
    /// Whose device it will be.
    pub member: MemberId,
    /// The device.
    pub device: Device,
    /// The words that its screen must show.
    pub check_words: Vec<&'static str>,
}

impl Pass {
    /// The file.
    #[must_use]
    pub fn to_file(&self) -> Zeroizing<Vec<u8>> {
        let bytes = Zeroizing::new(self.to_bytes());
        let sum = hash("device pass", &[&bytes]);
        Zeroizing::new([MAGIC, &bytes, &sum.0[..CHECKSUM_BYTES]].concat())
    }

    /// True where a file says that it is a pass.
    #[must_use]
    pub fn is_one(file: &[u8]) -> bool {
        file.starts_with(b"tessera device pass ")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`EngineError::BadInput`], [`EngineError::Newer`].
    pub fn from_file(file: &[u8]) -> Result<Self, EngineError> {
        let broken = || EngineError::BadInput("not a pass for a device, or not whole".into());
        if file.len() > PASS_BYTES {
            return Err(broken());
        }
        let Some(rest) = file.strip_prefix(MAGIC) else {
            return Err(if Self::is_one(file) { EngineError::Newer } else { broken() });
        };
        let (bytes, sum) = rest.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(broken)?;
        if hash("device pass", &[bytes]).0[..CHECKSUM_BYTES] != *sum {
            return Err(broken());
        }
        let mut reader = Reader::new(bytes);
        let pass = Self::read(&mut reader).map_err(|_| broken())?;
        if reader.remaining() > 0 { Err(broken()) } else { Ok(pass) }
    }

    /// What it says of the programme and its relays.
    #[must_use]
    pub fn invitation(&self) -> &Invitation {
        &self.invitation
    }

    fn words(&self, device: &Device) -> Result<Vec<&'static str>, EnrolError> {
        Ok(self.invitation.check_words(&self.nonce, device)?.to_vec())
    }
}

impl<S: Store> Engine<S> {
    /// Starts the home of a further device; gives the request to hand back.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn request(
        mut store: S,
        secret: DeviceSecret,
        rng: Rng,
        pass: &Pass,
    ) -> Result<(Self, Vec<u8>), EngineError> {
        let request = enrol::answer(&pass.invitation, &secret, Person::default())?;
        let about = About { programme: pass.invitation.programme, member: pass.member };
        store.transaction(|tx| {
            put(tx, Table::Meta, meta::HOME, &about)?;
            tx.put(Table::Meta, b"answer", &request)?;
            put(tx, Table::Meta, b"invitation", &pass.invitation)?;
            put(tx, Table::Meta, PASS, pass)
        })?;
        Ok((Self::open(store, secret, rng)?, request))
    }

    /// The words that the older device must show as well; none in a home that came by an invitation.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn own_device_words(&mut self) -> Result<Option<Vec<&'static str>>, EngineError> {
        self.look(|core, tx| {
            let pass = get::<Pass>(tx, Table::Meta, PASS)?;
            Ok(pass.map(|pass| pass.words(&core.secret.device())).transpose()?)
        })
    }
}

impl Acts<'_> {
    /// Writes a pass for a further device of a member: of this one, or as an admin of another.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn device_pass(&mut self, member: MemberId) -> Result<Pass, EngineError> {
        self.may_add_device(member)?;
        let (relays, title) = (self.relays()?, self.title()?);
        let (core, tx) = self.parts();
        let (id, secret, nonce) = enrol::invite(&mut core.rng);
        let invitation = Invitation {
            programme: core.programme(),
            id,
            secret,
            commitment: nonce.commitment(),
            inviter: core.about.member,
            roles: Roles::default(),
            recipients: vec![core.secret.device()].try_into()?,
            relays: relays.try_into()?,
            name: Text::try_from(title.as_str())?,
            demo: core.known.permission.charter.demo,
        };
        let pass = Pass { member, nonce: *nonce.expose(), invitation };
        put(tx, Table::Settings, &pass_key(id), &pass)?;
        Ok(pass)
    }

    /// Opens a request that answers a pass of this device; nothing is added.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn read_request(&mut self, request: &[u8]) -> Result<Requested, EngineError> {
        let (programme, id) = enrol::answered(request)?;
        let (core, tx) = self.parts();
        if programme != core.programme() {
            return Err(EngineError::OtherProgramme);
        }
        let pass: Pass = get(tx, Table::Settings, &pass_key(id))?.ok_or_else(|| {
            EngineError::NotFound("the secret of this pass, which only the device that wrote it has,".into())
        })?;
        let reply = enrol::open_answer(request, &pass.invitation, &core.secret)?;
        let check_words = pass.words(&reply.device)?;
        Ok(Requested { member: pass.member, device: reply.device, check_words })
    }

    /// Adds the device of a request, after a person compared the words or carried the pass.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn add_requested(&mut self, request: &[u8]) -> Result<DeviceId, EngineError> {
        let Requested { member, device, .. } = self.read_request(request)?;
        self.add_device(member, device)
    }

    /// Adds a device, as [`Engine::add_device`]; one that is there already stays.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn add_device(&mut self, member: MemberId, device: Device) -> Result<DeviceId, EngineError> {
        let id = device.id();
        if self.permission().device(id).is_some_and(|(_, state)| state.active) {
            return Ok(id);
        }
        self.may_add_device(member)?;
        let (core, tx) = self.parts();
        core.add_device(tx, member, device)
    }

    /// Devices of admins and coordinators are named by the charter, so an admin adds them.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn may_add_device(&mut self, member: MemberId) -> Result<(), EngineError> {
        let roles = self.permission().charter.powers.roles(member);
        let (core, _) = self.parts();
        if member != core.about.member || roles != Roles::default() {
            core.must_admin()?;
        }
        Ok(())
    }
}

const PASS: &[u8] = b"pass";

fn pass_key(id: InvitationId) -> Vec<u8> {
    [PASS, &id.0].concat()
}
