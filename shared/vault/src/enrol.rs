//! Enrolment: how a stranger's new device and a programme come to trust one another over any channel.
//!
//! 1. The admin's device draws a one-time secret and a nonce and writes the **invitation**: both sides'
//!    names of everything, the secret, and a commitment to the nonce.
//! 2. The new device answers: sealed by age to the devices that the invitation names, and tagged with
//!    HMAC under the secret, so nobody without the invitation can answer and nobody else can read. Inside is
//!    a signature by the new device's own key, so nobody can answer with somebody else's device.
//! 3. The admission reveals the nonce. Both sides now compute the same six **check words**, from the nonce,
//!    the whole invitation and the whole device, and a person compares them.
//!
//! Somebody who holds a copy of the invitation can answer first, or stand between with an invitation of his
//! own. The words then differ, and no search helps him: what he can choose is fixed before he learns the
//! nonce on one side and the device on the other.

use data_encoding::BASE64URL_NOPAD;
use rand_core::CryptoRng;
use tessera_defence::defence;
use tessera_protocol::charter::Roles;
use tessera_protocol::codec::{Bytes, DecodeError, List, Problem, Reader, Wire, Writer};
use tessera_protocol::device::Device;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::ids::{InvitationId, MemberId, ProgrammeId};
use tessera_protocol::signature::{Context, PublicKey, Signature};
use tessera_protocol::wire;
use zeroize::Zeroizing;

use crate::age_file::{self, AgeError};
use crate::identity::DeviceSecret;
use crate::secret::{self, Secret, derive, keyed_hash, keyed_hash_matches, secret_types};
use crate::text::Text;
use crate::words;

/// The longest invitation, in bytes.
pub const INVITATION_BYTES: usize = 16 * 1024;
/// The longest answer, in bytes.
pub const ANSWER_BYTES: usize = 128 * 1024;
/// How many check words there are: 77 bits.
pub const CHECK_WORDS: usize = 6;
const VERSION: u8 = 1;
const LINK: &str = "tessera://invitation/";
const CHECKSUM_BYTES: usize = 4;
const LABEL: &str = "tessera/1 answer";

secret_types! {
    /// Proves that an answer comes from somebody who had the invitation. `Clone`, because the inviter keeps it.
    OneTimeSecret;
    /// What an invitation commits to and the admission reveals. `Clone`, because a statement carries it then.
    Nonce;
}

impl Nonce {
    /// `H("invitation nonce", nonce)`.
    #[must_use]
    pub fn commitment(&self) -> Hash {
        hash("invitation nonce", &[self.expose()])
    }
}

/// A relay that a new device can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// Its address.
    pub url: Text<256>,
    /// The key that signs its receipts.
    pub key: PublicKey,
}
wire!(Relay { url, key });

/// An invitation. Who has it can answer it, so it goes to one person; it is wiped when dropped.
#[derive(Clone)]
pub struct Invitation {
    /// The programme.
    pub programme: ProgrammeId,
    /// The invitation, as the statement names it.
    pub id: InvitationId,
    /// The one-time secret.
    pub secret: OneTimeSecret,
    /// Commits to the inviter's nonce.
    pub commitment: Hash,
    /// The member who invites.
    pub inviter: MemberId,
    /// What the invited person shall be, to be shown on both sides.
    pub roles: Roles,
    /// The devices that may read the answer: the inviter's and the coordinators'.
    pub recipients: List<Device, 32>,
    /// Where the programme's relays are.
    pub relays: List<Relay, 8>,
    /// What the programme is called.
    pub name: Text<200>,
    /// True where the programme is a demonstration.
    pub demo: bool,
}

impl Wire for Invitation {
    fn write(&self, to: &mut Writer) {
        VERSION.write(to);
        self.programme.write(to);
        self.id.write(to);
        self.secret.write(to);
        self.commitment.write(to);
        self.inviter.write(to);
        self.roles.write(to);
        self.recipients.write(to);
        self.relays.write(to);
        self.name.write(to);
        self.demo.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let found = u8::read(from)?;
        if !defence!(K07, found == VERSION) {
            return Err(from.error(Problem::Newer { found, known: VERSION }).within("version"));
        }
        Ok(Self {
            programme: Wire::read(from)?,
            id: Wire::read(from)?,
            secret: Wire::read(from)?,
            commitment: Wire::read(from)?,
            inviter: Wire::read(from)?,
            roles: Wire::read(from)?,
            recipients: Wire::read(from)?,
            relays: Wire::read(from)?,
            name: Wire::read(from)?,
            demo: Wire::read(from)?,
        })
    }
}

