//! Sealing items into a pack's body, and opening them.
//!
//! ```text
//! body    = nonce (24) ‖ XChaCha20-Poly1305(subkey, nonce, padded, associated data)
//! subkey  = HKDF-SHA-256(salt = nonce, stream key, "tessera/1 items")
//! padded  = length of content (4 bytes, little-endian) ‖ content ‖ zeros
//! content = seed (32) ‖ sections;  section = method (0 as it is, 1 zstd) ‖ length ‖ bytes
//! ```
//! The associated data is the whole header but its last field, which hashes the body. The padded length is
//! `Padmé(max(4 + |content|, ⌈expanded ÷ 256⌉))`.
//!
//! Compression and secrets: a length tells something of what was compressed together. So items that are no
//! change (keys above all) are not compressed, and a change with text from outside is compressed alone;
//! only what the author wrote is compressed together. The items' order is that of the sections.
//!
//! Opening bounds every length before it allocates: the body, what each section says it expands to, their
//! sum, and the ratio of that sum to the padded length. Every failure with the key or inside the seal is one
//! and the same [`OpenError::Failed`].

use chacha20poly1305::aead::{Aead, Payload};
use rand_core::CryptoRng;
use tessera_defence::{defence, defended};
use tessera_protocol::codec::{List, Reader, Set, Wire, Writer};
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, NONE, Opening, PackKind, Position, SUITE};
use tessera_protocol::ids::{DeviceId, Incarnation, PackId, ProgrammeId, StreamId};
use tessera_protocol::limits;
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::Verified;
use zeroize::Zeroizing;

use crate::content::{Leaf, Path, Seed, root};
use crate::items::{Change, Item};
use crate::key::{NONCE_BYTES, StreamKey, TAG_BYTES};

/// All items of one pack, uncompressed, in bytes.
pub const EXPANDED_BYTES: usize = 4 * 1024 * 1024;
/// Items of one pack.
pub const ITEMS: usize = 1 << 16;
/// How many times longer than the padded length the items may be.
const RATIO: usize = 256;
const SECTIONS: usize = 4096;
const STORED: u8 = 0;
const COMPRESSED: u8 = 1;
/// What is pushed is short and its bytes are dear: as short as it gets. A pack of more than this many bytes, from an import
/// or many at a time, would keep a slow laptop busy for seconds.
const THOROUGH_BYTES: usize = 256 * 1024;
const THOROUGH: i32 = 19;
const QUICK: i32 = 6;

/// What a device says of a pack before its body is made.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The programme.
    pub programme: ProgrammeId,
    /// The stream.
    pub stream: StreamId,
    /// The author's device.
    pub device: DeviceId,
    /// The present start of the device.
    pub incarnation: Incarnation,
    /// 1 + the highest number among `previous`, or 1.
    pub number: u64,
    /// The tips of this (stream, device) chain.
    pub previous: Set<PackId, { limits::PREVIOUS }>,
    /// The newest place of a relay's log that the device has seen.
    pub seen: Option<Position>,
    /// Streams that the pack opens; only in `to/`.
    pub opened: List<Opening, { limits::OPENINGS }>,
    /// Streams that the pack closes; only in `to/`.
    pub closed: Set<StreamId, { limits::OPENINGS }>,
}

impl Draft {
    /// The first pack of a chain, with nothing seen, opened or closed.
    #[must_use]
    pub fn first(
        programme: ProgrammeId,
        stream: StreamId,
        device: DeviceId,
        incarnation: Incarnation,
    ) -> Self {
        Self {
            programme,
            stream,
            device,
            incarnation,
            number: 1,
            previous: Set::default(),
            seen: None,
            opened: List::default(),
            closed: Set::default(),
        }
    }

    /// The header of a pack with a body in the clear.
    pub(crate) fn unsealed(self, kind: PackKind, recipients: Option<Hash>, body: &[u8]) -> Header {
        Header {
            suite: SUITE,
            kind,
            programme: self.programme,
            stream: self.stream,
            key: tessera_protocol::ids::KeyId(NONE),
            device: self.device,
            incarnation: self.incarnation,
            number: self.number,
            previous: self.previous,
            seen: self.seen,
            opened: self.opened,
            closed: self.closed,
            recipients,
            padded_bytes: u32::try_from(body.len()).unwrap_or(u32::MAX),
            content_root: Hash(NONE),
            body: hash("body", &[body]),
        }
    }
}

