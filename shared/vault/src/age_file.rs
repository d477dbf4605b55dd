//! age files, and the only place that touches age (version pinned: its format is part of ours). An age file
//! hides its contents from those it is not made for and says nothing of who made it; what is inside counts
//! only by a signature or a tag that somebody else checks.
//!
//! Before age is asked, the header is read here: its length, how many stanzas of which kind, and a
//! passphrase's work factor. So no work is done for a file that would be refused.

use std::io::{Read, Write};
use std::iter;

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt, x25519};
use bech32::{Bech32, Hrp};
use tessera_defence::{defence, defended};
use tessera_protocol::device::{Device, Recipient};
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519 as multiply};
use zeroize::{Zeroize, Zeroizing};

use crate::passphrase::Passphrase;
use crate::secret::Secret;

/// Keys that one age file may be made for.
pub(crate) const RECIPIENTS: usize = 256;
/// The longest header: 256 stanzas of about 110 bytes, and age's random one.
const HEADER_BYTES: usize = 64 * 1024;
const FIRST_LINE: &[u8] = b"age-encryption.org/v1\n";
const MAC_LINE: &[u8] = b"--- ";
const BODY_COLUMNS: usize = 64;

/// Why an age file was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AgeError {
    /// No age file of the expected form, or changed on the way.
    Damaged,
    /// Not made for this key or passphrase.
    WrongKey,
    /// A passphrase's work factor is outside what is accepted.
    Work(u8),
}

/// The kinds of stanzas in a header, counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Stanzas {
    x25519: usize,
    /// The work factor of each.
    scrypt: Vec<u8>,
    other: usize,
}

/// Reads a header as far as kinds and work factors; age reads it again in full. Stricter than age in one
/// point: a stanza without its last, short line is refused, as the format says.
fn stanzas(file: &[u8]) -> Result<Stanzas, AgeError> {
    let header = &file[..file.len().min(HEADER_BYTES)];
    let mut lines = header.strip_prefix(FIRST_LINE).ok_or(AgeError::Damaged)?.split(|&byte| byte == b'\n');
    let mut found = Stanzas::default();
    loop {
        let line = lines.next().ok_or(AgeError::Damaged)?;
        if line.starts_with(MAC_LINE) {
            return Ok(found);
        }
        let stanza = line.strip_prefix(b"-> ").ok_or(AgeError::Damaged)?;
        let stanza = std::str::from_utf8(stanza).map_err(|_| AgeError::Damaged)?;
        match stanza.split(' ').collect::<Vec<_>>()[..] {
            ["X25519", ..] => found.x25519 += 1,
            ["scrypt", _, factor] => found.scrypt.push(factor.parse().map_err(|_| AgeError::Damaged)?),
            ["scrypt", ..] => return Err(AgeError::Damaged),
            _ => found.other += 1,
        }
        if !defence!(K18, found.x25519 + found.scrypt.len() + found.other <= RECIPIENTS + 1) {
            return Err(AgeError::Damaged);
        }
        loop {
            let body = lines.next().ok_or(AgeError::Damaged)?;
            let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
            if body.len() > BODY_COLUMNS || !body.iter().all(base64) {
                return Err(AgeError::Damaged);
            }
            if body.len() < BODY_COLUMNS {
                break;
            }
        }
    }
}

/// How many X25519 keys a file is made for; `None` where it is no such file.
pub(crate) fn count(file: &[u8]) -> Option<usize> {
    stanzas(file).ok().map(|found| found.x25519).filter(|&count| count > 0)
}

/// The X25519 public key of a secret (RFC 7748).
pub(crate) fn public(secret: &[u8; 32]) -> [u8; 32] {
    multiply(*secret, X25519_BASEPOINT_BYTES)
}

/// True for an X25519 public key that can be sent to: the canonical form of a point that is not of small
/// order (RFC 7748, section 6.1: a product of zeros shows one).
pub(crate) fn is_sound(public: &[u8; 32]) -> bool {
    // 2^255 - 19, little-endian; the comparison is from the highest byte down.
    let mut prime = [0xff; 32];
    (prime[0], prime[31]) = (0xed, 0x7f);
    defence!(K10, public.iter().rev().lt(prime.iter().rev()) && multiply([1; 32], *public) != [0; 32])
}

