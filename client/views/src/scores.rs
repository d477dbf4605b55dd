//! A table of scores: one's own as a reader, or somebody else's that a coordinator takes down. Looked at row by row without being
//! done, then taken whole or not at all, by the functions that the command line has. Not scoring on a card ([`crate::draft`],
//! [`crate::record`]).

use std::path::Path;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_driver::tables::remember;
use tessera_engine::intake::Mapping;
use tessera_engine::programme::Taken;
use tessera_engine::score_import::{Options, Refusal, RefusalKind, Row, Weighed};
use tessera_model::compute::ComputeError;
use tessera_model::documents::review::Source;
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::scores::Scores;
use tessera_model::table::Table;
use tessera_protocol::ids::MemberId;

use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::intake::{ProblemView, SHOWN, number, taken_word};
use crate::tables::{self, APPLICATION, Part, TableChoices, TableView, asked, own_column, view};
use crate::tasks;
use crate::words::{Labels, count, id};

/// Under which name what was chosen for such a table is remembered.
const NAME: &str = "scores-map";
/// The column that says whose scores they are.
const REVIEWER: &str = "reviewer";

/// How the scores are taken.
#[derive(Debug, Clone, Default, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ScoresWay {
    /// Whose they are, where a coordinator takes them down; none: one's own.
    pub member: Option<String>,
    /// By which way they came, where they are taken down: `paper`, `phone` or `mail`.
    pub source: Option<String>,
    /// Submits one's own, which attests what the programme asks and, where nothing was declared yet, that there is no conflict.
    pub submit: bool,
    /// Why what is here is changed.
    pub reason: String,
}

impl ScoresWay {
    fn reason(&self) -> Option<&str> {
        Some(self.reason.trim()).filter(|reason| !reason.is_empty())
    }

    fn options(&self) -> Options<'_> {
        Options { submit: self.submit, reason: self.reason() }
    }
}

/// Whose scores a coordinator can take down.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ScoresReader {
    /// The member's id.
    pub member: String,
    /// The name.
    pub name: String,
}

/// What a table of scores would do, or did.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ScoresReport {
    /// True for what was done; false for a preview.
    pub done: bool,
    /// Rows where nothing was scored yet.
    pub new: u32,
    /// Rows that change scores.
    pub changed: u32,
    /// Rows that say what is here.
    pub same: u32,
    /// Rows, sorted by application.
    pub rows: Vec<ScoreLine>,
    /// Rows because of which nothing can be taken.
    pub refused: Vec<ProblemView>,
    /// How many that are.
    pub refused_count: u32,
    /// Applications about which "no conflict of interest" is declared with it.
    pub declares: u32,
}

/// One row of the table.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ScoreLine {
    /// Its row in the file.
    pub row: u32,
    /// The application's id.
    pub application: String,
    /// What it is called here.
    pub key: String,
    /// What the round is called.
    pub round: String,
    /// `new`, `changed` or `same`.
    pub outcome: String,
    /// `drafted`, `submitted`, `amended`, `same`.
    pub became: String,
}

/// Looks at a table and guesses which column is what. Nothing is changed.
///
/// # Errors
/// [`Failure`] where the file is no table.
pub fn table(
    session: &mut Session,
    path: &Path,
    sheet: Option<&str>,
    language: &str,
) -> Result<TableView, Failure> {
    let programme = tasks::programme(session)?;
    let labels = Labels::new(&programme, language);
    let plain = [APPLICATION, REVIEWER, "round", "revision", "confidence"].map(Part::plain);
    let criteria = programme.scored().map(|criterion| {
        let key = criterion.key.as_str();
        Part::called(key.to_owned(), labels.criterion(key), criterion.label.as_ref(), key)
    });
    let parts: Vec<Part> = plain.into_iter().chain(criteria).collect();
    view(session, path, sheet, NAME, &parts)
}

/// Reads whose scores a coordinator can take down: everybody else.
///
/// # Errors
/// [`Failure`].
pub fn readers(session: &mut Session) -> Result<Vec<ScoresReader>, Failure> {
    must_coordinate(session)?;
    let me = session.engine().member();
    let names = Names::of(session)?;
    let others = names.members().filter(|member| *member != me);
    let mut readers: Vec<ScoresReader> = others
        .map(|member| ScoresReader { member: member.to_string(), name: names.handle(member) })
        .collect();
    readers.sort_by_cached_key(|reader| reader.name.to_lowercase());
    Ok(readers)
}

/// Says what taking a table would come to, row by row; nothing is written.
///
/// # Errors
/// [`Failure`] where the table itself is wrong.
pub fn preview(
    session: &mut Session,
    path: &Path,
    choices: &TableChoices,
    way: &ScoresWay,
    language: &str,
) -> Result<ScoresReport, Failure> {
    let ready = Ready::of(session, path, choices, way)?;
    let Ready { programme, scores, whose, .. } = &ready;
    let names = Names::of(session)?;
    let theirs = |meant: &str| names.is(whose.member, meant);
    let weighed = session.together(|acts| match whose.source {
        Some(source) => acts.preview_recorded(programme, scores, whose.member, source, way.reason(), theirs),
        None => acts.preview_scores(programme, scores, way.options(), theirs),
    })?;
    Ok(ready.report(Labels::new(programme, language), weighed))
}

