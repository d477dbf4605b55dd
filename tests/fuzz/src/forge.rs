//! What an attacker can do by right: sign with its own key, seal under a key that it holds, and put a checksum right.

use std::io::Write as _;
use std::iter;

use age::secrecy::SecretString;
use age::{Encryptor, scrypt, x25519};
use bech32::{Bech32, Hrp};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};
use tessera_protocol::codec::Wire;
use tessera_protocol::hash::hash;
use tessera_protocol::header::{Header, PackKind};
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::{Context, PublicKey, Signature, signed_bytes};
use tessera_vault::key::StreamKey;
use tessera_vault::secret::derive;

/// A key from a number.
#[must_use]
pub fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

/// Its public half.
///
/// # Panics
/// Never: a key that was made is sound.
#[must_use]
pub fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from_bytes(&key.verifying_key().to_bytes()).expect("a key that was made is sound")
}

/// Signs as that key's owner does.
#[must_use]
pub fn sign(key: &SigningKey, context: Context, payload: &[u8]) -> Signature {
    Signature(key.sign(&signed_bytes(context, payload)).to_bytes())
}

/// A pack whose header names its body and is signed.
#[must_use]
pub fn pack(key: &SigningKey, mut header: Header, body: Vec<u8>) -> Option<Pack> {
    header.body = hash("body", &[&body]);
    let signature = sign(key, Context::Pack, &header.to_bytes());
    Pack::new(header, signature, body).ok()
}

/// A pack whose body is these bytes, sealed as items are: `shared/vault/FORMAT.md`.
#[must_use]
pub fn sealed(signer: &SigningKey, under: &StreamKey, mut header: Header, padded: &[u8]) -> Option<Pack> {
    let nonce = [5; 24];
    header.kind = PackKind::Items;
    header.key = under.id();
    header.padded_bytes = u32::try_from(padded.len()).ok()?;
    let cipher = XChaCha20Poly1305::new((&*derive(under.expose(), &nonce, "items")).into());
    let aad = &header.associated_data();
    let body = cipher.encrypt((&nonce).into(), Payload { msg: padded, aad }).ok()?;
    pack(signer, header, [&nonce[..], &body].concat())
}

/// An age file for whoever holds this X25519 key.
///
/// # Panics
/// Never: age reads its own form of a key, and a vector takes every byte.
#[must_use]
pub fn age_file(secret: &[u8; 32], contents: &[u8]) -> Vec<u8> {
    let text = bech32::encode_upper::<Bech32>(Hrp::parse_unchecked("age-secret-key-"), secret);
    let identity: x25519::Identity = text.expect("32 bytes fit").parse().expect("age reads its own form");
    written(&identity.to_public(), contents)
}

/// An age file for whoever knows a passphrase, as cheap as one may be.
///
/// # Panics
/// As [`age_file`].
#[must_use]
pub fn age_file_of(passphrase: &str, contents: &[u8]) -> Vec<u8> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(1);
    written(&recipient, contents)
}

fn written(to: &dyn age::Recipient, contents: &[u8]) -> Vec<u8> {
    let encryptor = Encryptor::with_recipients(iter::once(to)).expect("there is a recipient");
    let mut file = Vec::new();
    let mut writer = encryptor.wrap_output(&mut file).expect("a vector takes every byte");
    writer.write_all(contents).expect("a vector takes every byte");
    writer.finish().expect("a vector takes every byte");
    file
}

/// Puts the checksum of a change right: the first four bytes of SHA-256 of all that follows it.
#[must_use]
pub fn resealed(mut change: Vec<u8>) -> Vec<u8> {
    if change.len() >= 9 {
        let sum = Sha256::digest(&change[8..]);
        change[4..8].copy_from_slice(&sum[..4]);
    }
    change
}
