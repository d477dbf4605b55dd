//! A coordinator's board: every application, how far it is, who is silent. Rows are read once and filtered many times, so
//! that typing in a search field asks no store.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::eligibility::Lacks;
use tessera_model::documents::{AssignmentState, Outcome};
use tessera_model::programme::Programme;
use tessera_protocol::ids::{ApplicationId, MemberId};

use crate::failure::Failure;
use crate::tasks;
use crate::words::{Labels, count};

/// How many reads an application gets where no round says it.
const READS: u32 = 3;
/// The most rows of one page.
const PAGE: u32 = 500;

/// How far an application is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum AppStage {
    /// Nobody judged the conditions yet.
    Received,
    /// Coordinators contradict one another about a condition.
    Contested,
    /// A condition is not met.
    Ineligible,
    /// Every condition is met.
    Eligible,
    /// Somebody is to read it.
    Assigned,
    /// Every reader has read it.
    Read,
    /// Taken back by the applicant.
    Withdrawn,
}

/// One application.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BoardRow {
    /// Its id.
    pub application: String,
    /// Its key of the import.
    pub key: String,
    /// The first answer of the form: usually the name.
    pub title: String,
    /// How far it is.
    pub stage: AppStage,
    /// Who are to read it.
    pub readers: u32,
    /// How many should.
    pub wanted: u32,
    /// Reviews that count.
    pub reviews: u32,
    /// Files.
    pub files: u32,
    /// Required answers and files that are missing.
    pub lacks: Vec<String>,
    /// Answers by which rows are filtered.
    pub answers: BTreeMap<String, String>,
}

/// The board above the rows.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Board {
    /// How many are how far.
    pub stages: Vec<StageCount>,
    /// All applications.
    pub total: u32,
    /// Reads that were done, of those that are to be.
    pub reads: Reads,
    /// Readers, the most behind first.
    pub readers: Vec<ReaderRow>,
    /// Questions that wait for a person.
    pub queue: u32,
    /// The newest time of a relay's clock that is known here.
    pub last_exchange_ms: Option<u64>,
    /// Answers by which rows can be filtered.
    pub filters: Vec<Filter>,
}

/// How many applications are how far.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StageCount {
    /// How far.
    pub stage: AppStage,
    /// How many.
    pub count: u32,
}

/// Reads that were done, of those that are to be.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Reads {
    /// Done.
    pub done: u32,
    /// To be done.
    pub wanted: u32,
}

/// How far a reader is.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReaderRow {
    /// The member's id.
    pub member: String,
    /// The name.
    pub name: String,
    /// What is assigned.
    pub assigned: u32,
    /// What came.
    pub submitted: u32,
}

/// An answer by which rows can be filtered.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    /// The field's key.
    pub field: String,
    /// What it is called.
    pub label: String,
    /// What can be chosen.
    pub options: Vec<FilterOption>,
}

/// One choice of a filter.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FilterOption {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub label: String,
}

/// Which rows are wanted, in which order.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BoardQuery {
    /// Words that key, title or an answer hold; all of them.
    pub text: String,
    /// Only rows that are so far.
    pub stage: Option<AppStage>,
    /// Only rows with an answer to this field…
    pub field: Option<String>,
    /// …which is this one.
    pub value: Option<String>,
    /// By what they are sorted.
    pub sort: BoardSort,
    /// Greatest first.
    pub descending: bool,
    /// From which row on.
    pub offset: u32,
    /// How many rows.
    pub limit: u32,
}

/// By what rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum BoardSort {
    /// Key of the import.
    Key,
    /// First answer.
    Title,
    /// How far it is.
    Stage,
    /// Reviews that count.
    Reviews,
}

/// Some rows of all that fit.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BoardPage {
    /// How many fit.
    pub total: u32,
    /// The rows.
    pub rows: Vec<BoardRow>,
}

/// A row with what is searched in it.
#[derive(Debug, Clone)]
pub struct Searched {
    row: BoardRow,
    folded: String,
}

/// Fails where this home is not a coordinator's.
pub(crate) fn must_coordinate(session: &mut Session) -> Result<(), Failure> {
    if session.engine().is_coordinator() {
        return Ok(());
    }
    Err(Failure::new("not-permitted", "this is a coordinator's"))
}

