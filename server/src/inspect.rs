//! What a relay can see, said plainly: whoever runs one, seizes one or is asked to trust one should know.
//! It uses nothing that is not in the database.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tessera_protocol::ids::{DeviceId, MemberId, ProgrammeId, StreamId};
use tessera_protocol::stream::Stream;

use crate::rules::Rules;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, StoreError};

/// Everything that can be seen.
#[derive(Debug, Clone, Serialize)]
pub struct Seen {
    /// The shape of this value.
    pub schema: &'static str,
    /// How sure commits are: `PRAGMA synchronous`, as the open database tells it. A relay serves with `full` alone.
    pub synchronous: &'static str,
    /// One each.
    pub programmes: Vec<Programme>,
}

/// What can be seen of a programme.
#[derive(Debug, Clone, Serialize)]
pub struct Programme {
    /// Its id.
    pub programme: String,
    /// How many packs.
    pub packs: u64,
    /// Their bytes.
    pub pack_bytes: u64,
    /// How many attachments.
    pub attachments: u64,
    /// Their bytes.
    pub attachment_bytes: u64,
    /// When the first pack came, milliseconds since 1970.
    pub first_ms: Option<u64>,
    /// When the last pack came, milliseconds since 1970.
    pub last_ms: Option<u64>,
    /// Members, by pseudonym.
    pub members: Vec<Member>,
    /// Streams, by pseudonym.
    pub streams: Vec<StreamSeen>,
}

/// What can be seen of a member.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// A pseudonym.
    pub member: String,
    /// True for admins.
    pub admin: bool,
    /// True for coordinators.
    pub coordinator: bool,
    /// True where it belongs.
    pub active: bool,
    /// How many devices.
    pub devices: usize,
    /// How many packs they sent.
    pub packs: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What can be seen of a stream.
#[derive(Debug, Clone, Serialize)]
pub struct StreamSeen {
    /// A pseudonym.
    pub stream: String,
    /// What it is, as far as its id tells: `public`, `programme`, `intake`, `to`, `reviews`, `desk`, `other`.
    pub kind: &'static str,
    /// Whose it is, where it is somebody's.
    pub member: Option<String>,
    /// True where the body of its packs is in the clear.
    pub clear: bool,
    /// How many packs.
    pub packs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Attachments and their bytes.
    pub attachments: (u64, u64),
    /// When the first came, milliseconds since 1970.
    pub first_ms: Option<u64>,
    /// When the last came, milliseconds since 1970.
    pub last_ms: Option<u64>,
    /// Members that wrote into it.
    pub written_by: Vec<String>,
    /// Who may read it: `members`, `coordinators`, or members by pseudonym.
    pub read_by: Vec<String>,
}

/// Looks at a whole database.
///
/// # Errors
/// Where reading fails.
pub fn inspect(store: &SqliteStore) -> Result<Seen, StoreError> {
    let programmes = store.programmes()?.into_iter().map(|id| programme(store, id));
    Ok(Seen {
        schema: "tessera-relay/inspect/1",
        synchronous: store.synchronous()?,
        programmes: programmes.collect::<Result<_, _>>()?,
    })
}

