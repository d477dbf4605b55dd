//! Bundles as files: written and taken in wholly or not at all, saying how far it is. Not what goes into one
//! ([`tessera_engine::bundle`]).

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tessera_engine::EngineError;
use tessera_engine::bundle::{self, Outline};
use tessera_engine::home::{HomeError, write_atomically_with};
use tessera_engine::receive::Imported;

use crate::clock::now_ms;
use crate::session::{Session, SessionError};

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

/// A bundle that was taken in.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// What came of its packs.
    pub imported: Imported,
    /// Files that were not what they should be; nothing of them was kept.
    pub damaged: usize,
    /// Receipts in it.
    pub receipts: usize,
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
            Ok(())
        })
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
    let file = File::open(path).map_err(|source| HomeError::Io { path: path.to_owned(), source })?;
    let checked = bundle::check_told(file, &mut |bytes| through.more(bytes))?;
    let me = session.engine().member();
    let receipts = checked.bundle.receipts.len();
    let for_other = checked.bundle.head.addressee.is_some_and(|addressee| addressee != me);
    let mut tell = |bytes| through.more(bytes);
    let (imported, damaged) =
        session.work(|engine| engine.import_checked_told(checked, Some(now_ms()), &mut tell))?;
    Ok(Taken { imported, damaged: damaged.len(), receipts, for_other })
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
    name.push(".unfinished");
    path.with_file_name(name)
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
}
