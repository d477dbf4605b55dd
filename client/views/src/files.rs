//! The files of a dossier: how the reader shows each, and their bytes for whoever renders them. What finds and opens a
//! file is secret and stays here; a screen names a file by a reference.

use serde::Serialize;
use specta::Type;
use tessera_driver::pages::{Info, Kind};
use tessera_driver::session::Session;
use tessera_model::documents::{File, Manifest};
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
                    handle: format!("{application}/{round}/{}", hex(light)),
                    size_bytes: copy.size_bytes,
                    here: session.together(|acts| acts.holds_attachment(&copy.handle))?,
                }),
                None => None,
            };
            let here = session.together(|acts| acts.holds_attachment(&file.handle))?;
            let contents = hex(contents);
            files.push(Self {
                handle: format!("{application}/{round}/{contents}"),
                contents,
                slot: slot.clone(),
                slot_label: labels.slot(slot),
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                size_bytes: file.size_bytes,
                here,
                light: file.light,
                shown: Shown::of(&file.media_type),
                light_copy,
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

/// A file that was found by its reference.
#[derive(Debug)]
pub struct Found {
    /// What people see as its name.
    pub name: String,
    /// How it is shown.
    pub shown: Shown,
    file: File,
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
    let mut parts = reference.split('/');
    let (Some(application), Some(round), Some(named), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Failure::bad_input("the file"));
    };
    let manifest = if round == COORDINATOR {
        if !session.engine().is_coordinator() {
            return Err(Failure::new("not-permitted", "a coordinator sees all files"));
        }
        let application: ApplicationId = id(application)?;
        session.together(|acts| acts.files(application))?
    } else {
        let task = find(session, application, round)?;
        if !task.is_open() {
            return Err(Failure::new("not-permitted", "this dossier is closed"));
        }
        let read = session.together(|acts| acts.dossier(task.application, task.assignment.rendition))?;
        read.map(|(_, manifest)| manifest).unwrap_or_default()
    };
    let file = manifest.files.into_iter().find(|((_, contents), _)| hex(contents) == named);
    let file = file.map(|(_, file)| file);
    let file = file.ok_or_else(|| Failure::not_found("this file"))?;
    Ok(Found { name: file.name.clone(), shown: Shown::of(&file.media_type), file })
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
    let application: ApplicationId = id(reference.split('/').next().unwrap_or_default())?;
    let pages = info.pages.iter().map(|line| line.text.as_str());
    Ok(session.together(|acts| {
        if !acts.has_texts(&found.file.handle)? {
            acts.keep_texts(application, &found.file.handle, pages)?;
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