/// Reads every row.
///
/// # Errors
/// [`Failure`].
pub fn rows(session: &mut Session, language: &str) -> Result<Vec<Searched>, Failure> {
    must_coordinate(session)?;
    let Some(programme) = tasks::programme_or_none(session)? else { return Ok(Vec::new()) };
    let labels = Labels::new(&programme, language);
    let wanted = programme.rounds.iter().filter_map(|round| round.reads).max().unwrap_or(READS);
    let (known, readers, reviewed) = session.together(|acts| {
        let mut readers: BTreeMap<ApplicationId, BTreeSet<MemberId>> = BTreeMap::new();
        for (pair, assignment) in acts.assignments()? {
            if assignment.state == Some(AssignmentState::Assigned) {
                readers.entry(pair.application).or_default().insert(pair.member);
            }
        }
        let mut reviewed: BTreeMap<ApplicationId, BTreeSet<MemberId>> = BTreeMap::new();
        for review in acts.reviews()? {
            if review.counts.is_ok() {
                reviewed.entry(review.application).or_default().insert(review.member);
            }
        }
        Ok((acts.applications()?, readers, reviewed))
    })?;
    let shown: Vec<&str> = programme
        .fields
        .iter()
        .filter(|field| !field.options.is_empty())
        .map(|field| field.key.as_str())
        .collect();
    let mut rows = Vec::with_capacity(known.len());
    for (id, identity) in known {
        let readers = readers.get(&id).map_or(0, BTreeSet::len);
        let reviews = reviewed.get(&id).map_or(0, BTreeSet::len);
        let row = session.together(|acts| {
            let judged = acts.eligibility(&programme, id)?;
            let withdrawn = acts.withdrawal(id)?.is_some();
            let answers = acts.answers(&programme, id)?;
            let files = acts.files(id)?;
            let exception = judged.read.value.exception_asked.is_some() || judged.asked_by.is_some();
            let lacks = Lacks::of(&programme, &answers, &files, exception);
            let first = programme.fields.iter().find_map(|field| answers.get(field.key.as_str()));
            Ok(BoardRow {
                application: id.to_string(),
                key: identity.key.clone(),
                title: first.cloned().unwrap_or_default(),
                stage: stage(withdrawn, readers, reviews, &judged.outcome),
                readers: count(readers),
                wanted,
                reviews: count(reviews),
                files: count(files.files.len()),
                lacks: named(labels, &lacks),
                answers: answers.into_iter().filter(|(key, _)| shown.contains(&key.as_str())).collect(),
            })
        })?;
        let folded = fold(&format!("{} {}", row.key, row.title));
        rows.push(Searched { row, folded });
    }
    Ok(rows)
}

fn stage(withdrawn: bool, readers: usize, reviews: usize, outcome: &Outcome) -> AppStage {
    match outcome {
        _ if withdrawn => AppStage::Withdrawn,
        Outcome::NotEligible(_) => AppStage::Ineligible,
        Outcome::Contested(_) => AppStage::Contested,
        _ if readers > 0 && reviews >= readers => AppStage::Read,
        _ if readers > 0 => AppStage::Assigned,
        Outcome::Eligible | Outcome::ByException => AppStage::Eligible,
        Outcome::Undecided(_) => AppStage::Received,
    }
}

/// What is missing, in words.
pub(crate) fn named(labels: Labels<'_>, lacks: &Lacks) -> Vec<String> {
    let answers = lacks.answers.iter().map(|key| labels.field(key));
    let files = lacks.files.iter().map(|(key, more)| format!("{more} × {}", labels.slot(key)));
    answers.chain(files).collect()
}

/// Makes a text comparable: lower case, without accents, in any script.
pub(crate) fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    use unicode_normalization::char::is_combining_mark;
    text.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase()
}

/// Filters, sorts and cuts rows.
#[must_use]
pub fn page(rows: &[Searched], query: &BoardQuery) -> BoardPage {
    let words: Vec<String> = fold(&query.text).split_whitespace().map(str::to_owned).collect();
    let fits = |one: &&Searched| {
        words.iter().all(|word| one.folded.contains(word.as_str()))
            && query.stage.is_none_or(|stage| one.row.stage == stage)
            && match (&query.field, &query.value) {
                (Some(field), Some(value)) => one
                    .row
                    .answers
                    .get(field)
                    .is_some_and(|answer| answer.split(';').any(|part| part == value)),
                _ => true,
            }
    };
    let mut found: Vec<&Searched> = rows.iter().filter(fits).collect();
    found.sort_by(|one, other| {
        let by = match query.sort {
            BoardSort::Key => one.row.key.cmp(&other.row.key),
            BoardSort::Title => one.folded.cmp(&other.folded),
            BoardSort::Stage => one.row.stage.cmp(&other.row.stage),
            BoardSort::Reviews => one.row.reviews.cmp(&other.row.reviews),
        };
        let by = if query.descending { by.reverse() } else { by };
        by.then_with(|| one.row.key.cmp(&other.row.key))
    });
    let total = count(found.len());
    let from = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let most = usize::try_from(query.limit.min(PAGE)).unwrap_or(usize::MAX);
    let rows = found.into_iter().skip(from).take(most).map(|one| one.row.clone()).collect();
    BoardPage { total, rows }
}

