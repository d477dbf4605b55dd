//! Bundles as files: written and taken in wholly or not at all, saying how far it is. Not what goes into one
//! ([`tessera_engine::bundle`]).

use std::ffi::OsStr;
use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tessera_engine::EngineError;
use tessera_engine::bundle::{self, Bundle, Outline};
use tessera_engine::home::{HomeError, sync_name, write_atomically_with};
use tessera_engine::receive::Imported;
use tessera_protocol::bundle::BundleHead;
use tessera_protocol::ids::AttachmentId;

use crate::clock::now_ms;
use crate::session::{Session, SessionError};

/// How the name of a part ends until all of them are there.
const UNFINISHED: &str = ".unfinished";
/// So many times somebody is told, at most, how far it is.
const TIMES: u64 = 200;

/// How far it is, in bytes. What is read twice counts twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// What is through.
    pub done: u64,
    /// The whole.
    pub total: u64,
}

/// Who is told how far it is; a break ends it.
pub type Tell<'a> = &'a mut dyn FnMut(Moved) -> ControlFlow<()>;

/// Counts what is through, and tells of it now and then.
pub struct Through<'a> {
    moved: Moved,
    told: Option<u64>,
    tell: Tell<'a>,
}

impl<'a> Through<'a> {
    /// For writing a bundle.
    pub fn writing(outline: &Outline, tell: Tell<'a>) -> Self {
        let total = outline.parts.iter().map(|part| part.about_bytes).sum::<u64>() * 2;
        Self { moved: Moved { done: 0, total }, told: None, tell }
    }

    /// For taking in files; those that are not there are found out later.
    pub fn taking(paths: &[PathBuf], tell: Tell<'a>) -> Self {
        let total = paths.iter().map(|path| length(path)).sum::<u64>() * 2;
        Self { moved: Moved { done: 0, total }, told: None, tell }
    }

    /// For looking into files, which are read once.
    pub fn looking(paths: &[PathBuf], tell: Tell<'a>) -> Self {
        let total = paths.iter().map(|path| length(path)).sum();
        Self { moved: Moved { done: 0, total }, told: None, tell }
    }

    fn more(&mut self, bytes: u64) -> ControlFlow<()> {
        self.moved.done = self.moved.done.saturating_add(bytes).min(self.moved.total);
        let Moved { done, total } = self.moved;
        let little = |told: u64| done - told < total / TIMES && (done < total || told == total);
        if self.told.is_some_and(little) {
            return ControlFlow::Continue(());
        }
        self.told = Some(self.moved.done);
        (self.tell)(self.moved)
    }

    /// What was begun at `from` is through, however little of it was read.
    fn up_to(&mut self, from: u64, bytes: u64) {
        self.moved.done = self.moved.done.max(from.saturating_add(bytes).min(self.moved.total));
        let _ = self.more(0);
    }
}

/// What a bundle says of itself, and what it brings beside packs.
#[derive(Debug, Clone)]
pub struct Brought {
    /// What it says of itself.
    pub head: BundleHead,
    /// Receipts in it.
    pub receipts: usize,
    /// Attachments of which it brings something.
    pub attachments: usize,
    /// How much of them, in bytes.
    pub attachment_bytes: u64,
}

impl From<&Bundle> for Brought {
    fn from(bundle: &Bundle) -> Self {
        Self {
            head: bundle.head.clone(),
            receipts: bundle.receipts.len(),
            attachments: bundle.attachments.len(),
            attachment_bytes: bundle.attachment_bytes,
        }
    }
}

/// A bundle that was taken in.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What it brought.
    pub brought: Brought,
    /// What came of its packs.
    pub imported: Imported,
    /// Attachments that were not what they should be; nothing of them was kept.
    pub damaged: Vec<AttachmentId>,
    /// True where it is addressed to somebody else.
    pub for_other: bool,
}

/// Writes a bundle, several files where it has several parts; gives each with its length. All of them take their names at the
/// end, so that after a failure none is there, and what had such a name before still is, unless taking the names is what failed.
///
/// # Errors
/// [`SessionError`]; [`EngineError::Cancelled`] where it was ended.
pub fn write(
    session: &mut Session,
    outline: &Outline,
    out: &Path,
    through: &mut Through<'_>,
) -> Result<Vec<(PathBuf, u64)>, SessionError> {
    clear(out);
    let parts = outline.parts.len();
    if parts == 1 {
        let bytes = write_part(session, outline, 0, out, through)?;
        return Ok(vec![(out.to_owned(), bytes)]);
    }
    let (mut written, mut waiting) = (Vec::new(), Vec::new());
    let done = (0..parts).try_for_each(|number| {
        let path = part_path(out, number + 1, parts);
        let beside = beside(&path);
        let bytes = write_part(session, outline, number, &beside, through)?;
        waiting.push((beside, path.clone()));
        written.push((path, bytes));
        Ok::<(), SessionError>(())
    });
    let mut named = 0;
    let done = done.and_then(|()| {
        waiting.iter().try_for_each(|(beside, path)| {
            let failed = |source| HomeError::Io { path: path.clone(), source };
            fs::rename(beside, path).map_err(failed)?;
            named += 1;
            Ok::<(), HomeError>(())
        })?;
        Ok(sync_name(out)?)
    });
    if let Err(error) = done {
        // The first failure is the one to report. What has its name already goes too, and no other file of that name.
        for (number, (beside, path)) in waiting.iter().enumerate() {
            drop(fs::remove_file(if number < named { path } else { beside }));
        }
        return Err(error);
    }
    Ok(written)
}