fn programme(store: &SqliteStore, id: ProgrammeId) -> Result<Programme, StoreError> {
    let rules = Rules::load(store, id, &mut |_| {})?;
    let owner: BTreeMap<DeviceId, MemberId> =
        rules.people().map(|(device, reader)| (device, reader.member)).collect();
    let mut attached: BTreeMap<StreamId, (u64, u64)> = BTreeMap::new();
    for (key, progress) in store.attachments(id)? {
        let sum = attached.entry(key.stream).or_default();
        *sum = (sum.0 + 1, sum.1 + progress.held_bytes);
    }
    let mut writers: BTreeMap<StreamId, BTreeSet<MemberId>> = BTreeMap::new();
    let mut sent: BTreeMap<MemberId, (u64, u64)> = BTreeMap::new();
    for (stream, device, packs, bytes) in store.writers(id)? {
        if let Some(member) = owner.get(&device) {
            writers.entry(stream).or_default().insert(*member);
            let sum = sent.entry(*member).or_default();
            *sum = (sum.0 + packs, sum.1 + bytes);
        }
    }
    let summaries = store.streams(id)?;
    let only_attached: BTreeSet<StreamId> = attached.keys().copied().collect();
    let with_packs: BTreeSet<StreamId> = summaries.iter().map(|summary| summary.stream).collect();
    let look = |stream| (stream, attached.get(&stream).copied().unwrap_or_default());
    let mut streams: Vec<StreamSeen> = Vec::new();
    for summary in &summaries {
        let mut seen = stream(&rules, look(summary.stream), &writers);
        (seen.packs, seen.bytes) = (summary.packs, summary.bytes);
        (seen.first_ms, seen.last_ms) = (Some(summary.first_ms), Some(summary.last_ms));
        streams.push(seen);
    }
    streams.extend(only_attached.difference(&with_packs).map(|id| stream(&rules, look(*id), &writers)));
    streams.sort_by_key(|seen| (rank(seen.kind), seen.member.clone(), seen.stream.clone()));
    Ok(Programme {
        programme: id.to_string(),
        packs: summaries.iter().map(|summary| summary.packs).sum(),
        pack_bytes: summaries.iter().map(|summary| summary.bytes).sum(),
        attachments: attached.values().map(|(count, _)| count).sum(),
        attachment_bytes: attached.values().map(|(_, bytes)| bytes).sum(),
        first_ms: summaries.iter().map(|summary| summary.first_ms).min(),
        last_ms: summaries.iter().map(|summary| summary.last_ms).max(),
        members: members(&rules, &sent),
        streams,
    })
}

fn members(rules: &Rules, sent: &BTreeMap<MemberId, (u64, u64)>) -> Vec<Member> {
    let mut members: BTreeMap<MemberId, Member> = BTreeMap::new();
    for (_, reader) in rules.people() {
        let (packs, bytes) = sent.get(&reader.member).copied().unwrap_or_default();
        let member = members.entry(reader.member).or_insert_with(|| Member {
            member: reader.member.to_string(),
            admin: rules.is_admin(reader.member),
            coordinator: false,
            active: false,
            devices: 0,
            packs,
            bytes,
        });
        member.coordinator |= reader.coordinator;
        member.active |= reader.active;
        member.devices += 1;
    }
    members.into_values().collect()
}

fn stream(
    rules: &Rules,
    (id, attachments): (StreamId, (u64, u64)),
    writers: &BTreeMap<StreamId, BTreeSet<MemberId>>,
) -> StreamSeen {
    let name = rules.access.name(id);
    let (kind, member) = match name {
        Stream::Public => ("public", None),
        Stream::Programme => ("programme", None),
        Stream::Intake => ("intake", None),
        Stream::To(member) => ("to", Some(member)),
        Stream::Reviews(member) => ("reviews", Some(member)),
        Stream::Desk(member) => ("desk", Some(member)),
        Stream::Other(_) => ("other", None),
    };
    StreamSeen {
        stream: id.to_string(),
        kind,
        member: member.map(|member| member.to_string()),
        clear: name == Stream::Public,
        packs: 0,
        bytes: 0,
        attachments,
        first_ms: None,
        last_ms: None,
        written_by: writers.get(&id).into_iter().flatten().map(MemberId::to_string).collect(),
        read_by: readers(rules, id, name),
    }
}

fn readers(rules: &Rules, id: StreamId, name: Stream) -> Vec<String> {
    if matches!(name, Stream::Public | Stream::Programme) {
        return vec!["members".to_owned()];
    }
    let mut read_by = Vec::new();
    if !matches!(name, Stream::Desk(_)) {
        read_by.push("coordinators".to_owned());
    }
    let may = rules.people().filter(|(_, reader)| rules.access.may_read(&rules.openings, *reader, id));
    let others: BTreeSet<MemberId> =
        may.filter(|(_, reader)| !reader.coordinator).map(|(_, reader)| reader.member).collect();
    read_by.extend(others.iter().map(MemberId::to_string));
    read_by
}

fn rank(kind: &str) -> usize {
    ["public", "programme", "to", "reviews", "desk", "intake", "other"]
        .iter()
        .position(|known| *known == kind)
        .unwrap_or(usize::MAX)
}

