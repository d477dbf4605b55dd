//! What is made of files beforehand: the text of their pages, for search; and of heavy ones, on a coordinator's device, a light
//! copy, which reaches readers with the text. Step by step: the home is needed for a moment at a time, a child reads and draws
//! in between, and whoever calls may end it after every page.
//!
//! Nothing is recognised: a scan has the text that a person typed from it, or none. What cannot be drawn has no light copy.

use std::collections::VecDeque;

use sha2::{Digest as _, Sha256};
use tessera_engine::EngineError;
use tessera_engine::pages::{Lacking, PAGE_TEXT_BYTES, Unprepared};
use tessera_engine::typed;

use crate::pages::{Drawer, Info, Kind, PageError, light};
use crate::session::{Session, SessionError};

/// The longest file that is prepared, in bytes, as it is held in memory; a longer one has neither.
const FILE_BYTES: u64 = 64 << 20;
/// What a page of a file may have, on average, before it is heavy, in bytes: twice what one of its light copy has.
const HEAVY_PAGE_BYTES: usize = 2 * light::PAGE_BYTES;

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The text of files.
    Texts,
    /// Light copies.
    Light,
    /// Both.
    Everything,
}

/// What was made so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Files whose text is kept.
    pub texts: usize,
    /// Light copies.
    pub light: usize,
}

/// The files of a home that are being prepared.
pub struct Preparing {
    lacking: Lacking,
    waiting: VecDeque<Unprepared>,
    after: Option<Vec<u8>>,
    ended: bool,
}

/// A file that was opened.
pub struct Opened {
    file: Unprepared,
    bytes: Vec<u8>,
}

/// What a child made of a file.
pub struct Made {
    file: Unprepared,
    /// The text of its pages; none where it was not asked for.
    texts: Option<Vec<String>>,
    /// Its light copy.
    light: Option<Vec<u8>>,
}

fn is_read(media_type: &str) -> bool {
    media_type == "application/pdf" || is_plain(media_type)
}

fn is_plain(media_type: &str) -> bool {
    matches!(media_type, "text/plain" | "text/markdown" | "text/csv")
}

fn is_drawn(media_type: &str) -> bool {
    Kind::of(media_type).is_some()
}

fn nothing(_: &str) -> bool {
    false
}

impl Preparing {
    /// Begins with the first file.
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        let texts: fn(&str) -> bool = if wanted == Wanted::Light { nothing } else { is_read };
        // How many pages it has is seen when it is read.
        let least = HEAVY_PAGE_BYTES as u64;
        let light = (wanted != Wanted::Texts).then_some((is_drawn as fn(&str) -> bool, least));
        Self { lacking: Lacking { texts, light }, waiting: VecDeque::new(), after: None, ended: false }
    }

    /// Opens the next file; none where a step found none: [`Preparing::has_ended`] says whether there is another.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn next(&mut self, session: &mut Session) -> Result<Option<Opened>, SessionError> {
        if self.waiting.is_empty() && !self.ended {
            let (found, after) =
                session.together(|acts| acts.unprepared(&self.lacking, self.after.as_deref()))?;
            self.ended = after.is_none();
            self.after = after;
            self.waiting.extend(found);
        }
        let Some(file) = self.waiting.pop_front() else { return Ok(None) };
        let mut bytes = Vec::new();
        if file.size_bytes <= FILE_BYTES {
            match session.work(|engine| engine.open_attachment(&file.handle, &mut bytes)) {
                Ok(()) => {}
                // It went meanwhile: a conflict was declared, or it was damaged and comes again.
                Err(SessionError::Engine(EngineError::NotFound(_) | EngineError::DamagedAttachment(_))) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Opened { file, bytes }))
    }

    /// True where every file was looked at.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended && self.waiting.is_empty()
    }
}

impl Opened {
    /// Reads and draws it; needs no home. None where `go_on` said to stop, or no child can be started.
    pub fn make(self, drawer: &Drawer, go_on: &dyn Fn() -> bool) -> Option<Made> {
        let Self { file, bytes } = self;
        let mut made = Made { texts: None, light: None, file };
        if is_plain(&made.file.media_type) {
            let text = String::from_utf8_lossy(&bytes);
            let pages = match made.file.typed {
                true => typed::pages(&text),
                false => vec![text[..text.floor_char_boundary(PAGE_TEXT_BYTES)].to_owned()],
            };
            made.texts = made.file.unread.then_some(pages);
            return Some(made);
        }
        let kind = Kind::of(&made.file.media_type);
        let info = match kind.filter(|_| !bytes.is_empty()) {
            Some(kind) => match drawer.info(kind, bytes.clone()) {
                Ok(info) => info,
                // A file that cannot be read has no pages: it is not tried again.
                Err(PageError::Unshowable) => Info::default(),
                Err(PageError::NoWorker(_)) => return None,
            },
            None => Info::default(),
        };
        if let Some(kind) = kind.filter(|_| made.file.heavy && is_heavy(&info, bytes.len())) {
            let mut pages = Vec::new();
            for page in 1..=info.pages.len() {
                if !go_on() {
                    return None;
                }
                match drawer.draw_light(kind, page, bytes.clone()) {
                    Ok(page) => pages.push(page),
                    Err(PageError::Unshowable) => break,
                    Err(PageError::NoWorker(_)) => return None,
                }
            }
            // A copy that lacks a page is none.
            if pages.len() == info.pages.len() {
                made.light = Some(light::bind(&pages));
            }
        }
        made.texts = made.file.unread.then(|| info.pages.into_iter().map(|line| line.text).collect());
        go_on().then_some(made)
    }
}

fn is_heavy(info: &Info, size_bytes: usize) -> bool {
    let pages = info.pages.len();
    (1..=light::PAGES).contains(&pages) && size_bytes > pages * HEAVY_PAGE_BYTES
}

impl Made {
    /// Keeps it.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn keep(self, session: &mut Session) -> Result<Prepared, SessionError> {
        let Self { file, texts, light } = self;
        session.together(|acts| {
            let mut prepared = Prepared::default();
            if let Some(texts) = texts {
                let kept =
                    acts.keep_texts(file.application, &file.handle, texts.iter().map(String::as_str))?;
                prepared.texts = usize::from(kept);
            }
            match light {
                Some(pdf) => {
                    let contents = Sha256::digest(&pdf).into();
                    let added = acts.add_light_copy(file.application, &file.handle, contents, &pdf)?;
                    prepared.light = usize::from(added);
                }
                None if file.heavy => acts.set_lightened(&file.handle)?,
                None => {}
            }
            Ok(prepared)
        })
    }
}

/// Prepares every file that lacks something; `tell` hears after each, and may end it.
///
/// # Errors
/// [`SessionError`].
pub fn prepare(
    session: &mut Session,
    drawer: &Drawer,
    wanted: Wanted,
    tell: &mut dyn FnMut(Prepared) -> bool,
) -> Result<Prepared, SessionError> {
    let mut preparing = Preparing::new(wanted);
    let mut all = Prepared::default();
    while !preparing.has_ended() {
        let Some(opened) = preparing.next(session)? else { continue };
        let Some(made) = opened.make(drawer, &|| true) else { break };
        let Prepared { texts, light } = made.keep(session)?;
        all = Prepared { texts: all.texts + texts, light: all.light + light };
        if !tell(all) {
            break;
        }
    }
    Ok(all)
}
