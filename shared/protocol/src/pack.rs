//! A pack: header, signature and body. The one thing that is stored, sent and imported.

use tessera_defence::defence;

use crate::codec::{Bytes, DecodeError, Problem, Reader, Wire, Writer};
use crate::hash::hash;
use crate::header::Header;
use crate::ids::PackId;
use crate::limits;
use crate::signature::{BadSignature, Context, PublicKey, Signature, Verified};

/// A pack as it arrived: well-formed, its body the one that the header names, its signature not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    header: Header,
    signature: Signature,
    body: Bytes<{ limits::BODY_BYTES }>,
}

impl Pack {
    /// Puts a pack together.
    ///
    /// # Errors
    /// Where the body is too long or not the one that the header names.
    pub fn new(header: Header, signature: Signature, body: Vec<u8>) -> Result<Self, DecodeError> {
        let fail = |problem| DecodeError { place: vec!["body"], at: 0, problem };
        let value = body.len() as u64;
        let body = body
            .try_into()
            .map_err(|_| fail(Problem::TooLarge { value, limit: limits::BODY_BYTES as u64 }))?;
        let pack = Self { header, signature, body };
        let named = || hash("body", &[&pack.body]) == pack.header.body;
        if !defence!(G06, defence!(K11, named())) {
            return Err(fail(Problem::Invalid("body: not the one that the header names")));
        }
        Ok(pack)
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The author's signature over the header.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The body, sealed or not.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The pack's id.
    #[must_use]
    pub fn id(&self) -> PackId {
        self.header.id()
    }

    /// Checks the author's signature.
    ///
    /// # Errors
    /// [`BadSignature`] where it is not that of `key`.
    pub fn verify(self, key: &PublicKey) -> Result<Verified<Self>, BadSignature> {
        let signed = || key.verify(Context::Pack, &self.header.to_bytes(), &self.signature).is_ok();
        if defence!(G06, signed()) { Ok(Verified::new(self)) } else { Err(BadSignature) }
    }
}

impl Wire for Pack {
    fn write(&self, to: &mut Writer) {
        self.header.write(to);
        self.signature.write(to);
        self.body.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let header = Header::read(from).map_err(|error| error.within("header"))?;
        let signature = Signature::read(from).map_err(|error| error.within("signature"))?;
        let at = from.position();
        let body = Bytes::<{ limits::BODY_BYTES }>::read(from).map_err(|error| error.within("body"))?;
        Self::new(header, signature, body.into_vec()).map_err(|error| DecodeError { at, ..error })
    }
}