/// An item on its way into a seal.
pub enum Entry {
    /// A change that holds only what its author wrote.
    Own(Change, Leaf),
    /// A change with text from outside (an applicant, a referee, an imported file).
    Outside(Change, Leaf),
    /// Anything but a change.
    Other(Item),
}

/// Why items could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There is nothing to seal.
    #[error("there is nothing to seal")]
    Empty,
    /// They do not fit into one pack; fewer of them may.
    #[error("{bytes} bytes do not fit into one pack of at most {limit}")]
    TooLarge {
        /// What they need.
        bytes: usize,
        /// What fits.
        limit: usize,
    },
    /// A change came as [`Entry::Other`], without its leaf.
    #[error("a change without its leaf")]
    Leafless,
}

/// A header without signature and a body that only readers can open. Only this crate makes one, so whatever
/// is signed with it is sealed:
///
/// ```compile_fail,E0624
/// # fn send(header: tessera_protocol::header::Header) {
/// let in_the_clear = tessera_vault::seal::Sealed::new(header, b"a name".to_vec());
/// # }
/// ```
pub struct Sealed {
    header: Header,
    body: Vec<u8>,
}

impl Sealed {
    pub(crate) fn new(header: Header, body: Vec<u8>) -> Self {
        Self { header, body }
    }

    /// The header to be signed.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The sealed body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn into_parts(self) -> (Header, Vec<u8>) {
        (self.header, self.body)
    }
}

/// Padmé: rounds a length up so that its binary form, read as a floating-point number, keeps a mantissa no
/// longer than its exponent. At most 12 % are added and O(log log L) bits of the length remain.
///
/// `E = ⌊log₂ L⌋, S = ⌊log₂ E⌋ + 1`, rounded up to a multiple of `2^(E−S)` (Nikitin et al., "Reducing
/// Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019, algorithm 1).
#[must_use]
pub fn padme(length: u64) -> u64 {
    if length < 2 {
        return length;
    }
    let exponent = length.ilog2();
    let mantissa = exponent.ilog2() + 1;
    length.next_multiple_of(1 << exponent.saturating_sub(mantissa))
}

fn padded_bytes(content: usize, expanded: usize) -> usize {
    let least = (4 + content).max(expanded.div_ceil(RATIO));
    usize::try_from(padme(least as u64)).unwrap_or(usize::MAX)
}

/// Seals items under a stream's key. The header's content root covers all of them, in the order: others as
/// given, own changes as given, changes from outside as given.
///
/// # Errors
/// [`SealError`], where they do not fit or there are none.
pub fn seal(
    key: &StreamKey,
    draft: Draft,
    entries: Vec<Entry>,
    rng: &mut impl CryptoRng,
) -> Result<Sealed, SealError> {
    let seed = Seed::generate(rng);
    let mut nonce = [0; NONCE_BYTES];
    rng.fill_bytes(&mut nonce);

    let Plain { content, expanded, leaves } = write_content(&seed, draft.programme, entries)?;
    let content_root = root(&leaves).ok_or(SealError::Empty)?;
    let length = padded_bytes(content.len(), expanded);
    let limit = limits::BODY_BYTES - NONCE_BYTES - TAG_BYTES;
    if length > limit {
        return Err(SealError::TooLarge { bytes: length, limit });
    }
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(&u32::try_from(content.len()).expect("shorter than a body").to_le_bytes());
    padded.extend_from_slice(&content);
    padded.resize(length, 0);

    let mut header = draft.unsealed(PackKind::Items, None, &[]);
    header.key = key.id();
    header.padded_bytes = u32::try_from(length).expect("shorter than a body");
    header.content_root = content_root;
    let associated = bound(&header);
    let sealed = key
        .cipher(&nonce)
        .encrypt((&nonce).into(), Payload { msg: &padded, aad: &associated })
        .expect("a body is far shorter than the 256 GiB that the cipher takes");
    let body = [&nonce[..], &sealed].concat();
    header.body = hash("body", &[&body]);
    Ok(Sealed::new(header, body))
}

struct Plain {
    content: Zeroizing<Vec<u8>>,
    expanded: usize,
    leaves: Vec<Hash>,
}