/// Takes a table: all of it, or nothing where a row is refused.
///
/// # Errors
/// [`Failure`] with the row that is refused.
pub fn take(
    session: &mut Session,
    path: &Path,
    choices: &TableChoices,
    way: &ScoresWay,
    language: &str,
) -> Result<ScoresReport, Failure> {
    let told = preview(session, path, choices, way, language)?;
    let ready = Ready::of(session, path, choices, way)?;
    let Ready { programme, scores, whose, text, .. } = &ready;
    let names = Names::of(session)?;
    let theirs = |meant: &str| names.is(whose.member, meant);
    let rows: Result<Vec<Row>, Refusal> = session.together(|acts| match whose.source {
        Some(source) => acts.record_scores(programme, scores, whose.member, source, way.reason(), theirs),
        None => acts.import_scores(programme, scores, way.options(), theirs),
    })?;
    rows.map_err(|refusal| ready.failure(refusal))?;
    remember(session, NAME, text)?;
    Ok(ScoresReport { done: true, ..told })
}

/// Whose scores are taken, and how they came where somebody else takes them.
struct Whose {
    member: MemberId,
    source: Option<Source>,
}

/// A table that is read as scores.
struct Ready {
    programme: Programme,
    mapping: Mapping,
    scores: Scores,
    whose: Whose,
    /// What was chosen, as it is remembered.
    text: String,
}

impl Ready {
    fn of(
        session: &mut Session,
        path: &Path,
        choices: &TableChoices,
        way: &ScoresWay,
    ) -> Result<Self, Failure> {
        let whose = match (&way.member, &way.source) {
            (Some(member), source) => {
                must_coordinate(session)?;
                let source = source.as_deref().and_then(Source::parse);
                let source = Some(source.ok_or_else(|| Failure::bad_input("the way"))?);
                Whose { member: id(member)?, source }
            }
            (None, _) => Whose { member: session.engine().member(), source: None },
        };
        let mapping = tables::mapping(choices)?;
        // What cannot be remembered is told before anything is taken.
        let text = mapping.to_text()?;
        let mut table = asked(path, &mapping)?;
        if table.column(REVIEWER).is_none() {
            // Whose they are is said beside the table.
            put_column(&mut table, REVIEWER, &whose.member.to_string());
        }
        let programme = tasks::programme(session)?;
        let policy = Policy::of(&programme)
            .map_err(|error| ComputeError::Policy { file: "the programme".to_owned(), error })?;
        let (scores, _) = Scores::of_table(&table, &policy).map_err(|mut error| {
            error.place.column = error.place.column.map(|part| own_column(&mapping, part));
            error
        })?;
        Ok(Self { programme, mapping, scores, whose, text })
    }

    fn report(&self, labels: Labels<'_>, weighed: Vec<Result<Weighed, Refusal>>) -> ScoresReport {
        let (mut rows, mut refused, mut declares) = (Vec::new(), Vec::new(), 0);
        let (mut new, mut changed, mut same) = (0, 0, 0);
        for (index, weighed) in weighed.into_iter().enumerate() {
            let (row, taken) = match weighed {
                Ok(Weighed { row, taken }) => (row, taken),
                Err(refusal) => {
                    refused.push(self.problem(index, refusal));
                    continue;
                }
            };
            match taken {
                Taken::New => new += 1,
                Taken::Changed => changed += 1,
                Taken::Same => same += 1,
            }
            declares += u32::from(row.declared);
            rows.push(ScoreLine {
                row: number(self.scores.place(index).row.unwrap_or_default()),
                application: row.application.to_string(),
                key: row.label,
                round: labels.round(&row.round),
                outcome: taken_word(taken).to_owned(),
                became: row.became.as_str().to_owned(),
            });
        }
        rows.truncate(SHOWN);
        let refused_count = count(refused.len());
        refused.truncate(SHOWN);
        ScoresReport { done: false, new, changed, same, rows, refused, refused_count, declares }
    }

    fn problem(&self, index: usize, Refusal { kind, place }: Refusal) -> ProblemView {
        let application = self.scores.reviews()[index].application.clone();
        let about = match &kind {
            RefusalKind::OtherReviewer(name) => name.clone(),
            _ => application.clone(),
        };
        ProblemView {
            row: place.row.map(number),
            key: Some(application),
            column: place.column.map(|part| own_column(&self.mapping, part)),
            code: kind.code().to_owned(),
            value: about,
            text: kind.to_string(),
        }
    }

    fn failure(&self, Refusal { kind, place }: Refusal) -> Failure {
        let failure = Failure::new(kind.code(), kind.to_string()).at(place.file);
        let column = place.column.map(|part| own_column(&self.mapping, part).into_boxed_str());
        Failure { row: place.row.map(number), column, ..failure }
    }
}

/// Gives every row the same cell in a column of its own.
fn put_column(table: &mut Table, name: &str, cell: &str) {
    table.columns.push(name.to_owned());
    table.rows.iter_mut().for_each(|row| row.cells.push(cell.to_owned()));
}
