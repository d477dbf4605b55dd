//! Which files belong to an application or to one of its renditions. Not the files, and not how they are sealed: what
//! finds and opens one is bytes that only the vault reads.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::crdt::Value;

use super::record::{Decoded, Fields, Reader};
use super::{Kind, Record, Sha256Bytes};

/// Longest entry, in bytes.
const MAX_ENTRY_BYTES: usize = 8 * 1024;
/// Longest sealed handle, in bytes.
pub const MAX_HANDLE_BYTES: usize = 1024;
/// Longest name of a file, in bytes.
pub const MAX_NAME_BYTES: usize = 255;
/// The media type of a text that a person typed from a file.
pub const TYPED: &str = "text/plain";

/// The files, by slot (the key of the programme's attachment) and SHA-256 of their contents: the same file imported
/// twice is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The files.
    pub files: BTreeMap<(String, Sha256Bytes), File>,
}

/// One file.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// What people see as its name: data, never a path; rewritten in a blind rendition.
    pub name: String,
    /// What its contents are, as a media type.
    pub media_type: String,
    /// Length of its contents, in bytes.
    pub size_bytes: u64,
    /// Who wrote it, where that matters: a referee's name or mail address, in the coordinators' manifest only.
    pub referee: Option<String>,
    /// Whether it is a copy that replaces a heavier file while reading, such as a grey scan, or a text that a person typed
    /// from a file.
    pub light: bool,
    /// The SHA-256 of the contents of the file that it stands for, which is in the same slot.
    pub of: Option<Sha256Bytes>,
    /// What finds and opens the sealed bytes: the vault's own encoding, secret.
    pub handle: Vec<u8>,
}

impl Manifest {
    /// The files without light copies of others among them, and without what was typed from one.
    pub fn originals(&self) -> impl Iterator<Item = (&(String, Sha256Bytes), &File)> {
        self.files.iter().filter(|((slot, _), file)| {
            let stands_for_another = file.of.is_some_and(|of| self.has(slot, of));
            !stands_for_another && !file.is_typed()
        })
    }

    /// The light copy of a file.
    #[must_use]
    pub fn light_copy(&self, slot: &str, contents: &Sha256Bytes) -> Option<(&Sha256Bytes, &File)> {
        self.standing_for(slot, contents).find(|(_, file)| !file.is_typed())
    }

    /// What was typed from a file; several texts where coordinators typed apart, in the same order on every device.
    pub fn typed(&self, slot: &str, contents: &Sha256Bytes) -> impl Iterator<Item = (&Sha256Bytes, &File)> {
        self.standing_for(slot, contents).filter(|(_, file)| file.is_typed())
    }

    fn standing_for(
        &self,
        slot: &str,
        contents: &Sha256Bytes,
    ) -> impl Iterator<Item = (&Sha256Bytes, &File)> {
        let files = self.files.iter();
        let found =
            files.filter(move |((of_slot, _), file)| of_slot == slot && file.of.as_ref() == Some(contents));
        found.map(|((_, own), file)| (own, file))
    }

    fn has(&self, slot: &str, contents: Sha256Bytes) -> bool {
        self.files.contains_key(&(slot.to_owned(), contents))
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("media_type", &self.media_type)
            .field("size_bytes", &self.size_bytes)
            .finish_non_exhaustive()
    }
}

/// A file as its entry stores it: one value, so that no part can be exchanged for another file's.
#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    media_type: String,
    size_bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    referee: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    light: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    handle: String,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2)
        || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// Makes the key of an entry; a slot has no slash, as keys of attachments are checked for it here.
#[must_use]
pub fn entry_key(slot: &str, contents: &Sha256Bytes) -> String {
    format!("{}/{slot}", hex(contents))
}

fn parse_key(key: &str) -> Option<(String, Sha256Bytes)> {
    let (contents, slot) = key.split_once('/')?;
    let contents = unhex(contents)?.try_into().ok()?;
    (!slot.is_empty()).then(|| (slot.to_owned(), contents))
}

fn file(value: &Value) -> Decoded<File> {
    const MALFORMED: &str = "not an entry of a file";
    let text = value.as_str().filter(|text| text.len() <= MAX_ENTRY_BYTES).ok_or(MALFORMED)?;
    let entry: Entry = serde_json::from_str(text).map_err(|_| MALFORMED)?;
    let handle = unhex(&entry.handle).filter(|handle| handle.len() <= MAX_HANDLE_BYTES).ok_or(MALFORMED)?;
    let long = entry.name.len() > MAX_NAME_BYTES || entry.media_type.len() > 128;
    if long || entry.referee.as_ref().is_some_and(|referee| referee.len() > MAX_NAME_BYTES) {
        return Err("a name longer than allowed");
    }
    let of = match entry.of.as_deref().filter(|_| entry.light) {
        Some(of) => Some(unhex(of).and_then(|of| of.try_into().ok()).ok_or(MALFORMED)?),
        None => None,
    };
    let Entry { name, media_type, size_bytes, referee, light, .. } = entry;
    Ok(File { name, media_type, size_bytes, referee, light, of, handle })
}

/// By what a typed text is kept among the files of its slot: SHA-256 over the SHA-256 of the file that it was typed from, and the
/// text. Two files that say the same have a text each.
#[must_use]
pub fn typed_key(of: &Sha256Bytes, text: &str) -> Sha256Bytes {
    Sha256::new().chain_update(of).chain_update(text).finalize().into()
}

impl File {
    /// True for a text that a person typed from another file.
    #[must_use]
    pub fn is_typed(&self) -> bool {
        self.of.is_some() && self.media_type == TYPED
    }

    fn entry(&self) -> String {
        let entry = Entry {
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            size_bytes: self.size_bytes,
            referee: self.referee.clone(),
            light: self.light,
            of: self.of.as_ref().map(|of| hex(of)),
            handle: hex(&self.handle),
        };
        serde_json::to_string(&entry).expect("texts and numbers are always JSON")
    }
}

/// Two entries of one file that differ in nothing but how the same contents were sealed.
///
/// Two coordinators who import the same folder offline seal every file twice; either copy is as good.
struct Resealed(File);

impl PartialEq for Resealed {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (&self.0, &other.0);
        (&one.name, &one.media_type, one.size_bytes, &one.referee, one.light, one.of)
            == (&other.name, &other.media_type, other.size_bytes, &other.referee, other.light, other.of)
    }
}

impl Record for Manifest {
    const KIND: Kind = Kind::Manifest;

    fn put(&self, fields: &mut Fields) {
        let entries = self.files.iter();
        let entries = entries.map(|((slot, contents), file)| (entry_key(slot, contents), file.entry()));
        fields.set_map("files", entries);
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        let mut manifest = Self::default();
        // Of copies that are as good as one another the oldest is taken: the same on every device.
        for (key, file) in reader.map(&["files"], |value| file(value).map(Resealed)) {
            match parse_key(&key) {
                Some(key) => {
                    manifest.files.insert(key, file.0);
                }
                None => reader.damage(&["files"], "an entry that names no file"),
            }
        }
        manifest
    }
}
