//! What becomes of each file of a folder: each is told once, so that none is lost in silence.

use std::path::Path;

use tessera_engine::intake::{FileProblem, Incoming, Refused, Remark};
use tessera_model::input::Warning;

use super::Report;

/// Names that a sum of files tells.
const NAMED: usize = 20;

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// Where it lies, from the folder on, with `/` between.
    pub at: String,
    /// The folder in which it lies, where that is not its application's own.
    pub folder: Option<String>,
    /// The key of the application that it fits, where it fits one.
    pub application: Option<String>,
    /// The attachment that it is, or `unasked`; none for what is not taken.
    pub slot: Option<String>,
    /// By what it found its application.
    pub how: Option<How>,
    /// What becomes of it.
    pub fate: Fate,
}

impl Filed {
    /// Its name alone.
    #[must_use]
    pub fn name(&self) -> &str {
        self.at.rsplit_once('/').map_or(self.at.as_str(), |(_, name)| name)
    }

    /// Whether somebody has to say what it is, or whose.
    #[must_use]
    pub fn says_too_little(&self) -> bool {
        self.fate.is_open() || self.fate == Fate::Unasked
    }
}

/// By what a file found its application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It lies in the application's folder.
    Folder,
    /// Its name, or its folder's, holds the application's key.
    Name,
    /// A cell of the table names it.
    Table,
    /// A person said so.
    Choice,
}

impl How {
    /// Returns the word that scripts see.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Name => "name",
            Self::Table => "table",
            Self::Choice => "choice",
        }
    }
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is taken.
    Taken,
    /// It is taken, though nobody asked for it: coordinators alone see it.
    Unasked,
    /// It cannot be taken; the report's list of what is refused says why.
    Refused,
    /// A person left it out.
    LeftOut,
    /// A system or an office program put it there for itself.
    System,
    /// It fits no application.
    NoApplication,
    /// Its application's row has a mistake and is not taken.
    RowRefused,
    /// Its application is here, and this table has no row of it.
    NotInTable,
}

impl Fate {
    /// Returns the word that scripts see.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Unasked => "unasked",
            Self::Refused => "refused",
            Self::LeftOut => "left-out",
            Self::System => "of-the-system",
            Self::NoApplication => "no-application",
            Self::RowRefused => "row-refused",
            Self::NotInTable => "not-in-table",
        }
    }

    /// Whether it comes in.
    #[must_use]
    pub fn is_taken(self) -> bool {
        matches!(self, Self::Taken | Self::Unasked)
    }

    /// Whether nobody said yet where it goes.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::NoApplication | Self::RowRefused | Self::NotInTable)
    }
}

impl Report {
    /// How many files came to that.
    #[must_use]
    pub fn count_files(&self, fate: impl Fn(Fate) -> bool) -> usize {
        self.files.iter().filter(|file| fate(file.fate)).count()
    }

    /// Notes a file that cannot be taken.
    pub(super) fn refuse_file(
        &mut self,
        incoming: Option<&Incoming>,
        path: &Path,
        name: &str,
        problem: &FileProblem,
    ) {
        self.refused.push(Refused {
            application: incoming.map(|incoming| incoming.row.key.clone()),
            file: path.display().to_string(),
            row: incoming.map(|incoming| incoming.number),
            column: None,
            value: name.to_owned(),
            code: problem.code(),
            message: format!("`{name}`: {problem}"),
        });
    }

    /// Sums up what is not taken though nothing is wrong with it.
    pub(super) fn sum_up(&mut self) {
        let left_out = Warning::new("files-left-out", "files left out, as was said ({count}): {files}");
        let left_out = self.sum(left_out, |fate| fate == Fate::LeftOut);
        let open = Warning::new(
            "files-unplaced",
            "files of no application that is taken, and left out ({count}): {files}",
        );
        let open = self.sum(open, Fate::is_open);
        self.remarks.extend(left_out.into_iter().chain(open));
    }

    fn sum(&self, warning: Warning, fate: impl Fn(Fate) -> bool) -> Option<Remark> {
        let of: Vec<&Filed> = self.files.iter().filter(|file| fate(file.fate)).collect();
        let names: Vec<String> = of.iter().take(NAMED).map(|file| file.at.clone()).collect();
        let more = of.len() - names.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let files = format!("{}{more}", names.join(", "));
        (!of.is_empty()).then(|| Remark::new(warning.with("count", of.len()).with("files", files), names))
    }
}
