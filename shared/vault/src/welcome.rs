//! Welcomes: stream keys in an age file to named devices, inside a signed pack. age authenticates no sender
//! and names no recipient, so the pack's signature does: its header hashes the set of devices, and the age
//! file repeats programme, stream, author and devices, so that a body lifted into another pack is refused.
//! Whether the author may give these keys is decided elsewhere.

use std::collections::BTreeSet;

use tessera_defence::defence;
use tessera_protocol::codec::{List, Set, Wire};
use tessera_protocol::device::Device;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{PackKind, SUITE};
use tessera_protocol::ids::{DeviceId, ProgrammeId, StreamId};
use tessera_protocol::limits;
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::Verified;
use tessera_protocol::wire;

use crate::age_file;
use crate::identity::DeviceSecret;
use crate::items::Grant;
use crate::seal::{Draft, Sealed};
use crate::secret;

/// Devices that one welcome names.
pub const DEVICES: usize = 128;
/// Keys in one welcome.
pub const GRANTS: usize = 2048;
const LABEL: &str = "tessera/1 welcome";

struct Letter {
    programme: ProgrammeId,
    stream: StreamId,
    author: DeviceId,
    to: Set<Device, DEVICES>,
    grants: List<Grant, GRANTS>,
}
wire!(Letter { programme, stream, author, to, grants });

/// Why a welcome was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WelcomeError {
    /// There is nobody to welcome.
    #[error("no device is named")]
    Nobody,
    /// A device cannot be sent keys: no algorithm that is known, or an unsound public key.
    #[error("device {0} has no key that this program can send to")]
    Recipient(DeviceId),
    /// Too many devices or keys for one pack.
    #[error("too many devices or keys for one welcome")]
    TooLarge,
}

/// Why a welcome was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenWelcomeError {
    /// A suite that this version does not know, or none.
    #[error("written with suite {0}, which this program does not know")]
    Suite(u8),
    /// Not made for this device, not made for this pack, or changed: which of them is not told.
    #[error("cannot be opened")]
    Failed,
}

/// Hashes a set of devices: `H("recipients", device₁, device₂, …)`, each device's encoding, in rising order
/// of form, signing key and recipients.
#[must_use]
pub fn recipients_hash(devices: &BTreeSet<Device>) -> Hash {
    let encoded: Vec<Vec<u8>> = devices.iter().map(Wire::to_bytes).collect();
    let fields: Vec<&[u8]> = encoded.iter().map(Vec::as_slice).collect();
    hash("recipients", &fields)
}

/// Writes a welcome.
///
/// # Errors
/// [`WelcomeError`].
pub fn seal_welcome(draft: Draft, to: BTreeSet<Device>, grants: Vec<Grant>) -> Result<Sealed, WelcomeError> {
    if to.is_empty() {
        return Err(WelcomeError::Nobody);
    }
    let keys = age_file::keys(&to).map_err(|device| WelcomeError::Recipient(device.id()))?;
    if keys.len() > age_file::RECIPIENTS {
        return Err(WelcomeError::TooLarge);
    }
    let recipients = recipients_hash(&to);
    let letter = Letter {
        programme: draft.programme,
        stream: draft.stream,
        author: draft.device,
        to: to.try_into().map_err(|_| WelcomeError::TooLarge)?,
        grants: grants.try_into().map_err(|_| WelcomeError::TooLarge)?,
    };
    let body = age_file::encrypt(&keys, &secret::encode(LABEL, &letter));
    if body.len() > limits::BODY_BYTES {
        return Err(WelcomeError::TooLarge);
    }
    Ok(Sealed::new(draft.unsealed(PackKind::Welcome, Some(recipients), &body), body))
}

/// An opened welcome.
pub struct Welcome {
    /// The devices it was made for; who should be among them and is not has been left out.
    pub to: BTreeSet<Device>,
    /// The keys.
    pub grants: Vec<Grant>,
}

/// Opens a welcome to this device.
///
/// # Errors
/// [`OpenWelcomeError`].
pub fn open_welcome(secret: &DeviceSecret, pack: &Verified<Pack>) -> Result<Welcome, OpenWelcomeError> {
    let header = pack.header();
    if !defence!(K07, header.suite == SUITE) {
        return Err(OpenWelcomeError::Suite(header.suite));
    }
    open(secret, pack).ok_or(OpenWelcomeError::Failed)
}

fn open(secret: &DeviceSecret, pack: &Verified<Pack>) -> Option<Welcome> {
    let header = pack.header();
    if header.kind != PackKind::Welcome || header.padded_bytes as usize != pack.body().len() {
        return None;
    }
    // How many stanzas there must be is written inside, so the file is opened first with as many as it has.
    let count = age_file::count(pack.body())?;
    let contents = age_file::decrypt(&secret.age, count, pack.body(), limits::BODY_BYTES).ok()?;
    let letter: Letter = secret::decode(LABEL, &contents).ok()?;
    let fits = defence!(K06, letter.programme == header.programme && letter.stream == header.stream)
        && defence!(K15, letter.author == header.device)
        && defence!(K03, Some(recipients_hash(&letter.to)) == header.recipients)
        && letter.to.contains(&secret.device())
        && defence!(K03, age_file::keys(letter.to.iter()).is_ok_and(|keys| keys.len() == count));
    fits.then(|| Welcome { to: (*letter.to).clone(), grants: letter.grants.into_vec() })
}