fn write_content(seed: &Seed, programme: ProgrammeId, entries: Vec<Entry>) -> Result<Plain, SealError> {
    let mut sections: Vec<(u8, Zeroizing<Vec<u8>>)> = Vec::new();
    let mut leaves = Vec::with_capacity(entries.len());
    let (mut others, mut own, mut outside) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Entry::Other(Item::Change(_)) => return Err(SealError::Leafless),
            Entry::Other(item) => {
                let leaf = item.own_leaf();
                others.push((item, leaf));
            }
            Entry::Own(change, leaf) => own.push((Item::Change(change), leaf)),
            Entry::Outside(change, leaf) => outside.push(vec![(Item::Change(change), leaf)]),
        }
    }
    let items = others.len() + own.len() + outside.len();
    if items > ITEMS {
        return Err(SealError::TooLarge { bytes: items, limit: ITEMS });
    }
    let groups = [(STORED, others), (COMPRESSED, own)]
        .into_iter()
        .chain(outside.into_iter().map(|one| (COMPRESSED, one)))
        .filter(|(_, items)| !items.is_empty());
    let mut expanded = 0_usize;
    for (method, items) in groups {
        let mut bytes = Zeroizing::new(Vec::new());
        for (item, leaf) in items {
            let index = u32::try_from(leaves.len()).expect("at most 65,536 items");
            leaves.push(crate::content::leaf_hash(&seed.salt(index), programme, &leaf));
            bytes.extend_from_slice(&Zeroizing::new(item.to_bytes()));
        }
        expanded += bytes.len();
        if expanded > EXPANDED_BYTES {
            return Err(SealError::TooLarge { bytes: expanded, limit: EXPANDED_BYTES });
        }
        sections.push((method, bytes));
    }
    if sections.len() > SECTIONS {
        return Err(SealError::TooLarge { bytes: sections.len(), limit: SECTIONS });
    }
    let level = level(expanded);
    let mut content = Writer::default();
    seed.write(&mut content);
    for (method, bytes) in sections {
        let (method, bytes) = if method == COMPRESSED { compress(bytes, level) } else { (method, bytes) };
        method.write(&mut content);
        content.number(bytes.len() as u64);
        content.raw(&bytes);
    }
    Ok(Plain { content: Zeroizing::new(content.finish()), expanded, leaves })
}

/// How hard a pack whose items have this length together is compressed.
const fn level(expanded: usize) -> i32 {
    if expanded <= THOROUGH_BYTES { THOROUGH } else { QUICK }
}

/// Compresses, where that makes it shorter.
fn compress(bytes: Zeroizing<Vec<u8>>, level: i32) -> (u8, Zeroizing<Vec<u8>>) {
    match zstd::bulk::compress(&bytes, level).map(Zeroizing::new) {
        Ok(shorter) if shorter.len() < bytes.len() => (COMPRESSED, shorter),
        _ => (STORED, bytes),
    }
}

/// Why a pack could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A suite that this version does not know, or none.
    #[error("sealed with suite {0}, which this program does not know")]
    Suite(u8),
    /// Wrong key, wrong bytes or wrong contents: which of them is not told.
    #[error("cannot be opened")]
    Failed,
    /// The items are not those that the author signed.
    #[error("the items are not those that the content root names")]
    ContentRoot,
}

/// An opened pack whose items wait for the check against the content root.
pub struct Opened {
    programme: ProgrammeId,
    content_root: Hash,
    seed: Seed,
    items: Vec<Item>,
}

/// Opens a pack of sealed items.
///
/// # Errors
/// [`OpenError`].
pub fn open(key: &StreamKey, pack: &Verified<Pack>) -> Result<Opened, OpenError> {
    let header = pack.header();
    if !defence!(K07, header.suite == SUITE) {
        return Err(OpenError::Suite(header.suite));
    }
    if !defence!(K06, header.kind == PackKind::Items) {
        return Err(OpenError::Failed);
    }
    let padded = decrypt(key, header, pack.body()).ok_or(OpenError::Failed)?;
    let (seed, items) = read_content(&padded).ok_or(OpenError::Failed)?;
    Ok(Opened { programme: header.programme, content_root: header.content_root, seed, items })
}

pub(crate) fn decrypt(key: &StreamKey, header: &Header, body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // The commitment: two keys can open one ciphertext, but only one of them has this id.
    if !defence!(K08, header.key == key.id()) {
        return None;
    }
    let (nonce, sealed) = body.split_first_chunk::<NONCE_BYTES>()?;
    if sealed.len() != header.padded_bytes as usize + TAG_BYTES {
        return None;
    }
    let aad = &bound(header);
    key.cipher(nonce).decrypt(nonce.into(), Payload { msg: sealed, aad }).ok().map(Zeroizing::new)
}

