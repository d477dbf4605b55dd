//! A device's identity: what signs, what receives keys and what opens its database; and the file that keeps
//! it under a passphrase. The passphrase alone always opens it. Not here: who may do what with it, and what a
//! keychain may hold ([`crate::keychain`]).

use std::ops::RangeInclusive;

use ed25519_dalek::SigningKey;
use rand_core::CryptoRng;
use tessera_protocol::codec::{DecodeError, Problem, Reader, Wire, Writer};
use tessera_protocol::device::{Device, Form, Recipient};
use tessera_protocol::ids::DeviceId;
use tessera_protocol::signature::PublicKey;

use crate::age_file::{self, AgeError};
use crate::passphrase::Passphrase;
use crate::secret::{self, Secret};

/// The lowest accepted cost of a guess: scrypt with `N = 2^19`, `r = 8`, 512 MiB; 1.4 s on one core of a
/// 2024 server, where half of it takes 0.7 s.
pub const WORK_FLOOR: u8 = 19;
/// The highest accepted cost: 1 GiB. More would end a small laptop instead of opening the file.
pub const WORK_CAP: u8 = 20;
/// The cost in a demonstration: 1 MiB.
const WORK_DEMO: u8 = 10;
/// The longest identity file, in bytes.
pub const IDENTITY_BYTES: usize = 4096;
const VERSION: u8 = 1;
const LABEL: &str = "tessera/1 identity";

/// All that is secret of a device. Wiped when dropped.
pub struct DeviceSecret {
    form: Form,
    pub(crate) signing: SigningKey,
    pub(crate) age: Secret,
    database: Secret,
}

impl DeviceSecret {
    /// Draws the identity of a computer's home.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self {
            form: Form::Computer,
            signing: SigningKey::from_bytes(&secret::generate(rng)),
            age: secret::generate(rng),
            database: secret::generate(rng),
        }
    }

    /// The identity of a recovery paper: each key `HKDF-SHA-256(no salt, paper, "tessera/1 recovery …")`.
    pub(crate) fn of_paper(paper: &[u8; 32]) -> Self {
        let derive = |purpose| secret::derive(paper, &[], purpose);
        Self {
            form: Form::Paper,
            signing: SigningKey::from_bytes(&derive("recovery signing")),
            age: derive("recovery age"),
            database: derive("recovery database"),
        }
    }

    /// The public half.
    #[must_use]
    pub fn device(&self) -> Device {
        let key = age_file::public(&self.age).to_vec().try_into().expect("32 bytes fit");
        let recipient = Recipient { algorithm: Recipient::X25519, key };
        Device {
            form: self.form,
            signing: self.public_key(),
            recipients: vec![recipient].try_into().expect("one recipient fits"),
        }
    }

    /// The device's id.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        self.device().id()
    }

    /// The key under which the device's signatures are checked.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(&self.signing.verifying_key().to_bytes())
            .expect("a clamped scalar times the base point is canonical and not of small order")
    }

    /// The raw key of the device's database.
    #[must_use]
    pub fn database_key(&self) -> &[u8; 32] {
        &self.database
    }
}

impl Wire for DeviceSecret {
    fn write(&self, to: &mut Writer) {
        VERSION.write(to);
        self.form.write(to);
        to.raw(self.signing.as_bytes());
        to.raw(&*self.age);
        to.raw(&*self.database);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let found = u8::read(from)?;
        if found != VERSION {
            return Err(from.error(Problem::Newer { found, known: VERSION }).within("version"));
        }
        let form = Form::read(from)?;
        let mut read = || -> Result<Secret, DecodeError> {
            let mut bytes = Secret::default();
            bytes.copy_from_slice(from.raw(32)?);
            Ok(bytes)
        };
        Ok(Self { form, signing: SigningKey::from_bytes(&*read()?), age: read()?, database: read()? })
    }
}

/// What a guess at the passphrase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// At least [`WORK_FLOOR`].
    Full,
    /// As little as one likes: only in a programme that is marked as a demonstration.
    Demo,
}

/// Why an identity file was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The passphrase does not open it.
    #[error("the passphrase does not open this identity")]
    WrongPassphrase,
    /// It is no identity file, or not whole.
    #[error("not an identity file, or damaged")]
    Damaged,
    /// A later version wrote it.
    #[error("the identity was written by a newer version")]
    Newer,
    /// A guess at its passphrase is too cheap for a real programme.
    #[error("a work factor of {found} is below the floor of {WORK_FLOOR}")]
    TooCheap {
        /// The binary logarithm of scrypt's N.
        found: u8,
    },
    /// Opening it would take more memory than is accepted.
    #[error("a work factor of {found} is above the limit of {WORK_CAP}")]
    TooCostly {
        /// The binary logarithm of scrypt's N.
        found: u8,
    },
}

/// Writes an identity file: an age file with a passphrase.
#[must_use]
pub fn seal_identity(secret: &DeviceSecret, passphrase: &Passphrase, cost: Cost) -> Vec<u8> {
    let log_n = match cost {
        Cost::Full => WORK_FLOOR,
        Cost::Demo => WORK_DEMO,
    };
    age_file::encrypt_passphrase(passphrase, log_n, &secret::encode(LABEL, secret))
}

/// Opens an identity file. `lowest` is what the caller accepts: [`Cost::Demo`] only where the programme is
/// marked as a demonstration.
///
/// # Errors
/// [`IdentityError`]; a cost outside the limits is refused before any work.
pub fn open_identity(
    file: &[u8],
    passphrase: &Passphrase,
    lowest: Cost,
) -> Result<DeviceSecret, IdentityError> {
    if file.len() > IDENTITY_BYTES {
        return Err(IdentityError::Damaged);
    }
    let contents =
        age_file::decrypt_passphrase(passphrase, accepted(lowest), file, IDENTITY_BYTES).map_err(because)?;
    secret::decode(LABEL, &contents).map_err(|error: DecodeError| match error.problem {
        Problem::Newer { .. } => IdentityError::Newer,
        _ => IdentityError::Damaged,
    })
}

/// Sees what a guess at an identity file's passphrase costs, without one: for who opens the home in another way.
///
/// # Errors
/// As [`open_identity`], but for the passphrase.
pub fn check_cost(file: &[u8], lowest: Cost) -> Result<(), IdentityError> {
    if file.len() > IDENTITY_BYTES {
        return Err(IdentityError::Damaged);
    }
    age_file::check_work(file, &accepted(lowest)).map_err(because)
}

fn accepted(lowest: Cost) -> RangeInclusive<u8> {
    let floor = match lowest {
        Cost::Full => WORK_FLOOR,
        Cost::Demo => 1,
    };
    floor..=WORK_CAP
}

fn because(error: AgeError) -> IdentityError {
    match error {
        AgeError::WrongKey => IdentityError::WrongPassphrase,
        AgeError::Work(found) if found > WORK_CAP => IdentityError::TooCostly { found },
        AgeError::Work(found) => IdentityError::TooCheap { found },
        AgeError::Damaged => IdentityError::Damaged,
    }
}
