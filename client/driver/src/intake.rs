//! Taking in a table with a folder of files: reads the files and hands them to the engine in batches. A name is never
//! followed out of its folder, a link is never followed at all, and no file is held in memory whole.

mod folder;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use tessera_engine::intake::{
    Again, Incoming, Mapping, NewFile, Prepared, Received, Refused, again, prepare, read_table,
};
use tessera_engine::programme::Taken;
use tessera_engine::{Acts, EngineError};
use tessera_model::documents::Sha256Bytes;
use tessera_model::input::{InputError, InputErrorKind, Place, Warning};
use tessera_model::programme::Programme;
use tessera_model::table::MAX_FILE_BYTES;
use tessera_protocol::ids::ApplicationId;

use crate::session::{Session, SessionError};

use self::folder::Folders;

/// Applications that are written in one transaction.
const BATCH: usize = 32;

/// What is to be taken in.
#[derive(Debug)]
pub struct Source<'a> {
    /// The table.
    pub table: &'a Path,
    /// Its column that names the application.
    pub key: &'a str,
    /// The folder of files, with a folder for each application.
    pub attachments: Option<&'a Path>,
    /// Whose column is what.
    pub mapping: &'a Mapping,
    /// Takes new applications from a table that has no column for a required answer.
    pub partial: bool,
    /// Takes rows in as new applications though they are here by the key of another column.
    pub new_key: bool,
    /// Only says what would be done.
    pub dry_run: bool,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its row in the table.
    pub row: u64,
    /// The application's key.
    pub key: String,
    /// Its id.
    pub application: ApplicationId,
    /// What was done.
    pub taken: Taken,
    /// How many files were found.
    pub files: usize,
}

/// What an import came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Rows that were taken in.
    pub lines: Vec<Line>,
    /// Rows and files that were not.
    pub refused: Vec<Refused>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// How many rows became that.
    #[must_use]
    pub fn count(&self, taken: Taken) -> usize {
        self.lines.iter().filter(|line| line.taken == taken).count()
    }
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Applications done.
    pub done: usize,
    /// Of so many.
    pub of: usize,
    /// Bytes of files that were read.
    pub bytes: u64,
}

/// Why nothing was taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The table or the mapping is wrong.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A file or folder cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The rows are here already, by the key of another column.
    #[error("{}", again_in_words(.0))]
    Again(Again),
    /// The home.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// Says what would be taken in twice.
fn again_in_words(again: &Again) -> String {
    let Again { column, count, row, known, key } = again;
    format!(
        "{count} of these applications are here already, by the keys of column `{column}`: row {row} is `{known}` here and \
         would be taken in a second time as `{key}`"
    )
}

impl From<EngineError> for IntakeError {
    fn from(error: EngineError) -> Self {
        Self::Session(error.into())
    }
}

/// Reads the table, looks at the files and takes the applications in. Where the table itself is wrong, nothing is
/// changed; a row or a file that is wrong is left out and named.
///
/// # Errors
/// [`IntakeError`].
pub fn import(
    session: &mut Session,
    source: &Source<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, IntakeError> {
    let name = source.table.display().to_string();
    let bytes = read(source.table)?;
    let table = read_table(&bytes, &name, source.mapping.sheet.as_deref())?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let Prepared { rows, refused, warnings, absent } =
        prepare(&table, &programme, source.key, source.mapping)?;
    if let Some(column) = absent.first().filter(|_| !source.partial) {
        must_be_known(session, &rows, &table.place, column)?;
    }
    let mut report = Report { refused, warnings, ..Report::default() };
    let known: BTreeSet<String> =
        session.together(|acts| acts.applications())?.into_iter().map(|(_, identity)| identity.key).collect();
    if let Some(again) = again(&table, &rows, &known) {
        if !source.dry_run && !source.new_key {
            return Err(IntakeError::Again(again));
        }
        report.warnings.push(Warning::new("key-changed", again_in_words(&again)));
    }
    let folders = source.attachments.map(Folders::open).transpose()?;
    if let Some(folders) = &folders {
        report.warnings.extend(folders.unmatched(rows.iter().map(|row| row.row.key.as_str())));
    }
    let mut bytes = 0;
    for batch in rows.chunks(BATCH) {
        let mut looked = Vec::new();
        for incoming in batch {
            let found = folders
                .as_ref()
                .map(|folders| folders.look(&programme, source.mapping, incoming, &table.place, &mut report));
            let found = found.transpose()?.flatten();
            bytes += found.iter().flat_map(|found| &found.received.files).map(|f| f.size_bytes).sum::<u64>();
            looked.push(found);
        }
        let taken = session.together(|acts| {
            let mut lines = Vec::new();
            for (incoming, found) in batch.iter().zip(&looked) {
                lines.push(take(acts, &programme, incoming, found.as_ref(), source.dry_run)?);
            }
            if !source.dry_run {
                acts.hand_over()?;
            }
            Ok(lines)
        })?;
        report.lines.extend(taken);
        progress(Progress { done: report.lines.len(), of: rows.len(), bytes });
    }
    report.refused.sort_by(|one, other| (one.row, &one.file).cmp(&(other.row, &other.file)));
    Ok(report)
}

/// Files that were found for an application, and where they are.
struct Found {
    received: Received,
    paths: BTreeMap<Sha256Bytes, PathBuf>,
}

fn take(
    acts: &mut Acts<'_>,
    programme: &Programme,
    incoming: &Incoming,
    found: Option<&Found>,
    dry_run: bool,
) -> Result<Line, EngineError> {
    let received = found.map(|found| &found.received);
    let (application, taken) = if dry_run {
        let application = acts.application(&incoming.row.key)?;
        (application, acts.preview(programme, &incoming.row, received)?)
    } else {
        let mut seal = |acts: &mut Acts<'_>, new: &NewFile| {
            let path = found.and_then(|found| found.paths.get(&new.contents));
            let path = path.ok_or_else(|| EngineError::NotFound("the file".into()))?;
            seal_file(acts, new, path)
        };
        acts.take_row(programme, &incoming.row, received, &mut seal)?
    };
    let files = received.map_or(0, |received| received.files.len());
    Ok(Line { row: incoming.number, key: incoming.row.key.clone(), application, taken, files })
}

/// Seals a file that was looked at before; its length has to be the same still.
fn seal_file(acts: &mut Acts<'_>, new: &NewFile, path: &Path) -> Result<Vec<u8>, EngineError> {
    let unreadable = |_| EngineError::BadInput(format!("the file of {} bytes went away", new.size_bytes));
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    acts.seal_attachment(&new.media_type, new.size_bytes, &mut file)
}

/// Without a column for a required answer only applications that are here already can be changed.
fn must_be_known(
    session: &mut Session,
    rows: &[Incoming],
    place: &Place,
    column: &str,
) -> Result<(), IntakeError> {
    let known: Vec<String> =
        session.together(|acts| acts.applications())?.into_iter().map(|(_, identity)| identity.key).collect();
    if rows.iter().all(|row| known.contains(&row.row.key)) {
        return Ok(());
    }
    let kind = InputErrorKind::MissingColumn { name: column.to_owned() };
    Err(place.row(1).column(column).error(kind).into())
}

fn read(path: &Path) -> Result<Vec<u8>, IntakeError> {
    let at = |source| IntakeError::Io { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(at)?;
    let mut bytes = Vec::new();
    let mut limited = io::Read::take(file, MAX_FILE_BYTES as u64 + 1);
    io::Read::read_to_end(&mut limited, &mut bytes).map_err(at)?;
    Ok(bytes)
}