fn write_part(
    session: &mut Session,
    outline: &Outline,
    number: usize,
    path: &Path,
    through: &mut Through<'_>,
) -> Result<u64, SessionError> {
    let mut length = 0;
    write_atomically_with(path, |file| {
        let mut tell = |bytes| through.more(bytes);
        length = session.work(|engine| engine.write_part_told(outline, number, file, &mut tell))?;
        Ok::<(), SessionError>(())
    })?;
    Ok(length)
}

/// Reads a bundle to its end; needs no home, and nothing is taken in.
///
/// # Errors
/// [`SessionError`]; [`EngineError::Cancelled`] where it was ended.
pub fn inspect(path: &Path, through: &mut Through<'_>) -> Result<Bundle, SessionError> {
    let (from, whole) = (through.moved.done, length(path));
    if through.more(0).is_break() {
        return Err(EngineError::Cancelled.into());
    }
    let checked = bundle::check_told(open(path)?, &mut |bytes| through.more(bytes))?;
    through.up_to(from, whole);
    Ok(checked.bundle)
}

/// Takes in a bundle, through the same gate as what a relay sends: all of it or nothing.
///
/// # Errors
/// [`SessionError`]; [`EngineError::Cancelled`] where it was ended.
pub fn take(session: &mut Session, path: &Path, through: &mut Through<'_>) -> Result<Taken, SessionError> {
    let (from, whole) = (through.moved.done, length(path).saturating_mul(2));
    if through.more(0).is_break() {
        return Err(EngineError::Cancelled.into());
    }
    let taken = take_in(session, path, through);
    // What was refused is through as well.
    if !matches!(taken, Err(SessionError::Engine(EngineError::Cancelled))) {
        through.up_to(from, whole);
    }
    taken
}

fn take_in(session: &mut Session, path: &Path, through: &mut Through<'_>) -> Result<Taken, SessionError> {
    let checked = bundle::check_told(open(path)?, &mut |bytes| through.more(bytes))?;
    let me = session.engine().member();
    let brought = Brought::from(&checked.bundle);
    let for_other = brought.head.addressee.is_some_and(|addressee| addressee != me);
    let mut tell = |bytes| through.more(bytes);
    let (imported, damaged) =
        session.work(|engine| engine.import_checked_told(checked, Some(now_ms()), &mut tell))?;
    Ok(Taken { brought, imported, damaged, for_other })
}

fn open(path: &Path) -> Result<File, HomeError> {
    File::open(path).map_err(|source| HomeError::Io { path: path.to_owned(), source })
}

/// Where a part goes: the file itself where there is one part only.
#[must_use]
pub fn part_path(out: &Path, number: usize, parts: usize) -> PathBuf {
    if parts == 1 {
        return out.to_owned();
    }
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{number}-of-{parts}"));
    out.with_file_name(name)
}

/// What a part is called until all of them are there.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(UNFINISHED);
    path.with_file_name(name)
}

/// Removes what an export under the same name left unfinished that was killed, of however many parts it was.
fn clear(out: &Path) {
    let (Some(name), Some(folder)) = (out.file_name(), out.parent()) else { return };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    // What cannot be listed or removed takes room and harms nothing else.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_left(name, &entry.file_name()) {
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// True where `file` is what a part of `name` is called until all of them are there, or while it is written.
fn is_left(name: &OsStr, file: &OsStr) -> bool {
    let rest = file.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
    let Some(rest) = rest.and_then(|rest| std::str::from_utf8(rest).ok()) else { return false };
    let place = rest.strip_suffix(".part").unwrap_or(rest).strip_suffix(UNFINISHED);
    let place = place.and_then(|place| place.strip_prefix('.')?.split_once("-of-"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    place.is_some_and(|(number, parts)| is_number(number) && is_number(parts))
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_through_is_told_now_and_then_and_never_beyond_the_whole() {
        let mut heard = Vec::new();
        let mut tell = |moved: Moved| {
            heard.push(moved.done);
            ControlFlow::Continue(())
        };
        let moved = Moved { done: 0, total: 1_000 };
        let mut through = Through { moved, told: None, tell: &mut tell };
        for _ in 0..10_000 {
            assert!(through.more(1).is_continue());
        }
        assert!(through.more(u64::MAX).is_continue());
        assert_eq!((heard.first(), heard.last()), (Some(&1), Some(&1_000)));
        assert!(heard.len() < 10_000 && heard.is_sorted());
    }

    #[test]
    fn parts_are_named_by_their_place() {
        let out = Path::new("stick/parcel.tessera");
        assert_eq!(part_path(out, 1, 1), out);
        assert_eq!(part_path(out, 2, 3), Path::new("stick/parcel.tessera.2-of-3"));
        assert_eq!(beside(&part_path(out, 2, 3)), Path::new("stick/parcel.tessera.2-of-3.unfinished"));
    }

    #[test]
    fn what_is_left_unfinished_is_told_by_its_whole_name() {
        let check = |file: &str, expected: bool| {
            assert_eq!(is_left(OsStr::new("parcel.tessera"), OsStr::new(file)), expected, "{file}");
        };
        check("parcel.tessera.2-of-3.unfinished", true);
        check("parcel.tessera.12-of-30.unfinished.part", true);
        check("parcel.tessera.2-of-3", false);
        check("parcel.tessera.2-of-3.part", false);
        check("parcel.tessera.2-of-3.unfinished.txt", false);
        check("parcel.tessera.-of-3.unfinished", false);
        check("parcel.tessera.old.2-of-3.unfinished", false);
        check("parcel.tessera.unfinished", false);
        check("other-parcel.tessera.2-of-3.unfinished", false);
        check("parcel.tessera", false);
    }
}
