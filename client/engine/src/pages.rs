//! What files say, page by page, for search; and which files still lack it, or a light copy. A cache in the encrypted store:
//! whoever reads a file hands its text in, and it goes when the sealed bytes do. What a person typed from a file ([`crate::typed`])
//! stands for that file. Not the reading of a file: callers do that.
//!
//! Keys in [`Table::Contents`]:
//! ```text
//! pages/ attachment   which application's it is, and how many pages of it are kept
//! page/ page id       one page: of which attachment, its number, its text
//! light/ attachment   a light copy of it was made, or none can be
//! ```
//! A page is indexed under the first 16 bytes of `H("page", attachment, number)`, beside the documents. Who finds it is decided
//! when somebody searches: coordinators what an application's manifest names, a reader what the manifest of a dossier names
//! that is open to read.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::documents::split::light_name;
use tessera_model::documents::{File, Manifest, Sha256Bytes, Subject};
use tessera_protocol::codec::{Bytes, Wire as _};
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{ApplicationId, AttachmentId};
use tessera_protocol::wire;
use tessera_vault::attachment::Manifest as Sealed;
use tessera_vault::ids::Audience;

use crate::attachments::{Listed, listed_files, whole};
use crate::engine::{Acts, Engine, Passage};
use crate::error::EngineError;
use crate::intake::UNASKED;
use crate::programme::renditions;
use crate::records::{each, get, put};
use crate::store::{Store, Table, Transaction, words};

/// How much of a page's text is kept, in bytes; what follows is not found.
pub const PAGE_TEXT_BYTES: usize = 32 * 1024;
/// How much of a file's text is kept, in bytes.
pub const FILE_TEXT_BYTES: usize = 512 * 1024;
/// The most pages of a file that are kept.
pub const PAGES: usize = 2000;
/// Entries of manifests that are looked at in one step.
const STEP: usize = 128;
/// For each result so much is asked of the index: what may not be shown is left out.
const MORE: usize = 16;

/// Whose attachment it is, and how many of its pages were read.
struct Kept {
    application: ApplicationId,
    pages: u32,
}
wire!(Kept { application, pages });

/// The text of a page.
struct PageText {
    attachment: AttachmentId,
    number: u32,
    text: Bytes<PAGE_TEXT_BYTES>,
}
wire!(PageText { attachment, number, text });

/// A file that is whole here and of which something is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unprepared {
    /// Whose it is.
    pub application: ApplicationId,
    /// What opens it.
    pub handle: Vec<u8>,
    /// What its contents are.
    pub media_type: String,
    /// Length of its contents.
    pub size_bytes: u64,
    /// True for what a person typed from another file: its pages are those of that file.
    pub typed: bool,
    /// True where its text is not kept yet.
    pub unread: bool,
    /// True where it is heavy, for all that is known of it, and has no light copy.
    pub heavy: bool,
}

/// Whether files of a media type are meant.
pub type OfType = fn(&str) -> bool;

/// What of files is to be looked for.
#[derive(Debug, Clone, Copy)]
pub struct Lacking {
    /// Files of these media types whose text is not kept.
    pub texts: OfType,
    /// On a coordinator's device: files of these media types that have at least so many bytes and no light copy.
    pub light: Option<(OfType, u64)>,
}

/// A page of a file that has the words that were looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPage {
    /// Whose file it is.
    pub application: ApplicationId,
    /// Which attachment of the form it is.
    pub slot: String,
    /// The SHA-256 of its contents.
    pub contents: Sha256Bytes,
    /// What whoever searches sees as its name.
    pub name: String,
    /// Which page, from 1.
    pub page: u32,
    /// Where the words are; none where no single one is found again.
    pub passage: Option<Passage>,
}

fn kept_key(id: AttachmentId) -> Vec<u8> {
    [b"pages/", &id.0[..]].concat()
}

fn page_key(id: &[u8; 16]) -> Vec<u8> {
    [b"page/", &id[..]].concat()
}

fn light_key(id: AttachmentId) -> Vec<u8> {
    [b"light/", &id.0[..]].concat()
}

fn page_id(id: AttachmentId, number: u32) -> [u8; 16] {
    hash("page", &[&id.0, &number.to_be_bytes()]).prefix()
}