impl Seen {
    /// The same in words.
    #[must_use]
    pub fn words(&self) -> String {
        let mut text = String::from(
            "What this relay can see. It has no names, only pseudonyms, and no key to any content.\n\
             In the clear are the charter and the statements: keys, ids, numbers and hashes, no text.\n\
             Of all else it sees which stream it is, whose device sent it, how long it is, when it came, and what\n\
             it follows. Together this tells who works when and how much, and which pseudonym may read what.\n\
             It does not tell names, texts, scores, or what a sealed stream is about.\n\
             Whoever takes this disk learns the same, and with the key beside it can sign receipts.\n",
        );
        if self.programmes.is_empty() {
            text.push_str("\nIt holds no programme.\n");
        }
        self.programmes.iter().for_each(|programme| programme.words(&mut text));
        text
    }
}

impl Programme {
    fn words(&self, text: &mut String) {
        use std::fmt::Write;
        let mut line = |args: std::fmt::Arguments<'_>| {
            let _ = writeln!(text, "{args}");
        };
        line(format_args!("\nPROGRAMME {}", self.programme));
        line(format_args!(
            "{}, {}; {}, {}; from {} to {} (UTC).",
            count(self.packs, "pack"),
            size(self.pack_bytes),
            count(self.attachments, "attachment"),
            size(self.attachment_bytes),
            time(self.first_ms),
            time(self.last_ms),
        ));
        line(format_args!("\nPeople (the first digits of each pseudonym)"));
        for member in &self.members {
            let role = match (member.admin, member.coordinator) {
                (true, true) => "admin and coordinator",
                (true, false) => "admin",
                (false, true) => "coordinator",
                (false, false) => "member",
            };
            let out = if member.active { "" } else { ", out" };
            line(format_args!(
                "  {}  {role}{out}, {}, sent {}, {}",
                short(&member.member),
                count(member.devices as u64, "device"),
                count(member.packs, "pack"),
                size(member.bytes),
            ));
        }
        line(format_args!("\nStreams: what, how much, when last, who wrote it, who may read it"));
        for stream in &self.streams {
            let what = match (&stream.member, stream.kind) {
                (Some(member), kind) => format!("{kind}/{}", short(member)),
                (None, "other") => format!("other/{}", short(&stream.stream)),
                (None, kind) => kind.to_owned(),
            };
            let clear = if stream.clear { "in the clear" } else { "sealed" };
            let list = |who: &[String]| match who.is_empty() {
                true => "nobody".to_owned(),
                false => who.iter().map(|who| short(who)).collect::<Vec<_>>().join(", "),
            };
            let attached = match stream.attachments {
                (0, _) => String::new(),
                (some, bytes) => format!(" and {}, {}", count(some, "attachment"), size(bytes)),
            };
            line(format_args!(
                "  {what:<16} {clear}: {}, {}{attached}; {}; by {}; for {}",
                count(stream.packs, "pack"),
                size(stream.bytes),
                time(stream.last_ms),
                list(&stream.written_by),
                list(&stream.read_by),
            ));
        }
    }
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The first digits of a pseudonym; words stay whole.
fn short(text: &str) -> String {
    if text.len() == 32 { text[..8].to_owned() } else { text.to_owned() }
}

fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut tenths = bytes.saturating_mul(10);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    match unit {
        0 => format!("{bytes} bytes"),
        _ => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
    }
}

/// Date and time in UTC, by the civil calendar (days from 1970 in 400-year eras of 146,097 days).
fn time(ms: Option<u64>) -> String {
    let Some(ms) = ms else { return "never".to_owned() };
    let seconds = ms / 1000;
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", rest / 3600, rest % 3600 / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_written_for_people() {
        let check = |bytes, expected: &str| assert_eq!(size(bytes), expected);
        check(0, "0 bytes");
        check(1023, "1023 bytes");
        check(1024, "1.0 KiB");
        check(1_572_864, "1.5 MiB");
        let check = |ms, expected: &str| assert_eq!(time(ms), expected);
        check(None, "never");
        check(Some(0), "1970-01-01 00:00");
        check(Some(951_782_400_000), "2000-02-29 00:00");
        check(Some(1_798_761_599_000), "2026-12-31 23:59");
        check(Some(4_107_542_400_000), "2100-03-01 00:00");
    }
}
