//! Taking in a table with a folder of files: reads the files and hands them to the engine in batches. A name is never
//! followed out of its folder, a link is never followed at all, and no file is held in memory whole.
//!
//! [`import`] does it in one go; [`Intake`] step by step, for whoever shows progress and may call it off between two steps.

pub mod attach;
mod filed;
mod folder;
mod listing;
pub mod remembered;
mod sorting;
pub mod withdraw;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use tessera_engine::intake::{
    Again, Incoming, Mapping, NewFile, Prepared, Received, Refused, Remark, again, prepare, read_table,
};
use tessera_engine::programme::Taken;
use tessera_engine::{Acts, EngineError};
use tessera_model::documents::Sha256Bytes;
use tessera_model::input::{InputError, InputErrorKind, Place, Warning};
use tessera_model::programme::Programme;
use tessera_model::sentence::Parameter;
use tessera_model::table::MAX_FILE_BYTES;
use tessera_protocol::ids::ApplicationId;

use crate::session::{Session, SessionError};

use self::folder::look_at;
use self::sorting::{Own, Rows};

pub use self::filed::{Fate, Filed, How};

/// Applications that are written in one transaction.
const BATCH: usize = 32;

/// What is to be taken in.
#[derive(Debug)]
pub struct Source<'a> {
    /// The table.
    pub table: &'a Path,
    /// Its column that names the application.
    pub key: &'a str,
    /// The folder of files: with a folder for each application, or with files whose names say whose they are.
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
    /// The first answer of the form: usually the name.
    pub title: String,
    /// What a changed row would change; looked up only where nothing is done yet.
    pub changes: Vec<Change>,
    /// Names of files that the application had and has no more, as the folder has none of them.
    pub gone: Vec<String>,
}

/// An answer that a row would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The field of the form.
    pub field: String,
    /// What is here.
    pub before: String,
    /// What the row says.
    pub after: String,
}

/// What an import came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Rows that were taken in.
    pub lines: Vec<Line>,
    /// Rows and files that were not.
    pub refused: Vec<Refused>,
    /// What is worth saying.
    pub remarks: Vec<Remark>,
    /// What becomes of the files of the folder.
    pub files: Vec<Filed>,
    /// Required answers for which the table has no column.
    pub absent: Vec<String>,
    /// Rows that are here already by the key of another column.
    pub again: Option<Again>,
}

impl Report {
    /// What is worth saying, as warnings.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.remarks.iter().map(|remark| remark.warning.clone()).collect()
    }

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
    #[error("{}", key_changed(.0).message())]
    Again(Again),
    /// The home.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// Says what would be taken in twice.
fn key_changed(again: &Again) -> Warning {
    Warning::new(
        "key-changed",
        "{count} of these applications are here already, by the keys of column `{column}`: row {row} is `{known}` here and \
         would be taken in a second time as `{key}`",
    )
    .with("count", again.count)
    .with("column", again.column.as_str())
    .with("row", Parameter::Count(again.row))
    .with("known", again.known.as_str())
    .with("key", again.key.as_str())
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
    let mut intake = Intake::open(session, source)?;
    while let Some(batch) = intake.look()? {
        progress(intake.take(session, &batch)?);
    }
    Ok(intake.finish())
}

/// An import under way. What was taken is taken: whoever stops between two steps can begin anew, and what is in already
/// stays the same.
pub struct Intake {
    programme: Programme,
    mapping: Mapping,
    place: Place,
    rows: Vec<Incoming>,
    /// Keys of applications that are here.
    known: BTreeSet<String>,
    /// The folder of files, until it is sorted.
    root: Option<PathBuf>,
    /// What was found in it, by the composed key of each application; none without a folder.
    found: Option<BTreeMap<String, Own>>,
    dry_run: bool,
    report: Report,
    looked: usize,
    bytes: u64,
}

/// Rows whose files were looked at.
pub struct Batch(Vec<(Incoming, Option<Found>)>);

impl Intake {
    /// Reads the table and checks all of it; nothing is written.
    ///
    /// # Errors
    /// [`IntakeError`] where the table itself is wrong.
    pub fn open(session: &mut Session, source: &Source<'_>) -> Result<Self, IntakeError> {
        let name = source.table.display().to_string();
        let bytes = read(source.table)?;
        let table = read_table(&bytes, &name, source.mapping.sheet.as_deref())?;
        let (_, programme) = session.together(|acts| acts.programme())?;
        let Prepared { rows, refused, remarks, absent } =
            prepare(&table, &programme, source.key, source.mapping)?;
        if let Some(column) = absent.first().filter(|_| !source.partial) {
            must_be_known(session, &rows, &table.place, column)?;
        }
        let mut report = Report { refused, remarks, absent, ..Report::default() };
        let known = session.together(|acts| acts.applications())?;
        let known: BTreeSet<String> = known.into_iter().map(|(_, identity)| identity.key).collect();
        if let Some(again) = again(&table, &rows, &known) {
            if !source.dry_run && !source.new_key {
                return Err(IntakeError::Again(again));
            }
            let about = vec![again.column.clone(), again.known.clone(), again.key.clone()];
            report.remarks.push(Remark::new(key_changed(&again), about));
            report.again = Some(again);
        }
        let (mapping, dry_run) = (source.mapping.clone(), source.dry_run);
        let (place, looked, bytes) = (table.place, 0, 0);
        let (root, found) = (source.attachments.map(Path::to_owned), None);
        Ok(Self { programme, mapping, place, rows, known, root, found, dry_run, report, looked, bytes })
    }

