//! What can go wrong with an open home. The causes keep their own kinds.

use tessera_engine::EngineError;
use tessera_engine::home::HomeError;
use tessera_engine::store::StoreError;
use tessera_vault::enrol::EnrolError;
use tessera_vault::identity::IdentityError;
use tessera_vault::recovery::{EnvelopeError, PaperError};

use crate::keychain::KeychainError;

/// Why a session was not opened, or an act in it not done.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The folder.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The identity file.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The engine refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An invitation or an answer.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// Recovery words or a code.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// The recovery envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The keychain that was to open a home.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// This home has no recovery paper.
    #[error("no recovery paper was made for this home")]
    NoEnvelope,
    /// The words belong to no device of the programme.
    #[error("these words belong to no device of this programme")]
    NoSuchPaper,
    /// What the recovery needs could not be fetched.
    #[error(transparent)]
    Relay(#[from] Box<crate::relay::RelayError>),
    /// A home is under a passphrase, in a demonstration too.
    #[error("a home needs a passphrase")]
    NoPassphrase,
    /// A passphrase that can be guessed, in a programme that is no demonstration.
    #[error(
        "this passphrase is too weak for a real programme: about {bits:.0} bits, and {wanted:.0} are needed"
    )]
    WeakPassphrase {
        /// The estimate, in bits.
        bits: f64,
        /// What is needed, in bits.
        wanted: f64,
    },
    /// This is the home of another member or programme than the file is for.
    #[error("this folder holds the home of another invitation")]
    OtherHome,
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self::Home(error.into())
    }
}

impl SessionError {
    /// The code that scripts, windows and translations go by.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Home(error) => home_code(error),
            Self::Identity(error) => identity_code(error),
            Self::Engine(error) => error.code(),
            Self::Enrol(error) => enrol_code(error),
            Self::Paper(_) => "paper-wrong",
            Self::Envelope(_) => "paper-other",
            Self::Keychain(error) => keychain_code(error),
            Self::NoEnvelope => "no-recovery",
            Self::NoSuchPaper => "no-such-paper",
            Self::Relay(error) => error.code(),
            Self::NoPassphrase => "passphrase-missing",
            Self::WeakPassphrase { .. } => "passphrase-weak",
            Self::OtherHome => "other-home",
        }
    }
}

/// The code of what is wrong with a home.
#[must_use]
pub fn home_code(error: &HomeError) -> &'static str {
    match error {
        HomeError::NotAHome => "no-home",
        HomeError::Exists => "home-exists",
        HomeError::InUse => "home-in-use",
        HomeError::LogLeft => "backup-read-only",
        HomeError::Newer { .. } => "newer-version",
        HomeError::Damaged(_) => "damaged-home",
        HomeError::TooLarge { .. } => "too-large",
        HomeError::Full => "disk-full",
        HomeError::ReadOnly(_) => "disk-read-only",
        HomeError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => "not-found",
        HomeError::Io { .. } => "disk",
        HomeError::Store(error) => store_code(error),
    }
}

/// The code of what is wrong with a home's store: a home that lacks it is damaged, not absent.
#[must_use]
pub fn store_code(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full => "disk-full",
        StoreError::ReadOnly => "disk-read-only",
        StoreError::Damaged | StoreError::Missing => "damaged-store",
        StoreError::WrongKey => "wrong-key",
        StoreError::Newer { .. } => "newer-version",
        StoreError::Exists => "home-exists",
        StoreError::AlreadyOpen => "home-in-use",
        _ => "disk",
    }
}

/// The code of what is wrong with an identity file or its passphrase.
#[must_use]
pub fn identity_code(error: &IdentityError) -> &'static str {
    match error {
        IdentityError::WrongPassphrase => "wrong-passphrase",
        IdentityError::Damaged => "damaged-identity",
        IdentityError::Newer => "newer-version",
        IdentityError::TooCheap { .. } => "cheap-identity",
        IdentityError::TooCostly { .. } => "costly-identity",
    }
}

/// The code of what is wrong with a keychain.
#[must_use]
pub fn keychain_code(error: &KeychainError) -> &'static str {
    match error {
        KeychainError::Absent => "keychain-absent",
        KeychainError::Locked => "keychain-locked",
        KeychainError::Missing => "keychain-missing",
        KeychainError::DoesNotFit => "keychain-unfit",
        KeychainError::Failed(_) => "keychain-failed",
    }
}

/// The code of what is wrong with an invitation or an answer.
#[must_use]
pub fn enrol_code(error: &EnrolError) -> &'static str {
    match error {
        EnrolError::Newer => "newer-version",
        EnrolError::NoInvitation => "no-invitation",
        EnrolError::NoAnswer => "no-answer",
        EnrolError::OtherInvitation => "other-invitation",
        EnrolError::NotAuthentic | EnrolError::NoPossession | EnrolError::OtherNonce => "forged",
        EnrolError::NotForThisDevice => "not-for-this-device",
        EnrolError::UnsoundDevice => "unreachable-device",
        EnrolError::TooLarge => "too-large",
    }
}
