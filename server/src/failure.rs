//! Why a request is not answered as it wishes: a closed list of codes, the same on the wire and in logs.
//! Whoever could not prove who it is gets [`Failure::NotAuthorised`] and nothing else, whether or not
//! there is anything to be known.

use tessera_protocol::codec::DecodeError;

use crate::store::StoreError;

/// Why a request is not answered as it wishes.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// Nothing here is known to whoever asks: an unknown programme or device, a signature that does not
    /// fit, a request that was made before.
    #[error("this relay knows no such request")]
    NotAuthorised,
    /// The bytes are not what they should be.
    #[error("the request is malformed: {0}")]
    Malformed(String),
    /// The request was cut off.
    #[error("the request ended before it was whole")]
    Cut,
    /// Something is larger than it may be.
    #[error("the request is too large: {0}")]
    TooLarge(&'static str),
    /// Nothing came for too long.
    #[error("the request came too slowly")]
    TooSlow,
    /// More requests than one device may make.
    #[error("too many requests; try again a little later")]
    TooMany,
    /// The relay has as much to do as it can.
    #[error("the relay is busy; try again a little later")]
    Busy,
    /// The charter of the new programme does not name this relay, or names it no longer.
    #[error("the programme's charter does not name this relay")]
    NotNamed,
    /// The operator does not take the new programme.
    #[error("the operator of this relay does not take this programme")]
    NotTaken,
    /// The stream's rule does not allow it.
    #[error("this device may not write this stream")]
    NotAWriter,
    /// There is no such attachment, or whoever asks may not read it.
    #[error("there is no such attachment for this device")]
    NotFound,
    /// The piece does not begin where what is held ends.
    #[error("the piece does not begin where what is held ends, or another length was announced before")]
    Elsewhere,
    /// The bytes of an attachment are not what its id says; they are dropped.
    #[error("the bytes are not those of this attachment; they were dropped")]
    NotItsHash,
    /// Device, member or programme have no room left.
    #[error("no room is left for this device, member or programme")]
    Quota,
    /// The disk is full or takes no writes.
    #[error("the relay's disk is full; nothing was stored, reading goes on")]
    Full,
    /// What is stored is damaged.
    #[error("the relay's store is damaged; nothing was stored")]
    Damaged,
    /// The relay is going down.
    #[error("the relay is going down")]
    Closed,
    /// Anything else; the log says more.
    #[error("the relay failed")]
    Failed,
}

impl Failure {
    /// HTTP status and code.
    #[must_use]
    pub const fn status(&self) -> (u16, &'static str) {
        match self {
            Self::NotAuthorised => (401, "not-authorised"),
            Self::Malformed(_) => (400, "malformed"),
            Self::Cut => (400, "cut"),
            Self::TooLarge(_) => (413, "too-large"),
            Self::TooSlow => (408, "too-slow"),
            Self::TooMany => (429, "too-many-requests"),
            Self::Busy => (503, "busy"),
            Self::NotNamed => (403, "relay-not-named"),
            Self::NotTaken => (403, "programme-not-taken"),
            Self::NotAWriter => (403, "not-a-writer"),
            Self::NotFound => (404, "not-found"),
            Self::Elsewhere => (409, "elsewhere"),
            Self::NotItsHash => (422, "not-its-hash"),
            Self::Quota => (413, "quota"),
            Self::Full => (507, "full"),
            Self::Damaged => (507, "damaged"),
            Self::Closed => (503, "closed"),
            Self::Failed => (500, "failed"),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(_) => Self::Full,
            StoreError::Damaged(_) => Self::Damaged,
            StoreError::Closed => Self::Closed,
            StoreError::Failed(_) | StoreError::Newer { .. } => Self::Failed,
        }
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error.to_string())
    }
}