/// Reads the board above its rows.
///
/// # Errors
/// [`Failure`].
pub fn board(session: &mut Session, rows: &[Searched], language: &str) -> Result<Board, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme_or_none(session)?;
    let mut stages: BTreeMap<AppStage, u32> = BTreeMap::new();
    rows.iter().for_each(|one| *stages.entry(one.row.stage).or_default() += 1);
    let readers = readers(session)?;
    let reads = readers.iter().fold(Reads { done: 0, wanted: 0 }, |reads, reader| Reads {
        done: reads.done + reader.submitted.min(reader.assigned),
        wanted: reads.wanted + reader.assigned,
    });
    let (queue, last_exchange_ms) =
        session.together(|acts| Ok((acts.queue()?.len(), acts.last_evidence_ms()?)))?;
    Ok(Board {
        stages: stages.into_iter().map(|(stage, count)| StageCount { stage, count }).collect(),
        total: count(rows.len()),
        reads,
        readers,
        queue: count(queue),
        last_exchange_ms,
        filters: programme.map(|programme| filters(&programme, language)).unwrap_or_default(),
    })
}

fn readers(session: &mut Session) -> Result<Vec<ReaderRow>, Failure> {
    let names = Names::of(session)?;
    let (assignments, reviews) = session.together(|acts| Ok((acts.assignments()?, acts.reviews()?)))?;
    let mut by_member: BTreeMap<MemberId, (u32, u32)> = BTreeMap::new();
    for (pair, assignment) in &assignments {
        if assignment.state == Some(AssignmentState::Assigned) {
            by_member.entry(pair.member).or_default().0 += 1;
        }
    }
    for review in reviews.iter().filter(|review| review.counts.is_ok()) {
        by_member.entry(review.member).or_default().1 += 1;
    }
    let mut rows: Vec<ReaderRow> = by_member
        .into_iter()
        .map(|(member, (assigned, submitted))| ReaderRow {
            member: member.to_string(),
            name: names.handle(member),
            assigned,
            submitted,
        })
        .collect();
    let left = |row: &ReaderRow| row.assigned.saturating_sub(row.submitted);
    rows.sort_by(|one, other| (left(other), &one.name).cmp(&(left(one), &other.name)));
    Ok(rows)
}

fn filters(programme: &Programme, language: &str) -> Vec<Filter> {
    let labels = Labels::new(programme, language);
    let chosen = programme.fields.iter().filter(|field| !field.options.is_empty());
    chosen
        .map(|field| Filter {
            field: field.key.to_string(),
            label: labels.field(field.key.as_str()),
            options: field
                .options
                .iter()
                .map(|option| FilterOption { key: option.key.to_string(), label: labels.said(&option.label) })
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, title: &str, stage: AppStage, region: &str) -> Searched {
        let row = BoardRow {
            application: key.to_owned(),
            key: key.to_owned(),
            title: title.to_owned(),
            stage,
            readers: 0,
            wanted: 3,
            reviews: 0,
            files: 0,
            lacks: Vec::new(),
            answers: BTreeMap::from([("region".to_owned(), region.to_owned())]),
        };
        let folded = fold(&format!("{key} {title}"));
        Searched { row, folded }
    }

    fn query(text: &str) -> BoardQuery {
        BoardQuery {
            text: text.to_owned(),
            stage: None,
            field: None,
            value: None,
            sort: BoardSort::Key,
            descending: false,
            offset: 0,
            limit: 50,
        }
    }

    #[test]
    fn rows_are_found_in_any_script_without_accents() {
        let rows = [
            row("A-3", "Zoë Müller", AppStage::Eligible, "europe"),
            row("A-1", "مريم الزهراء", AppStage::Received, "africa"),
            row("A-2", "王小明", AppStage::Received, "asia;africa"),
        ];
        let keys = |query: &BoardQuery| -> Vec<String> {
            page(&rows, query).rows.into_iter().map(|row| row.key).collect()
        };
        assert_eq!(keys(&query("")), ["A-1", "A-2", "A-3"]);
        assert_eq!(keys(&query("muller zoe")), ["A-3"]);
        assert_eq!(keys(&query("الزهراء")), ["A-1"]);
        assert_eq!(keys(&query("小明")), ["A-2"]);
        let africa = BoardQuery {
            field: Some("region".into()),
            value: Some("africa".into()),
            descending: true,
            ..query("")
        };
        assert_eq!(keys(&africa), ["A-2", "A-1"]);
        let received = BoardQuery { stage: Some(AppStage::Received), offset: 1, limit: 1, ..query("") };
        assert_eq!((keys(&received), page(&rows, &received).total), (vec!["A-2".to_owned()], 2));
    }
}