/// Forgets what every file says, so that it is read again.
pub(crate) fn forget_all(tx: &mut dyn Transaction) -> Result<(), EngineError> {
    let mut keys = Vec::new();
    each(tx, Table::Contents, &[], |key, _| {
        keys.extend(is_of_a_file(key).then(|| key.to_vec()));
        Ok(())
    })?;
    for key in keys {
        tx.delete(Table::Contents, &key)?;
    }
    Ok(())
}

/// True for what this cache keeps in [`Table::Contents`]: no document stands for it.
pub(crate) fn is_of_a_file(key: &[u8]) -> bool {
    [&b"pages/"[..], b"page/", b"light/"].iter().any(|prefix| key.starts_with(prefix))
}

/// Forgets what a file says.
pub(crate) fn forget(tx: &mut dyn Transaction, id: AttachmentId) -> Result<(), EngineError> {
    if let Some(kept) = get::<Kept>(tx, Table::Contents, &kept_key(id))? {
        for number in 1..=kept.pages {
            let page = page_id(id, number);
            tx.index(&page, "")?;
            tx.delete(Table::Contents, &page_key(&page))?;
        }
        tx.delete(Table::Contents, &kept_key(id))?;
    }
    Ok(tx.delete(Table::Contents, &light_key(id))?)
}

/// What a member may read of files.
enum Open {
    Everything,
    Dossiers(BTreeMap<ApplicationId, BTreeSet<u8>>),
}

impl Open {
    /// Whose the files are that an audience's manifest names, where this member may read them.
    fn application(&self, audience: Option<Audience>) -> Option<ApplicationId> {
        match (self, audience?) {
            (Self::Everything, Audience::File(application)) => Some(application),
            (Self::Dossiers(open), Audience::Dossier(application, rendition)) => {
                open.get(&application)?.contains(&rendition).then_some(application)
            }
            _ => None,
        }
    }
}

