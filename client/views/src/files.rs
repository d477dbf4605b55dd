//! The files of a dossier: how the reader shows each, and their bytes for whoever renders them. What finds and opens a
//! file is secret and stays here; a screen names a file by a reference.

use std::collections::BTreeSet;

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::pages::{Info, Kind};
use tessera_driver::session::Session;
use tessera_model::documents::{File, Manifest, Sha256Bytes};
use tessera_protocol::hash::parse_hex;
use tessera_protocol::ids::ApplicationId;

use crate::dossier::find;
use crate::failure::Failure;
use crate::words::{Labels, hex, id};

/// The longest text file that is shown, in bytes.
pub const TEXT_BYTES: u64 = 1 << 20;
/// The round of a reference in a coordinator's view.
const COORDINATOR: &str = "-";

/// A file as a dossier lists it.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FileView {
    /// Names the file in later calls; says nothing of how it is sealed.
    pub handle: String,
    /// The SHA-256 of its contents, by which comments point to it.
    pub contents: String,
    /// Which attachment of the form it is.
    pub slot: String,
    /// What that is called.
    pub slot_label: String,
    /// What people see as its name.
    pub name: String,
    /// What its contents are.
    pub media_type: String,
    /// Its length.
    pub size_bytes: u64,
    /// True where all of it is here.
    pub here: bool,
    /// True for a copy that replaces a heavier file.
    pub light: bool,
    /// How the reader shows it.
    pub shown: Shown,
    /// What is shown in its place while it is not here.
    pub light_copy: Option<LightCopy>,
    /// True where a person typed what it says, and all of that is here.
    pub typed: bool,
}

/// What a person typed from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TypedView {
    /// Page by page, from the first; empty where nothing was typed.
    pub pages: Vec<String>,
    /// Who typed it; in a coordinator's view alone.
    pub by: Vec<String>,
    /// True where something was typed that is not here yet; then no page is.
    pub lacks: bool,
    /// Which typed texts are on the pages: what is typed in their place names them.
    pub texts: Vec<String>,
}

/// A light copy of a file: grey pages of few bytes, which come with the text.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LightCopy {
    /// Names it in later calls, as a file.
    pub handle: String,
    /// Its length.
    pub size_bytes: u64,
    /// True where all of it is here.
    pub here: bool,
}

/// How the reader shows a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// As pictures of its pages.
    Pages,
    /// As one picture.
    Image,
    /// As text.
    Text,
    /// By name, kind and size only; it is never run.
    Described,
}

impl Shown {
    /// How a file of this kind is shown.
    #[must_use]
    pub fn of(media_type: &str) -> Self {
        match media_type {
            "text/plain" | "text/markdown" | "text/csv" => Self::Text,
            other => match Kind::of(other) {
                Some(Kind::Pdf) => Self::Pages,
                Some(Kind::Image) => Self::Image,
                None => Self::Described,
            },
        }
    }
}

impl FileView {
    /// The files of a manifest.
    pub(crate) fn list(
        session: &mut Session,
        labels: Labels<'_>,
        application: &str,
        round: &str,
        manifest: &Manifest,
    ) -> Result<Vec<Self>, Failure> {
        let mut files = Vec::new();
        for ((slot, contents), file) in manifest.originals() {
            let light_copy = match manifest.light_copy(slot, contents) {
                Some((light, copy)) => Some(LightCopy {
                    handle: reference(application, round, slot, light),
                    size_bytes: copy.size_bytes,
                    here: session.together(|acts| acts.holds_attachment(&copy.handle))?,
                }),
                None => None,
            };
            let here = session.together(|acts| acts.holds_attachment(&file.handle))?;
            let typed = is_typed(session, manifest, slot, contents)?;
            files.push(Self {
                handle: reference(application, round, slot, contents),
                contents: hex(contents),
                slot: slot.clone(),
                slot_label: labels.slot(slot),
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                size_bytes: file.size_bytes,
                here,
                light: file.light,
                shown: Shown::of(&file.media_type),
                light_copy,
                typed,
            });
        }
        Ok(files)
    }

    /// The same in a coordinator's view.
    pub(crate) fn list_all(
        session: &mut Session,
        labels: Labels<'_>,
        application: &str,
        manifest: &Manifest,
    ) -> Result<Vec<Self>, Failure> {
        Self::list(session, labels, application, COORDINATOR, manifest)
    }
}

/// What names a file in later calls: the same contents in two slots are two files. A slot may be any text, so it is in digits.
fn reference(application: &str, round: &str, slot: &str, contents: &Sha256Bytes) -> String {
    format!("{application}/{round}/{}/{}", hex(slot.as_bytes()), hex(contents))
}

/// True where something was typed from a file, and all of it is here.
fn is_typed(
    session: &mut Session,
    manifest: &Manifest,
    slot: &str,
    contents: &Sha256Bytes,
) -> Result<bool, Failure> {
    let mut typed = false;
    for (_, text) in manifest.typed(slot, contents) {
        typed = session.together(|acts| acts.holds_typed(text))?;
        if !typed {
            break;
        }
    }
    Ok(typed)
}