/// What a sealed body is bound to, so that it opens under its own header alone.
fn bound(header: &Header) -> Vec<u8> {
    if defended!(K06) { header.associated_data() } else { Vec::new() }
}

fn read_content(padded: &[u8]) -> Option<(Seed, Vec<Item>)> {
    let (length, rest) = padded.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (content, zeros) = rest.split_at_checked(length)?;
    if zeros.iter().any(|&byte| byte != 0) {
        return None;
    }
    let mut reader = Reader::new(content);
    let seed = Seed::read(&mut reader).ok()?;
    let (mut items, mut expanded, mut sections) = (Vec::new(), 0_usize, 0);
    while reader.remaining() > 0 {
        sections += 1;
        let method = u8::read(&mut reader).ok()?;
        let count = reader.count(limits::BODY_BYTES).ok()?;
        let bytes = reader.raw(count).ok()?;
        expanded = expanded.checked_add(expanded_bytes(method, bytes)?)?;
        if sections > SECTIONS || !defence!(H08, may_expand(expanded, padded.len())) {
            return None;
        }
        match method {
            STORED => read_items(bytes, &mut items)?,
            _ => read_items(&expand(bytes)?, &mut items)?,
        }
    }
    (!items.is_empty() && padded_bytes(length, expanded) == padded.len()).then_some((seed, items))
}

/// Whether items of this length may come out of a plaintext of that length.
pub(crate) fn may_expand(expanded: usize, padded: usize) -> bool {
    expanded <= EXPANDED_BYTES.min(padded.saturating_mul(RATIO))
}

/// What a section says it expands to; a frame that does not say it is refused.
fn expanded_bytes(method: u8, bytes: &[u8]) -> Option<usize> {
    match method {
        STORED => Some(bytes.len()),
        COMPRESSED => {
            let whole = zstd::zstd_safe::find_frame_compressed_size(bytes).ok()? == bytes.len();
            let size = zstd::zstd_safe::get_frame_content_size(bytes).ok()??;
            usize::try_from(size).ok().filter(|_| whole)
        }
        _ => None,
    }
}

/// Expands one frame whose size the caller has bounded.
fn expand(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let size = expanded_bytes(COMPRESSED, bytes)?;
    let expanded = Zeroizing::new(zstd::bulk::decompress(bytes, size).ok()?);
    (expanded.len() == size).then_some(expanded)
}

fn read_items(bytes: &[u8], items: &mut Vec<Item>) -> Option<()> {
    let mut reader = Reader::new(bytes);
    while reader.remaining() > 0 {
        let start = reader.position();
        let item = Item::read(&mut reader).ok()?;
        let again = Zeroizing::new(item.to_bytes());
        let canonical = defence!(K17, *again == bytes[start..reader.position()]);
        if !canonical || items.len() == ITEMS {
            return None;
        }
        items.push(item);
    }
    Some(())
}

impl Opened {
    /// Gives the items away after checking that every one is a leaf under the signed content root, and none
    /// is missing. `leaf` names the document and Automerge hash of a change, from the change's bytes; `None`
    /// where they are no change.
    ///
    /// # Errors
    /// [`OpenError::ContentRoot`] where they are not what the author signed.
    pub fn check(self, mut leaf: impl FnMut(&Change) -> Option<Leaf>) -> Result<Content, OpenError> {
        let mut leaves = Vec::with_capacity(self.items.len());
        for (index, item) in (0_u32..).zip(&self.items) {
            let salt = self.seed.salt(index);
            leaves.push(item.leaf(self.programme, &salt, &mut leaf).ok_or(OpenError::ContentRoot)?);
        }
        if root(&leaves) != Some(self.content_root) {
            return Err(OpenError::ContentRoot);
        }
        Ok(Content { seed: self.seed, items: self.items, leaves })
    }
}

/// The items of a pack, as their author signed them.
pub struct Content {
    seed: Seed,
    items: Vec<Item>,
    leaves: Vec<Hash>,
}

impl Content {
    /// The items, in the order of their leaves.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Gives the items away.
    #[must_use]
    pub fn into_items(self) -> Vec<Item> {
        self.items
    }

    /// Salt and path of one item, to show it with its author's signature; `None` where there is no such item.
    #[must_use]
    pub fn proof(&self, index: u32) -> Option<([u8; 32], Path)> {
        Some((self.seed.salt(index), Path::new(&self.leaves, index)?))
    }
}