impl Acts<'_> {
    fn open_files(&mut self) -> Result<Open, EngineError> {
        if self.parts().0.is_coordinator() {
            return Ok(Open::Everything);
        }
        let mut open: BTreeMap<ApplicationId, BTreeSet<u8>> = BTreeMap::new();
        for task in self.tasks()?.iter().filter(|task| task.is_open()) {
            open.entry(task.application).or_default().insert(task.assignment.rendition);
        }
        Ok(Open::Dossiers(open))
    }

    /// The manifests of an application that this member may read.
    fn open_manifests(
        &mut self,
        open: &Open,
        application: ApplicationId,
    ) -> Result<Vec<Manifest>, EngineError> {
        let Open::Dossiers(open) = open else { return Ok(vec![self.files(application)?]) };
        let mut manifests = Vec::new();
        for rendition in open.get(&application).into_iter().flatten() {
            manifests.extend(self.dossier(application, *rendition)?.map(|(_, manifest)| manifest));
        }
        Ok(manifests)
    }

    /// Keeps the text of a file's pages, from the first; what was kept of it before goes. False where the file is not whole
    /// here any more: then nothing is kept.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn keep_texts<'t>(
        &mut self,
        application: ApplicationId,
        handle: &[u8],
        pages: impl IntoIterator<Item = &'t str>,
    ) -> Result<bool, EngineError> {
        let sealed = sealed(handle)?;
        let (_, tx) = self.parts();
        if !whole(tx, sealed.id, sealed.sealed_bytes)? {
            return Ok(false);
        }
        let light = tx.get(Table::Contents, &light_key(sealed.id))?.is_some();
        forget(tx, sealed.id)?;
        let (mut kept, mut left) = (Kept { application, pages: 0 }, FILE_TEXT_BYTES);
        for (number, text) in (1..).zip(pages.into_iter().take(PAGES)) {
            kept.pages = number;
            let text = text.trim();
            let text = &text[..text.floor_char_boundary(left.min(PAGE_TEXT_BYTES))];
            left -= text.len();
            if !text.is_empty() {
                let page = page_id(sealed.id, number);
                tx.index(&page, text)?;
                let text = text.as_bytes().to_vec().try_into()?;
                put(
                    tx,
                    Table::Contents,
                    &page_key(&page),
                    &PageText { attachment: sealed.id, number, text },
                )?;
            }
        }
        put(tx, Table::Contents, &kept_key(sealed.id), &kept)?;
        if light {
            tx.put(Table::Contents, &light_key(sealed.id), &[])?;
        }
        Ok(true)
    }

    /// True where the text of a file is kept.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn has_texts(&mut self, handle: &[u8]) -> Result<bool, EngineError> {
        let sealed = sealed(handle)?;
        Ok(self.parts().1.get(Table::Contents, &kept_key(sealed.id))?.is_some())
    }

    /// Files of which something is to be made, a step at a time; with where the next step goes on, none at the end.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn unprepared(
        &mut self,
        lacking: &Lacking,
        after: Option<&[u8]>,
    ) -> Result<(Vec<Unprepared>, Option<Vec<u8>>), EngineError> {
        let open = self.open_files()?;
        let (core, tx) = self.parts();
        let (listed, next) = listed_files(tx, after, STEP)?;
        let mut found = Vec::new();
        for listed in listed {
            let typed = listed.is_typed();
            let Listed { stream, sealed, light } = listed;
            let Some(application) = open.application(core.audience(stream)) else { continue };
            if !whole(tx, sealed.id, sealed.sealed_bytes)? {
                continue;
            }
            let kept = tx.get(Table::Contents, &kept_key(sealed.id))?;
            let unread = (lacking.texts)(&sealed.media_type) && kept.is_none();
            let heavy = match &lacking.light {
                Some((drawn, least)) if core.is_coordinator() && core.is_active() && !light => {
                    sealed.size_bytes >= *least
                        && drawn(&sealed.media_type)
                        && tx.get(Table::Contents, &light_key(sealed.id))?.is_none()
                }
                _ => false,
            };
            found.push(Unprepared {
                application,
                handle: sealed.to_bytes(),
                media_type: sealed.media_type.to_string(),
                size_bytes: sealed.size_bytes,
                typed,
                unread,
                heavy,
            });
        }
        for file in found.iter_mut().filter(|file| file.heavy) {
            file.heavy = self.heavy_file(file.application, &file.handle)?.is_some();
        }
        found.retain(|file| file.unread || file.heavy);
        Ok((found, next))
    }

    /// The entry of a file that readers are asked to read and that has no light copy.
    fn heavy_file(
        &mut self,
        application: ApplicationId,
        handle: &[u8],
    ) -> Result<Option<(String, Sha256Bytes, File)>, EngineError> {
        let files = self.files(application)?;
        let found = files.originals().find(|((slot, contents), file)| {
            file.handle == handle && slot != UNASKED && files.light_copy(slot, contents).is_none()
        });
        Ok(found.map(|((slot, contents), file)| (slot.clone(), *contents, file.clone())))
    }

    /// Puts a light copy, a PDF, beside a file of an application, for everybody who reads that file. `contents` is its
    /// SHA-256. False where the file is not there any more, or has one. No person asked for it.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::BadInput`].
    pub fn add_light_copy(
        &mut self,
        application: ApplicationId,
        handle: &[u8],
        contents: Sha256Bytes,
        pdf: &[u8],
    ) -> Result<bool, EngineError> {
        let Some((slot, of, file)) = self.heavy_file(application, handle)? else { return Ok(false) };
        let (mut bytes, size_bytes) = (pdf, pdf.len() as u64);
        let media_type = "application/pdf".to_owned();
        let copy = File {
            name: light_name(&file.name),
            handle: self.seal_attachment(&media_type, size_bytes, &mut bytes)?,
            media_type,
            size_bytes,
            referee: None,
            light: true,
            of: Some(of),
        };
        self.change_beside(application, &(slot.clone(), of), |manifest, heavy| {
            let copy = File { name: light_name(heavy), ..copy.clone() };
            manifest.files.insert((slot.clone(), contents), copy);
        })?;
        self.set_lightened(handle)?;
        Ok(true)
    }

    /// Changes what stands beside a file in every manifest that names it: the coordinators', and those of the renditions whose
    /// readers get it. `change` is told what the file is called there: in a blind rendition files have names of their own.
    ///
    /// Nothing else of the application is written: what coordinators say differently stays for them to settle, and what
    /// readers read stays as it was.
    pub(crate) fn change_beside(
        &mut self,
        application: ApplicationId,
        file: &(String, Sha256Bytes),
        change: impl Fn(&mut Manifest, &str),
    ) -> Result<(), EngineError> {
        let (_, programme) = self.programme()?;
        let mut places = vec![(Audience::File(application), application.0.to_vec())];
        for rendition in renditions(&programme) {
            let subject = Subject::Rendition(application.0, rendition).to_bytes();
            places.push((Audience::Dossier(application, rendition), subject));
        }
        for (audience, subject) in places {
            let Some(read) = self.read::<Manifest>(&audience, &subject)? else { continue };
            let mut manifest = read.value;
            let Some(name) = manifest.files.get(file).map(|file| file.name.clone()) else { continue };
            change(&mut manifest, &name);
            self.write(&audience, &subject, &manifest, true)?;
        }
        self.hand_over()
    }

    /// Notes that no light copy of a file is to be made: it is not worth it, or cannot be drawn.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn set_lightened(&mut self, handle: &[u8]) -> Result<(), EngineError> {
        let sealed = sealed(handle)?;
        Ok(self.parts().1.put(Table::Contents, &light_key(sealed.id), &[])?)
    }

    /// Finds pages of files that this member may read now, by their words; at most `limit`.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn search_pages(&mut self, query: &str, limit: usize) -> Result<Vec<FoundPage>, EngineError> {
        let (_, tx) = self.parts();
        let mut pages = Vec::new();
        for id in tx.search(query, limit.saturating_mul(MORE))? {
            let Some(page) = get::<PageText>(tx, Table::Contents, &page_key(&id))? else { continue };
            if let Some(kept) = get::<Kept>(tx, Table::Contents, &kept_key(page.attachment))? {
                pages.push((kept.application, page));
            }
        }
        if pages.is_empty() {
            return Ok(Vec::new());
        }
        let open = self.open_files()?;
        let mut manifests: BTreeMap<ApplicationId, Vec<Manifest>> = BTreeMap::new();
        let mut found = Vec::new();
        for (application, page) in pages {
            if found.len() >= limit {
                break;
            }
            let manifests = match manifests.get(&application) {
                Some(manifests) => manifests,
                None => {
                    let read = self.open_manifests(&open, application)?;
                    &*manifests.entry(application).or_insert(read)
                }
            };
            let mut files = manifests.iter().flat_map(|manifest| &manifest.files);
            let file =
                files.find(|(_, file)| sealed(&file.handle).is_ok_and(|one| one.id == page.attachment));
            let Some(((slot, contents), file)) = file else { continue };
            // What a light copy says, its file says too, and so does what was typed.
            let original = file.of.and_then(|of| {
                let key = (slot.clone(), of);
                manifests.iter().find_map(|manifest| manifest.files.get_key_value(&key))
            });
            if original.is_none() && file.is_typed() {
                continue;
            }
            let (contents, name) =
                original.map_or((contents, &file.name), |((_, contents), file)| (contents, &file.name));
            let text = String::from_utf8_lossy(&page.text).into_owned();
            let at = words::first(&text, query);
            found.push(FoundPage {
                application,
                slot: slot.clone(),
                contents: *contents,
                name: name.clone(),
                page: page.number,
                passage: at.map(|at| Passage { place: Vec::new(), text, at }),
            });
        }
        found.sort_by(|one, other| {
            let key = |page: &FoundPage| (page.application, page.slot.clone(), page.contents, page.page);
            key(one).cmp(&key(other))
        });
        // The same page of a file and of what stands for it is one.
        found.dedup_by_key(|page| (page.application, page.slot.clone(), page.contents, page.page));
        Ok(found)
    }
}

impl<S: Store> Engine<S> {
    /// As [`Acts::search_pages`].
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn search_pages(&mut self, query: &str, limit: usize) -> Result<Vec<FoundPage>, EngineError> {
        self.together(|acts| acts.search_pages(query, limit))
    }
}

pub(crate) fn sealed(handle: &[u8]) -> Result<Sealed, EngineError> {
    Sealed::from_bytes(handle).map_err(|_| EngineError::Forged("an entry of a manifest names no file"))
}
