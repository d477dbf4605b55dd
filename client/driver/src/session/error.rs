//! What can go wrong with an open home. The causes keep their own kinds.

use tessera_engine::EngineError;
use tessera_engine::home::HomeError;
use tessera_engine::store::StoreError;
use tessera_vault::enrol::EnrolError;
use tessera_vault::identity::IdentityError;
use tessera_vault::recovery::{EnvelopeError, PaperError};

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
    /// This home has no recovery paper.
    #[error("no recovery paper was made for this home")]
    NoEnvelope,
    /// The words belong to no device of the programme.
    #[error("these words belong to no device of this programme")]
    NoSuchPaper,
    /// What the recovery needs could not be fetched.
    #[error(transparent)]
    Relay(#[from] Box<crate::relay::RelayError>),
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