/// What went wrong with an invitation or an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// No invitation, or mistyped.
    #[error("not an invitation, or not whole")]
    NoInvitation,
    /// A later version wrote it.
    #[error("written by a newer version")]
    Newer,
    /// No answer, or damaged.
    #[error("not an answer to an invitation, or damaged")]
    NoAnswer,
    /// It answers another invitation.
    #[error("this answers another invitation")]
    OtherInvitation,
    /// Nobody who had the invitation wrote it like this.
    #[error("the answer was not written with this invitation's secret")]
    NotAuthentic,
    /// This device is not among those that may read it.
    #[error("the answer is not for this device")]
    NotForThisDevice,
    /// A device with an unsound key, or with none that is known.
    #[error("a device has no key that this program can send to")]
    UnsoundDevice,
    /// The answer names a device without the proof that its writer holds it.
    #[error("the answer does not prove that its writer holds the device")]
    NoPossession,
    /// The admission reveals another nonce than the invitation committed to.
    #[error("the admission does not belong to this invitation")]
    OtherNonce,
    /// More than fits.
    #[error("too long")]
    TooLarge,
}

impl Invitation {
    /// The link: `tessera://invitation/` and base64url of the encoding and 4 bytes of
    /// `H("invitation link", encoding)`. A file holds the same text.
    #[must_use]
    pub fn to_link(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(self.to_bytes());
        let checksum = hash("invitation link", &[&bytes]);
        bytes.extend_from_slice(&checksum.0[..CHECKSUM_BYTES]);
        let mut link = Zeroizing::new(String::from(LINK));
        BASE64URL_NOPAD.encode_append(&bytes, &mut link);
        link
    }

    /// Reads a link, however mail broke its lines.
    ///
    /// # Errors
    /// [`EnrolError::NoInvitation`] or [`EnrolError::Newer`].
    pub fn from_link(link: &str) -> Result<Self, EnrolError> {
        if link.len() > 2 * INVITATION_BYTES {
            return Err(EnrolError::NoInvitation);
        }
        let link: Zeroizing<String> = Zeroizing::new(link.split_whitespace().collect());
        let text = link.strip_prefix(LINK).ok_or(EnrolError::NoInvitation)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| EnrolError::NoInvitation)?;
        let bytes = Zeroizing::new(bytes);
        let (bytes, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(EnrolError::NoInvitation)?;
        if hash("invitation link", &[bytes]).0[..CHECKSUM_BYTES] != *checksum {
            return Err(EnrolError::NoInvitation);
        }
        let mut reader = Reader::new(bytes);
        let invitation = Self::read(&mut reader).map_err(|error| match error.problem {
            Problem::Newer { .. } => EnrolError::Newer,
            _ => EnrolError::NoInvitation,
        })?;
        if reader.remaining() > 0 || *Zeroizing::new(invitation.to_bytes()) != *bytes {
            return Err(EnrolError::NoInvitation);
        }
        Ok(invitation)
    }

    fn digest(&self) -> Hash {
        hash("invitation", &[&Zeroizing::new(self.to_bytes())])
    }

    fn answer_key(&self) -> Secret {
        derive(self.secret.expose(), &self.id.0, "answer")
    }

    /// The six check words: `H("check words", nonce, invitation, device)` to the base 7,776. The invitation
    /// names programme, roles, inviter and every device that could read the answer.
    ///
    /// # Errors
    /// [`EnrolError::OtherNonce`] where the nonce is not the one that the invitation committed to.
    pub fn check_words(
        &self,
        nonce: &[u8; 32],
        device: &Device,
    ) -> Result<[&'static str; CHECK_WORDS], EnrolError> {
        if !defence!(G11, Nonce::from_bytes(nonce).commitment() == self.commitment) {
            return Err(EnrolError::OtherNonce);
        }
        let invitation = Zeroizing::new(self.to_bytes());
        Ok(words::from_hash(&hash("check words", &[nonce, &invitation, &device.to_bytes()]).0))
    }
}

/// Draws an invitation's id, secret and nonce. The nonce stays with the inviter until the admission.
pub fn invite(rng: &mut impl CryptoRng) -> (InvitationId, OneTimeSecret, Nonce) {
    let mut id = InvitationId([0; 16]);
    rng.fill_bytes(&mut id.0);
    (id, OneTimeSecret::generate(rng), Nonce::generate(rng))
}

/// What a person says when answering.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// Name.
    pub name: Text<200>,
    /// Where mail reaches the person.
    pub email: Text<254>,
    /// Standing conflicts of interest, one each.
    pub conflicts: List<Text<500>, 100>,
}
wire!(About { name, email, conflicts });

/// An answer that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The new device.
    pub device: Device,
    /// The person.
    pub about: About,
}

struct Answer {
    version: u8,
    programme: ProgrammeId,
    invitation: InvitationId,
    sealed: Bytes<ANSWER_BYTES>,
    tag: [u8; 32],
}
wire!(Answer { version, programme, invitation, sealed, tag });

struct Letter {
    invitation: Hash,
    device: Device,
    possession: Signature,
    about: About,
}
wire!(Letter { invitation, device, possession, about });

fn possession_bytes(invitation: &Hash, device: &Device) -> Vec<u8> {
    [&invitation.0[..], &device.to_bytes()].concat()
}