/// A file that was found by its reference.
#[derive(Debug)]
pub struct Found {
    /// What people see as its name.
    pub name: String,
    /// How it is shown.
    pub shown: Shown,
    /// Whose it is.
    application: ApplicationId,
    /// Where it stands among those of `files`.
    key: (String, Sha256Bytes),
    file: File,
    files: Manifest,
}

impl Found {
    /// As what it is drawn; none where it is not.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Kind::of(&self.file.media_type)
    }
}

/// Finds a file of a dossier that this member may read now.
///
/// # Errors
/// [`Failure`] `not-found`, `not-permitted`.
pub fn lookup(session: &mut Session, reference: &str) -> Result<Found, Failure> {
    let parts: Vec<&str> = reference.split('/').collect();
    let [application, round, place, named] = parts[..] else { return Err(Failure::bad_input("the file")) };
    let id: ApplicationId = id(application)?;
    let files = if round == COORDINATOR {
        if !session.engine().is_coordinator() {
            return Err(Failure::new("not-permitted", "a coordinator sees all files"));
        }
        session.together(|acts| acts.files(id))?
    } else {
        let task = find(session, application, round)?;
        if !task.is_open() {
            return Err(Failure::new("not-permitted", "this dossier is closed"));
        }
        let read = session.together(|acts| acts.dossier(task.application, task.assignment.rendition))?;
        read.map(|(_, manifest)| manifest).unwrap_or_default()
    };
    let is_meant =
        |(slot, contents): &(String, Sha256Bytes)| hex(slot.as_bytes()) == place && hex(contents) == named;
    let found = files.files.iter().find(|(key, _)| is_meant(key));
    let (key, file) = found.ok_or_else(|| Failure::not_found("this file"))?;
    let (key, file) = (key.clone(), file.clone());
    Ok(Found {
        name: file.name.clone(),
        shown: Shown::of(&file.media_type),
        application: id,
        key,
        file,
        files,
    })
}

/// The contents of a file, opened in memory.
///
/// # Errors
/// [`Failure`] `not-found` where something of it is missing, `damaged-attachment`.
pub fn contents(session: &mut Session, found: &Found) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    session.engine().open_attachment(&found.file.handle, &mut bytes)?;
    Ok(bytes)
}

/// Keeps what a reader of a file saw on its pages, so that it is found; what cannot be kept is read again another time.
///
/// # Errors
/// As [`lookup`].
pub fn keep_text(session: &mut Session, reference: &str, info: &Info) -> Result<(), Failure> {
    let found = lookup(session, reference)?;
    let pages = info.pages.iter().map(|line| line.text.as_str());
    Ok(session.together(|acts| {
        if !acts.has_texts(&found.file.handle)? {
            acts.keep_texts(found.application, &found.file.handle, pages)?;
        }
        Ok(())
    })?)
}

/// The text of a text file; bytes that are no UTF-8 are replaced.
///
/// # Errors
/// As [`lookup`] and [`contents`]; `too-large`.
pub fn text(session: &mut Session, reference: &str) -> Result<String, Failure> {
    let found = lookup(session, reference)?;
    if found.shown != Shown::Text {
        return Err(Failure::bad_input("the file"));
    }
    if found.file.size_bytes > TEXT_BYTES {
        return Err(Failure::new("too-large", "this text is too long to be shown; save it to read it"));
    }
    Ok(String::from_utf8_lossy(&contents(session, &found)?).into_owned())
}

/// What a person typed from a file.
///
/// # Errors
/// As [`lookup`].
pub fn typed(session: &mut Session, reference: &str) -> Result<TypedView, Failure> {
    let Found { application, key: (slot, of), files, .. } = lookup(session, reference)?;
    let pages = session.engine().typed_pages(&files, &slot, &of)?;
    let by = match session.engine().is_coordinator() {
        true => session.together(|acts| acts.typed_by(application, &slot, &of))?,
        false => BTreeSet::new(),
    };
    let names = Names::of(session)?;
    let by = by.into_iter().map(|member| names.name(member)).collect();
    let texts = files.typed(&slot, &of).map(|(key, _)| hex(key)).collect();
    Ok(TypedView { lacks: pages.is_none(), pages: pages.unwrap_or_default(), by, texts })
}

/// Puts what a coordinator typed from a file that is shown as pages beside it, in place of the texts that were `shown`; without
/// them, of all that are here. No page takes that back. Gives which texts of these pages stand since: one, or none.
///
/// # Errors
/// [`Failure`] `not-permitted`, `not-found`, `bad-input`, `too-long`, `text-not-here`.
pub fn type_file(
    session: &mut Session,
    reference: &str,
    pages: &[String],
    shown: Option<&[String]>,
) -> Result<Vec<String>, Failure> {
    let found = lookup(session, reference)?;
    if found.kind().is_none() {
        return Err(Failure::bad_input("the file"));
    }
    let (slot, of) = &found.key;
    let shown: Option<BTreeSet<Sha256Bytes>> = match shown {
        Some(texts) => texts.iter().map(|text| parse_hex(text)).collect(),
        None => Some(found.files.typed(slot, of).map(|(key, _)| *key).collect()),
    };
    let shown = shown.ok_or_else(|| Failure::bad_input("what was shown"))?;
    let placed =
        session.together(|acts| acts.type_text(found.application, &found.file.handle, &shown, pages))?;
    Ok(placed.key.iter().map(|key| hex(key)).collect())
}
