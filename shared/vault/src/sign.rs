//! Signing. A pack can be made only of what is sealed or of what is meant for everyone's eyes; a signature
//! over anything else than a pack belongs to a context of its own.

use ed25519_dalek::Signer;
use tessera_protocol::charter::Link;
use tessera_protocol::codec::{DecodeError, Wire};
use tessera_protocol::header::{Header, PackKind};
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::{Context, Signature, Verified, signed_bytes};
use tessera_protocol::statement::Statement;
use tessera_protocol::stream::Stream;

use crate::identity::DeviceSecret;
use crate::seal::{Draft, Sealed};

/// What leaves a device in the clear: ids, keys, numbers and hashes, never text.
pub enum Clear<'a> {
    /// One signature under a charter link.
    Link(&'a Link),
    /// A statement.
    Statement(&'a Statement),
}

/// Why a pack was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The draft names another device.
    #[error("the pack names another device")]
    NotThisDevice,
    /// Links and statements belong to the public stream.
    #[error("only the public stream holds unsealed packs")]
    NotPublic,
    /// Header or body break a rule of the format.
    #[error(transparent)]
    Format(#[from] DecodeError),
}

impl DeviceSecret {
    /// Signs sealed items or a welcome.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_sealed(&self, sealed: Sealed) -> Result<Verified<Pack>, SignError> {
        let (header, body) = sealed.into_parts();
        self.sign_pack(header, body)
    }

    /// Signs a link or a statement, in the programme's public stream.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_clear(&self, draft: Draft, clear: &Clear<'_>) -> Result<Verified<Pack>, SignError> {
        let (kind, body) = match clear {
            Clear::Link(link) => (PackKind::Link, link.to_bytes()),
            Clear::Statement(statement) => (PackKind::Statement, statement.to_bytes()),
        };
        if draft.stream != Stream::Public.id(draft.programme) {
            return Err(SignError::NotPublic);
        }
        self.sign_pack(draft.unsealed(kind, None, &body), body)
    }

    fn sign_pack(&self, header: Header, body: Vec<u8>) -> Result<Verified<Pack>, SignError> {
        if header.device != self.id() {
            return Err(SignError::NotThisDevice);
        }
        // A header that breaks a rule between its fields is not readable, so it must not be signed.
        let bytes = header.to_bytes();
        let header = Header::from_bytes(&bytes)?;
        let signature = self.sign(Context::Pack, &bytes);
        let pack = Pack::new(header, signature, body)?;
        Ok(pack.verify(&self.public_key()).expect("the signature was just made with this key"))
    }

    /// Signs a request to a relay.
    #[must_use]
    pub fn sign_request(&self, request: &[u8]) -> Signature {
        self.sign(Context::Request, request)
    }

    /// Signs a witness to what a bundle carried.
    #[must_use]
    pub fn sign_witness(&self, witness: &[u8]) -> Signature {
        self.sign(Context::Witness, witness)
    }

    /// Signs a ballot on a final list.
    #[must_use]
    pub fn sign_ballot(&self, ballot: &[u8]) -> Signature {
        self.sign(Context::Ballot, ballot)
    }

    pub(crate) fn sign(&self, context: Context, payload: &[u8]) -> Signature {
        Signature(self.signing.sign(&signed_bytes(context, payload)).to_bytes())
    }
}