/// The X25519 keys of some devices. Algorithms that this version does not know are passed over.
///
/// # Errors
/// The first device that has no known recipient, or an unsound one.
pub(crate) fn keys<'a>(devices: impl IntoIterator<Item = &'a Device>) -> Result<Vec<[u8; 32]>, &'a Device> {
    let mut keys = Vec::new();
    for device in devices {
        let before = keys.len();
        for recipient in device.recipients.iter().filter(|r| r.algorithm == Recipient::X25519) {
            let key: [u8; 32] = (*recipient.key).try_into().map_err(|_| device)?;
            if !is_sound(&key) {
                return Err(device);
            }
            keys.push(key);
        }
        if keys.len() == before {
            return Err(device);
        }
    }
    Ok(keys)
}

/// Encrypts to X25519 public keys that [`keys`] gave.
pub(crate) fn encrypt(to: &[[u8; 32]], contents: &[u8]) -> Vec<u8> {
    let recipients: Vec<x25519::Recipient> = to
        .iter()
        .map(|key| {
            let text = bech32::encode::<Bech32>(Hrp::parse_unchecked("age"), key);
            text.expect("32 bytes fit into Bech32").parse().expect("age reads its own form")
        })
        .collect();
    write(recipients.iter().map(|recipient| recipient as &dyn age::Recipient), contents)
}

/// Encrypts with a passphrase at scrypt's `N = 2^log_n`, `r = 8`, `p = 1` (RFC 7914): `2^log_n` KiB of memory.
pub(crate) fn encrypt_passphrase(passphrase: &Passphrase, log_n: u8, contents: &[u8]) -> Vec<u8> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.expose().to_owned()));
    recipient.set_work_factor(log_n);
    write(iter::once(&recipient as &dyn age::Recipient), contents)
}

fn write<'a>(to: impl Iterator<Item = &'a dyn age::Recipient>, contents: &[u8]) -> Vec<u8> {
    let encryptor = Encryptor::with_recipients(to).expect("there is a recipient, and all are of one kind");
    let mut file = Vec::with_capacity(contents.len() + 1024);
    let mut writer = encryptor.wrap_output(&mut file).expect("a vector takes every byte");
    writer.write_all(contents).expect("a vector takes every byte");
    writer.finish().expect("a vector takes every byte");
    file
}

/// Opens a file made for exactly `count` X25519 keys, one of them that of `secret`.
pub(crate) fn decrypt(
    secret: &Secret,
    count: usize,
    file: &[u8],
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    let found = stanzas(file)?;
    // age adds one stanza of a random kind, so that readers stay used to kinds that they do not know.
    if found.x25519 != count || !found.scrypt.is_empty() || found.other > 1 {
        return Err(AgeError::Damaged);
    }
    let mut text = bech32::encode_upper::<Bech32>(Hrp::parse_unchecked("age-secret-key-"), &**secret)
        .expect("32 bytes fit into Bech32");
    let identity = text.parse::<x25519::Identity>();
    text.zeroize();
    read(file, &identity.expect("age reads its own form"), limit)
}

/// Opens a file made with a passphrase; a work factor outside `work` is refused before any work.
pub(crate) fn decrypt_passphrase(
    passphrase: &Passphrase,
    work: std::ops::RangeInclusive<u8>,
    file: &[u8],
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    check_work(file, &work)?;
    let mut identity = scrypt::Identity::new(SecretString::from(passphrase.expose().to_owned()));
    if defended!(K18) {
        identity.set_max_work_factor(*work.end());
    }
    read(file, &identity, limit)
}

/// Refuses a file that was not made with a passphrase, or whose work factor is outside `work`.
pub(crate) fn check_work(file: &[u8], work: &std::ops::RangeInclusive<u8>) -> Result<(), AgeError> {
    let found = stanzas(file)?;
    match found.scrypt[..] {
        [factor] if found.x25519 + found.other == 0 => {
            if defence!(K18, work.contains(&factor)) {
                Ok(())
            } else {
                Err(AgeError::Work(factor))
            }
        }
        _ => Err(AgeError::Damaged),
    }
}

fn read(file: &[u8], identity: &dyn age::Identity, limit: usize) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    if file.len() > limit + HEADER_BYTES {
        return Err(AgeError::Damaged);
    }
    let decryptor = Decryptor::new_buffered(file).map_err(|_| AgeError::Damaged)?;
    let reader = decryptor.decrypt(iter::once(identity)).map_err(|error| match error {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            AgeError::WrongKey
        }
        _ => AgeError::Damaged,
    })?;
    // One allocation, so that no copy of the contents is left behind by growing.
    let mut contents = Zeroizing::new(Vec::with_capacity(file.len().min(limit) + 1));
    reader.take(limit as u64 + 1).read_to_end(&mut contents).map_err(|_| AgeError::Damaged)?;
    if contents.len() > limit { Err(AgeError::Damaged) } else { Ok(contents) }
}

#[cfg(test)]
mod tests;
