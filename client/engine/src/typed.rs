//! What a person typed from a file that has no text of its own, such as a scan: a small text that stands beside the file in its
//! manifests, as a light copy does, its pages divided by form feeds. Whoever gets the file in a rendition gets it, and nobody
//! else. Not recognised by any machine, and never a file of its own.

use std::collections::BTreeSet;

use tessera_model::crdt::Readable as _;
use tessera_model::documents::manifest::{TYPED, entry_key, typed_key};
use tessera_model::documents::split::typed_name;
use tessera_model::documents::{File, Kind, Manifest, Record, Sha256Bytes};
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_vault::ids::Audience;

use crate::eligibility::authors;
use crate::engine::{Acts, Engine};
use crate::error::EngineError;
use crate::pages::{PAGE_TEXT_BYTES, sealed};
use crate::store::Store;

/// The longest text of a file, in bytes; one of its pages has at most [`PAGE_TEXT_BYTES`].
pub const FILE_BYTES: usize = 256 * 1024;
/// What stands between two pages.
const PAGE_BREAK: char = '\u{c}';

/// The pages of a text, from the first.
#[must_use]
pub fn pages(text: &str) -> Vec<String> {
    let mut pages: Vec<String> = text.split(PAGE_BREAK).map(plain).collect();
    let last = pages.iter().rposition(|page| !page.is_empty());
    pages.truncate(last.map_or(0, |last| last + 1));
    pages
}

/// A page without what would steer a terminal or turn a line around.
fn plain(page: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let stays = |c: &char| matches!(c, '\n' | '\t') || !(c.is_control() || turns(*c));
    let page: String = page.replace("\r\n", "\n").replace('\r', "\n").chars().filter(stays).collect();
    page.trim().to_owned()
}

/// What became of what a person typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// False where just that stood there.
    pub changed: bool,
    /// Which text it is; none where nothing was typed.
    pub key: Option<Sha256Bytes>,
}

impl Acts<'_> {
    /// Puts what a person typed from a file beside it, page by page, for everybody who reads that file, in place of those typed
    /// texts that this person was shown; no page takes them back, and what came meanwhile stands beside it. `handle` is what
    /// opens the file.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::NotFound`] where the application has no such file,
    /// [`EngineError::TooLong`]; [`EngineError::TextNotHere`] where one of its typed texts is not here.
    pub fn type_text(
        &mut self,
        application: ApplicationId,
        handle: &[u8],
        shown: &BTreeSet<Sha256Bytes>,
        typed: &[String],
    ) -> Result<Placed, EngineError> {
        self.must_coordinate()?;
        let separator = PAGE_BREAK.to_string();
        // A page break within a page is none.
        let pages = pages(&typed.iter().map(|page| plain(page)).collect::<Vec<_>>().join(&separator));
        let text = pages.join(&separator);
        if text.len() > FILE_BYTES || pages.iter().any(|page| page.len() > PAGE_TEXT_BYTES) {
            return Err(EngineError::TooLong);
        }
        let files = self.files(application)?;
        let found = files.originals().find(|(_, file)| file.handle == handle);
        let (key, _) = found.ok_or_else(|| EngineError::NotFound("the file".into()))?;
        let (slot, of) = key;
        for (_, file) in files.typed(slot, of) {
            if !self.holds_typed(file)? {
                return Err(EngineError::TextNotHere);
            }
        }
        let own = (!text.is_empty()).then(|| typed_key(of, &text));
        let before: BTreeSet<Sha256Bytes> = files.typed(slot, of).map(|(own, _)| *own).collect();
        let after: BTreeSet<Sha256Bytes> = before.difference(shown).copied().chain(own).collect();
        if before == after {
            return Ok(Placed { changed: false, key: own });
        }
        let copy = match own {
            None => None,
            Some(own) => Some((
                own,
                File {
                    name: String::new(),
                    media_type: TYPED.to_owned(),
                    size_bytes: text.len() as u64,
                    referee: None,
                    light: true,
                    of: Some(*of),
                    handle: self.seal_attachment(TYPED, text.len() as u64, &mut text.as_bytes())?,
                },
            )),
        };
        self.change_beside(application, key, |manifest, name| {
            let stood = |place: &str, file: &File| place == slot && file.of == Some(*of) && file.is_typed();
            manifest.files.retain(|(place, key), file| !(shown.contains(key) && stood(place, file)));
            if let Some((own, copy)) = &copy {
                let copy = File { name: typed_name(name), ..copy.clone() };
                manifest.files.insert((slot.clone(), *own), copy);
            }
        })?;
        if let Some((_, copy)) = &copy {
            self.keep_texts(application, &copy.handle, pages.iter().map(String::as_str))?;
        }
        Ok(Placed { changed: true, key: own })
    }

    /// True where all of a typed text is here. What names none that this version can find is not here.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn holds_typed(&mut self, file: &File) -> Result<bool, EngineError> {
        match self.holds_attachment(&file.handle) {
            Err(EngineError::Forged(_)) => Ok(false),
            here => here,
        }
    }

    /// Who typed what stands beside a file, as far as this coordinator's device knows them.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn typed_by(
        &mut self,
        application: ApplicationId,
        slot: &str,
        of: &Sha256Bytes,
    ) -> Result<BTreeSet<MemberId>, EngineError> {
        self.counted(|core, tx, counting| {
            let id = core.document_id(&Audience::File(application), Kind::Manifest, &application.0)?;
            let Some(reading) = core.read_document(tx, id, counting)? else { return Ok(BTreeSet::new()) };
            let authors = authors(core, tx, id)?;
            let files = Manifest::read(&reading.contents).value;
            let put = files
                .typed(slot, of)
                .flat_map(|(own, _)| reading.contents.get_all(&["files", &entry_key(slot, own)]));
            Ok(put.filter_map(|put| authors.get(&put.actor).copied()).collect())
        })
    }
}