/// Answers an invitation with this device.
///
/// # Errors
/// [`EnrolError::UnsoundDevice`] where the invitation names a device that cannot be sent to, and
/// [`EnrolError::TooLarge`].
pub fn answer(invitation: &Invitation, secret: &DeviceSecret, about: About) -> Result<Vec<u8>, EnrolError> {
    answer_as(invitation, secret, secret.device(), about)
}

fn answer_as(
    invitation: &Invitation,
    secret: &DeviceSecret,
    device: Device,
    about: About,
) -> Result<Vec<u8>, EnrolError> {
    let keys = age_file::keys(invitation.recipients.iter()).map_err(|_| EnrolError::UnsoundDevice)?;
    if keys.is_empty() {
        return Err(EnrolError::UnsoundDevice);
    }
    let digest = invitation.digest();
    let possession = secret.sign(Context::Enrolment, &possession_bytes(&digest, &device));
    let letter = Letter { invitation: digest, device, possession, about };
    let sealed = age_file::encrypt(&keys, &secret::encode(LABEL, &letter));
    let fields: [&[u8]; 3] = [&invitation.programme.0, &invitation.id.0, &sealed];
    let answer = Answer {
        version: VERSION,
        programme: invitation.programme,
        invitation: invitation.id,
        tag: keyed_hash(&invitation.answer_key(), "answer", &fields),
        sealed: sealed.try_into().map_err(|_| EnrolError::TooLarge)?,
    };
    Ok(answer.to_bytes())
}

/// Which invitation some bytes answer.
///
/// # Errors
/// [`EnrolError::NoAnswer`] or [`EnrolError::Newer`].
pub fn answered(answer: &[u8]) -> Result<(ProgrammeId, InvitationId), EnrolError> {
    read_answer(answer).map(|answer| (answer.programme, answer.invitation))
}

fn read_answer(answer: &[u8]) -> Result<Answer, EnrolError> {
    if answer.len() > ANSWER_BYTES + 128 {
        return Err(EnrolError::NoAnswer);
    }
    match answer.first() {
        Some(&VERSION) => Answer::from_bytes(answer).map_err(|_| EnrolError::NoAnswer),
        Some(&version) if version > VERSION => Err(EnrolError::Newer),
        _ => Err(EnrolError::NoAnswer),
    }
}

/// Opens an answer on a device that the invitation names.
///
/// # Errors
/// [`EnrolError`]; nothing is opened before the tag fits.
pub fn open_answer(
    answer: &[u8],
    invitation: &Invitation,
    secret: &DeviceSecret,
) -> Result<Reply, EnrolError> {
    let answer = read_answer(answer)?;
    if !defence!(G11, (answer.programme, answer.invitation) == (invitation.programme, invitation.id)) {
        return Err(EnrolError::OtherInvitation);
    }
    let fields: [&[u8]; 3] = [&answer.programme.0, &answer.invitation.0, &answer.sealed];
    if !defence!(G11, keyed_hash_matches(&invitation.answer_key(), "answer", &fields, &answer.tag)) {
        return Err(EnrolError::NotAuthentic);
    }
    let count = age_file::keys(invitation.recipients.iter()).map_err(|_| EnrolError::UnsoundDevice)?.len();
    let contents =
        age_file::decrypt(&secret.age, count, &answer.sealed, ANSWER_BYTES).map_err(|error| match error {
            AgeError::WrongKey => EnrolError::NotForThisDevice,
            _ => EnrolError::NoAnswer,
        })?;
    let letter: Letter = secret::decode(LABEL, &contents).map_err(|_| EnrolError::NoAnswer)?;
    if !defence!(G11, letter.invitation == invitation.digest()) {
        return Err(EnrolError::NotAuthentic);
    }
    age_file::keys([&letter.device]).map_err(|_| EnrolError::UnsoundDevice)?;
    let signed = possession_bytes(&letter.invitation, &letter.device);
    let held = || letter.device.signing.verify(Context::Enrolment, &signed, &letter.possession).is_ok();
    if !defence!(G11, held()) {
        return Err(EnrolError::NoPossession);
    }
    Ok(Reply { device: letter.device, about: letter.about })
}

/// Checks a device's public keys before anything is admitted or sent: an X25519 key of small order or in an
/// unusual form is refused, algorithms that are not known are passed over, and one that is known must remain.
/// (Its signing key was checked when it was read.)
///
/// # Errors
/// [`EnrolError::UnsoundDevice`].
pub fn check_device(device: &Device) -> Result<(), EnrolError> {
    age_file::keys([device]).map(|_| ()).map_err(|_| EnrolError::UnsoundDevice)
}

/// An answer that names a device whose key its writer does not hold.
#[cfg(test)]
pub(crate) fn forged_answer(
    invitation: &Invitation,
    secret: &DeviceSecret,
    device: Device,
    about: About,
) -> Vec<u8> {
    answer_as(invitation, secret, device, about).expect("the test's invitation is sound")
}
