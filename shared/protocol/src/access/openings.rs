//! Which streams are opened to whom, from the headers of `to/` packs, in whatever order they come. A closing
//! cancels every opening of that stream for that member, before or after it, unless the opening names
//! that closing.

use std::collections::{BTreeMap, BTreeSet};

use crate::header::Header;
use crate::ids::{DeviceId, MemberId, PackId, StreamId};
use crate::stream::Stream;

use super::Access;

/// Openings and closings of one stream in one `to/`.
#[derive(Debug, Clone, Default)]
struct Entry {
    opened: BTreeMap<PackId, (DeviceId, BTreeSet<PackId>)>,
    closed: BTreeMap<PackId, DeviceId>,
}

/// What `to/` headers opened and closed. It holds what was signed, not what counts: that follows from the
/// [`Access`] of the moment, so a coordinator's later removal is heard here too.
#[derive(Debug, Clone, Default)]
pub struct Openings {
    /// By `to/` stream, then by the stream that is opened.
    entries: BTreeMap<StreamId, BTreeMap<StreamId, Entry>>,
    /// Packs of `to/` streams: signer and what they follow, to walk back from a cut.
    packs: BTreeMap<PackId, (DeviceId, Vec<PackId>)>,
}

impl Openings {
    /// Takes in the header of a pack of a `to/` stream. Every such pack must come here, those that open
    /// nothing too; twice does no harm.
    pub fn note(&mut self, header: &Header, id: PackId) {
        self.packs.insert(id, (header.device, header.previous.iter().copied().collect()));
        for opening in header.opened.iter() {
            let entry = self.entry(header.stream, opening.stream);
            let known = entry.opened.entry(id).or_insert((header.device, BTreeSet::new()));
            known.1.extend(opening.despite.iter());
        }
        for stream in header.closed.iter() {
            self.entry(header.stream, *stream).closed.insert(id, header.device);
        }
    }

    fn entry(&mut self, to: StreamId, stream: StreamId) -> &mut Entry {
        self.entries.entry(to).or_default().entry(stream).or_default()
    }

    /// A pack that opens the stream to the member; the lowest id of several.
    #[must_use]
    pub fn is_open(&self, access: &Access, member: MemberId, stream: StreamId) -> Option<PackId> {
        self.opened_by(access, member, stream).next()
    }

    /// Every pack that opens the stream to the member.
    pub fn opened_by<'a>(
        &'a self,
        access: &'a Access,
        member: MemberId,
        stream: StreamId,
    ) -> impl Iterator<Item = PackId> + 'a {
        let to = Stream::To(member).id(access.programme());
        let entry = self.entries.get(&to).and_then(|entries| entries.get(&stream));
        entry.into_iter().flat_map(move |entry| self.counting(access, to, entry))
    }

    /// Every pack that ever opened the stream to the member, and the closings that end what it opened.
    #[must_use]
    pub fn stretches(
        &self,
        access: &Access,
        member: MemberId,
        stream: StreamId,
    ) -> Vec<(PackId, BTreeSet<PackId>)> {
        let to = Stream::To(member).id(access.programme());
        let Some(entry) = self.entries.get(&to).and_then(|entries| entries.get(&stream)) else {
            return Vec::new();
        };
        let closings = self.closing(access, to, entry);
        let opened = entry.opened.iter().filter(|(id, (device, _))| self.accepted(access, to, **id, *device));
        opened.map(|(id, (_, despite))| (*id, closings.difference(despite).copied().collect())).collect()
    }

    /// Every stream that is open to the member, with the packs that open it.
    pub fn open_to<'a>(
        &'a self,
        access: &'a Access,
        member: MemberId,
    ) -> impl Iterator<Item = (StreamId, Vec<PackId>)> + 'a {
        let to = Stream::To(member).id(access.programme());
        let entries = self.entries.get(&to).into_iter().flatten();
        let open = entries.map(move |(stream, entry)| (*stream, self.counting(access, to, entry)));
        open.filter(|(_, packs)| !packs.is_empty())
    }

    /// Closings of the stream for the member, as a new opening must name them.
    #[must_use]
    pub fn closings(&self, access: &Access, member: MemberId, stream: StreamId) -> BTreeSet<PackId> {
        let to = Stream::To(member).id(access.programme());
        let entry = self.entries.get(&to).and_then(|entries| entries.get(&stream));
        entry.map(|entry| self.closing(access, to, entry)).unwrap_or_default()
    }

    fn closing(&self, access: &Access, to: StreamId, entry: &Entry) -> BTreeSet<PackId> {
        let counts = |(id, device): &(&PackId, &DeviceId)| self.accepted(access, to, **id, **device);
        entry.closed.iter().filter(counts).map(|(id, _)| *id).collect()
    }

    fn counting(&self, access: &Access, to: StreamId, entry: &Entry) -> Vec<PackId> {
        let closings = self.closing(access, to, entry);
        let open = entry.opened.iter().filter(|(id, (device, despite))| {
            closings.is_subset(despite) && self.accepted(access, to, **id, *device)
        });
        open.map(|(id, _)| *id).collect()
    }

    /// True for a coordinator's pack; of one who is out, where it lies inside the cut.
    fn accepted(&self, access: &Access, to: StreamId, pack: PackId, device: DeviceId) -> bool {
        let Some(known) = access.devices.get(&device).filter(|known| known.was_coordinator) else {
            return false;
        };
        let Some(cut) = &known.cut else { return true };
        let mut seen = BTreeSet::new();
        let mut next: Vec<PackId> = cut.tips((to, device)).collect();
        while let Some(id) = next.pop() {
            if id == pack {
                return true;
            }
            if let Some((signer, previous)) = self.packs.get(&id)
                && *signer == device
                && seen.insert(id)
            {
                next.extend(previous);
            }
        }
        false
    }
}