    /// Looks at the files of the next rows; none where all were looked at. Needs no home.
    ///
    /// # Errors
    /// [`IntakeError::Io`].
    pub fn look(&mut self) -> Result<Option<Batch>, IntakeError> {
        if let Some(root) = self.root.take() {
            self.found = Some(self.sort(&root)?);
        }
        let next: Vec<Incoming> = self.rows.iter().skip(self.looked).take(BATCH).cloned().collect();
        self.looked += next.len();
        let mut batch = Vec::new();
        for incoming in next {
            let Self { programme, place, report, found, .. } = self;
            let found = found.as_mut().and_then(|found| {
                let own = found.remove(&listing::composed(&incoming.row.key));
                look_at(own, programme, &incoming, place, report)
            });
            let files = found.iter().flat_map(|found| &found.received.files);
            self.bytes += files.map(|file| file.size_bytes).sum::<u64>();
            batch.push((incoming, found));
        }
        Ok(Some(Batch(batch)).filter(|batch| !batch.0.is_empty()))
    }

    fn sort(&mut self, root: &Path) -> Result<BTreeMap<String, Own>, IntakeError> {
        let Self { programme, mapping, rows, known, report, .. } = self;
        let refused: BTreeSet<String> =
            report.refused.iter().filter_map(|refused| refused.application.clone()).collect();
        let rows = Rows { programme, mapping, rows, refused: &refused, known };
        sorting::sort(root, &rows, report)
    }

    /// Takes rows in, all of them or none.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub fn take(&mut self, session: &mut Session, batch: &Batch) -> Result<Progress, IntakeError> {
        let taken = session.together(|acts| {
            let mut lines = Vec::new();
            for (incoming, found) in &batch.0 {
                lines.push(take(acts, &self.programme, incoming, found.as_ref(), self.dry_run)?);
            }
            if !self.dry_run {
                acts.hand_over()?;
            }
            Ok(lines)
        })?;
        for line in taken.iter().filter(|line| !line.gone.is_empty()) {
            let gone = Warning::new(
                "attachment-gone",
                "{application}: {files} is here and not in the folder, and stays no longer",
            );
            let gone = gone.with("application", line.key.as_str()).with("files", line.gone.join(", "));
            let remark = Remark::new(gone, line.gone.clone());
            self.report.remarks.push(remark.of(Some(line.row), &line.key));
        }
        self.report.lines.extend(taken);
        Ok(Progress { done: self.report.lines.len(), of: self.rows.len(), bytes: self.bytes })
    }

    /// What it came to.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.report.refused.sort_by(|one, other| (one.row, &one.file).cmp(&(other.row, &other.file)));
        self.report
            .files
            .sort_by(|one, other| (&one.application, &one.at).cmp(&(&other.application, &other.at)));
        self.report.sum_up();
        self.report
    }
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
    let mut changes = Vec::new();
    let application = acts.application(&incoming.row.key)?;
    let gone = match received {
        Some(received) => received.gone(&acts.files(application)?),
        None => Vec::new(),
    };
    let taken = if dry_run {
        let taken = acts.preview(programme, &incoming.row, received)?;
        if taken == Taken::Changed {
            changes = compare(&acts.answers(programme, application)?, incoming);
        }
        taken
    } else {
        let mut seal = |acts: &mut Acts<'_>, new: &NewFile| {
            let path = found.and_then(|found| found.paths.get(&new.contents));
            let path = path.ok_or_else(|| EngineError::NotFound("the file".into()))?;
            seal_file(acts, new, path)
        };
        acts.take_row(programme, &incoming.row, received, &mut seal)?.1
    };
    let files = received.map_or(0, |received| received.files.len());
    let first = programme.fields.iter().find_map(|field| incoming.row.fields.get(field.key.as_str()));
    let (key, title) = (incoming.row.key.clone(), first.cloned().unwrap_or_default());
    Ok(Line { row: incoming.number, key, application, taken, files, title, changes, gone })
}

/// The answers that differ from those that are here.
fn compare(before: &BTreeMap<String, String>, incoming: &Incoming) -> Vec<Change> {
    let differs = |(field, after): (&String, &String)| {
        let before = before.get(field).map_or("", String::as_str);
        let change =
            Change { field: field.clone(), before: before.to_owned(), after: after.trim().to_owned() };
        (*field != incoming.row.key_column && change.before.trim() != change.after).then_some(change)
    };
    incoming.row.fields.iter().filter_map(differs).collect()
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

/// Reads a file, as far as a table may be long.
///
/// # Errors
/// [`IntakeError::Io`].
pub fn read(path: &Path) -> Result<Vec<u8>, IntakeError> {
    let at = |source| IntakeError::Io { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(at)?;
    let mut bytes = Vec::new();
    let mut limited = io::Read::take(file, MAX_FILE_BYTES as u64 + 1);
    io::Read::read_to_end(&mut limited, &mut bytes).map_err(at)?;
    Ok(bytes)
}