impl<S: Store> Engine<S> {
    /// What was typed from a file that a manifest names, page by page. Where coordinators typed apart, both texts stand on a
    /// page, one after the other. None where not all of it is here; what is damaged is dropped, so that it comes again.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn typed_pages(
        &mut self,
        files: &Manifest,
        slot: &str,
        of: &Sha256Bytes,
    ) -> Result<Option<Vec<String>>, EngineError> {
        let mut whole: Vec<String> = Vec::new();
        for (_, file) in files.typed(slot, of) {
            // What names no text that this version can find is not here.
            let Ok(sealed) = sealed(&file.handle) else { return Ok(None) };
            // Nobody typed what is longer.
            if sealed.size_bytes > FILE_BYTES as u64 {
                continue;
            }
            let mut text = Vec::new();
            match self.open_attachment(&file.handle, &mut text) {
                Ok(()) => add(&mut whole, pages(&String::from_utf8_lossy(&text))),
                Err(EngineError::NotFound(_) | EngineError::DamagedAttachment(_)) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(whole))
    }
}

/// Adds pages to those of another text.
fn add(whole: &mut Vec<String>, pages: Vec<String>) {
    whole.resize(whole.len().max(pages.len()), String::new());
    for (before, page) in whole.iter_mut().zip(pages) {
        if before.is_empty() {
            *before = page;
        } else if !page.is_empty() && *before != page {
            before.push_str("\n\n");
            before.push_str(&page);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_pages_and_nothing_that_steers() {
        fn check(text: &str, expected: &[&str]) {
            assert_eq!(pages(text), expected, "{text:?}");
        }
        check("", &[]);
        check(" \u{c}\n\u{c}", &[]);
        check("One\r\n\tand\rmore \u{c}\u{c} Three\u{c}", &["One\n\tand\nmore", "", "Three"]);
        check("\u{feff}a\u{1b}[2J\u{202e}b\u{2066}\0", &["a[2Jb"]);
        // Marks that Arabic and Persian are written with stay.
        check("مرحبا\u{200f} می\u{200c}روم", &["مرحبا\u{200f} می\u{200c}روم"]);
    }

    #[test]
    fn texts_that_were_typed_apart_stand_one_after_the_other() {
        let mut whole = Vec::new();
        add(&mut whole, vec!["One".to_owned(), String::new()]);
        add(&mut whole, vec!["One".to_owned(), "Two".to_owned(), "Three".to_owned()]);
        add(&mut whole, vec!["Uno".to_owned()]);
        assert_eq!(whole, ["One\n\nUno", "Two", "Three"]);
    }
}
