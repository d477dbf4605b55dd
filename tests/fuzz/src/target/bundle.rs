//! A bundle: as it is, or with what its writer can put right (the first byte says which): the reader's own packs are signed
//! again, and the hash at the end is that of what stands before it. What is whole is imported.

use std::collections::{BTreeMap, BTreeSet};

use tessera_engine::bundle::read;
use tessera_protocol::bundle::{BundleHead, Entry, MAGIC};
use tessera_protocol::codec::{Bytes, Reader, Wire};
use tessera_protocol::exchange::{Frames, frame};
use tessera_protocol::hash::hash;
use tessera_protocol::header::Header;
use tessera_protocol::ids::PackId;
use tessera_protocol::limits::BODY_BYTES;
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::Signature;

use crate::forge;
use crate::world::{World, world};

/// The longest frame that is taken here.
const FRAME_BYTES: usize = 1 << 20;

pub(crate) fn feed(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let written = if which % 2 == 0 { Some(bytes.to_vec()) } else { again(world(), bytes) };
    let Some(bytes) = written else { return };
    let Ok(bundle) = read(&bytes) else { return };
    drop(bundle);
    let mut home = world().alice();
    // Whatever came of it, the home is whole.
    drop(home.import(&bytes));
    let verified = home.verify().expect("a home that can be read");
    assert_eq!(verified.differences, [], "what is shown does not follow from the packs");
}

/// The same bundle with packs, counts and hash as their writer would write them.
fn again(world: &World, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut frames = Frames::default();
    frames.push(bytes.strip_prefix(MAGIC)?);
    let mut head = BundleHead::from_bytes(&frames.next(FRAME_BYTES).ok()??).ok()?;
    let mut entries = Vec::new();
    let mut names = BTreeMap::new();
    (head.packs, head.pack_bytes) = (0, 0);
    while let Ok(Some(bytes)) = frames.next(FRAME_BYTES) {
        let entry = match own(world, &bytes, &mut names) {
            Some(pack) => Entry::Pack(pack),
            None => Entry::from_bytes(&bytes).ok()?,
        };
        match &entry {
            Entry::End(_) => break,
            Entry::Pack(pack) => {
                head.packs += 1;
                head.pack_bytes += pack.to_bytes().len() as u64;
            }
            _ => {}
        }
        entries.push(entry);
    }
    let mut whole = [&MAGIC[..], &frame(&head.to_bytes())].concat();
    entries.iter().for_each(|entry| whole.extend(frame(&entry.to_bytes())));
    let end = Entry::End(hash("bundle", &[&whole]));
    whole.extend(frame(&end.to_bytes()));
    Some(whole)
}

/// A pack of the reader's, signed again as it stands, with the names that those before it have got.
fn own(world: &World, entry: &[u8], names: &mut BTreeMap<PackId, PackId>) -> Option<Pack> {
    let (&1, pack) = entry.split_first()? else { return None };
    let mut reader = Reader::new(pack);
    let mut header = Header::read(&mut reader).ok()?;
    Signature::read(&mut reader).ok()?;
    let body = Bytes::<{ BODY_BYTES }>::read(&mut reader).ok()?;
    let (device, key) = &world.bob;
    if header.device != *device {
        return None;
    }
    let was = header.id();
    let named: BTreeSet<PackId> =
        header.previous.iter().map(|id| names.get(id).copied().unwrap_or(*id)).collect();
    header.previous = named.try_into().ok()?;
    let pack = forge::pack(key, header, body.into_vec())?;
    names.insert(was, pack.id());
    Some(pack)
}
