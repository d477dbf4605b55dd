//! What can go wrong between this device and a relay, as a closed list of codes.

use std::io;

use tessera_engine::EngineError;

use super::address::AddressError;

/// Why an exchange did not end. Whatever was imported before stays; nothing counts as sent that a
/// relay did not sign for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelayError {
    /// No invitation and no setting names a relay.
    #[error("this home knows no relay")]
    NoRelay,
    /// The address is none, or one without TLS.
    #[error("{url}: {error}")]
    Address {
        /// What stands there.
        url: String,
        /// What is wrong with it.
        error: AddressError,
    },
    /// A file of further roots of trust cannot be used.
    #[error("the file of certificates cannot be used: {0}")]
    Roots(String),
    /// No connection: no network, no such host, or nobody listens.
    #[error("the relay cannot be reached")]
    Unreachable(#[source] io::Error),
    /// Nothing moved for longer than is waited.
    #[error("the relay does not answer")]
    Timeout,
    /// The connection ended in the middle.
    #[error("the connection ended in the middle")]
    Cut,
    /// Something on the way answers in the relay's place, such as the log-in page of a hotel.
    #[error("something on the way answered in the relay's place; a log-in page of this network, perhaps")]
    CaptivePortal,
    /// The server's certificate is not good, and not only for its dates.
    #[error("the server's certificate is not good: {0}")]
    Certificate(String),
    /// The certificate is out of date by this device's clock, and what answers is not the relay.
    #[error("the server's certificate is out of date, and what answers is not the relay")]
    Clock,
    /// The answer is signed by another key than the programme names.
    #[error("the answer is not signed by the relay that the programme names")]
    Forged,
    /// The relay does not know this device, or not any more.
    #[error("the relay does not know this device")]
    NotAdmitted,
    /// The relay does not carry this programme.
    #[error("the relay does not carry this programme")]
    OtherProgramme,
    /// The relay has no room left.
    #[error("the relay has no room left")]
    Full,
    /// The relay ended the exchange because bytes came too slowly.
    #[error("the connection was too slow for the relay")]
    TooSlow,
    /// The relay asks to come again later.
    #[error("the relay is busy")]
    Busy {
        /// When, as it says, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The relay refused, for a reason that this program does not know.
    #[error("the relay refused with status {status} {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The relay's code, cleaned.
        code: String,
    },
    /// A person ended it.
    #[error("ended on request")]
    Cancelled,
    /// The engine could not go on.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// This machine gave no means to do it.
    #[error("the exchange could not be started")]
    Machine(#[source] io::Error),
}

impl RelayError {
    /// The code: kebab-case, one of a closed list.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRelay => "no-relay",
            Self::Address { error, .. } => error.code(),
            Self::Roots(_) => "bad-certificate-file",
            Self::Unreachable(_) => "unreachable",
            Self::Timeout => "timeout",
            Self::Cut => "connection-cut",
            Self::CaptivePortal => "captive-portal",
            Self::Certificate(_) => "certificate",
            Self::Clock => "clock",
            Self::Forged => "relay-forged",
            Self::NotAdmitted => "not-admitted",
            Self::OtherProgramme => "other-programme",
            Self::Full => "relay-full",
            Self::TooSlow => "too-slow",
            Self::Busy { .. } => "relay-busy",
            Self::Refused { .. } => "relay-refused",
            Self::Cancelled => "cancelled",
            Self::Engine(error) => error.code(),
            Self::Machine(_) => "no-network",
        }
    }

    /// True where the network failed, and not what was said over it: another try or another relay may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Timeout | Self::Cut | Self::TooSlow | Self::Busy { .. })
    }

    /// True where another relay of the programme may still answer.
    pub(super) fn is_of_this_relay(&self) -> bool {
        !matches!(self, Self::Engine(_) | Self::Cancelled | Self::Roots(_) | Self::Machine(_))
    }
}
