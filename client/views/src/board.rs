//! A coordinator's board: every application, how far it is, who is silent. Rows are read once and filtered many times, so
//! that typing in a search field asks no store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::eligibility::Lacks;
use tessera_engine::programme::round;
use tessera_engine::progress::{Progress, Readings};
use tessera_engine::store::StoreError;
use tessera_engine::{Acts, EngineError};
use tessera_model::documents::{Identity, Kind, Sameness};
use tessera_model::programme::Programme;
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_vault::ids::Audience;

use crate::eligibility::Checked;
use crate::failure::Failure;
use crate::tasks;
use crate::words::{Labels, count};

/// How many reads an application gets where no round says it.
const READS: u32 = 3;
/// The most rows of one page.
pub(crate) const PAGE: u32 = 500;

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
    /// A coordinator's verdict on its reviews stands, and nobody else is to read it.
    Moderated,
    /// Taken back by the applicant.
    Withdrawn,
}

impl From<Progress> for AppStage {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Received => Self::Received,
            Progress::Contested => Self::Contested,
            Progress::Ineligible => Self::Ineligible,
            Progress::Eligible => Self::Eligible,
            Progress::Assigned => Self::Assigned,
            Progress::Read => Self::Read,
            Progress::Moderated => Self::Moderated,
            Progress::Withdrawn => Self::Withdrawn,
        }
    }
}

/// One application.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
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
    /// True where a round's rule asks for one reader more than were asked.
    pub further: bool,
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
    /// Done, or still to be done.
    pub wanted: u32,
    /// Further reads that rounds ask for and that nobody is asked to do yet.
    pub further: u32,
}

/// How far a reader is.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReaderRow {
    /// The member's id.
    pub member: String,
    /// The name.
    pub name: String,
    /// What came, or is still to come.
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

/// Where an application stands among the rows that fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BoardPlace {
    /// The one before it.
    pub previous: Option<String>,
    /// The one after it.
    pub next: Option<String>,
    /// Its place, from 1.
    pub place: u32,
    /// Of how many.
    pub of: u32,
}

/// A row with what is searched in it, and who reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Searched {
    pub(crate) row: BoardRow,
    /// What was decided on its conditions.
    pub(crate) checked: Checked,
    /// Key and title, made comparable.
    folded: String,
    /// Where in it the title begins, in bytes.
    title_at: usize,
    /// Members who are to read it, a reading each.
    assigned: Vec<[u8; 16]>,
    /// Members of whom a review came, a review each.
    came: Vec<[u8; 16]>,
    /// Members who are still to read it, a reading each.
    left: Vec<[u8; 16]>,
}

impl Searched {
    fn new(row: BoardRow, readings: Readings) -> Self {
        let ids = |members: Vec<MemberId>| members.into_iter().map(|member| member.0).collect();
        let key = fold(&row.key);
        let folded = format!("{key} {}", fold(&row.title));
        let (assigned, came, left) = (ids(readings.assigned), ids(readings.came), ids(readings.left));
        let title_at = key.len() + 1;
        Self { row, checked: Checked::default(), folded, title_at, assigned, came, left }
    }

    /// Whether key and title hold all of these words.
    pub(crate) fn holds(&self, words: &[String]) -> bool {
        words.iter().all(|word| self.folded.contains(word.as_str()))
    }

    /// Whether this member is to read it, also where a conflict of interest keeps it from reading.
    pub(crate) fn is_to_read(&self, member: MemberId) -> bool {
        self.assigned.contains(&member.0)
    }

    fn title(&self) -> &str {
        self.folded.get(self.title_at..).unwrap_or_default()
    }
}

/// Every row, as they were read together, and which applications may be one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Whole {
    /// What fields there are; a board of another form is none.
    form: u32,
    language: String,
    /// The rows, by key.
    pub rows: Vec<Searched>,
    /// Pairs of applications that may be one and that nobody called different.
    pub twins: Vec<(String, String)>,
    /// Questions that wait for a person; none where that was not asked since something changed.
    pub waiting: Option<u32>,
}

/// The form of a board that is kept: another number wherever a field of [`Whole`] or of what it holds changes.
const FORM: u32 = 5;
/// The most applications of which rows are read anew one by one; more are read together.
const ONE_BY_ONE: usize = 20;
/// Kinds of documents that say which applications are alike.
const TELLING: [Kind; 4] = [Kind::Identity, Kind::Dossier, Kind::Manifest, Kind::Duplicate];
/// Kinds of documents by which no application gets a further reader.
const ASIDE: [Kind; 4] = [Kind::Card, Kind::Draft, Kind::Note, Kind::Duplicate];

/// Fails where this home is not a coordinator's.
pub(crate) fn must_coordinate(session: &mut Session) -> Result<(), Failure> {
    if session.engine().is_coordinator() {
        return Ok(());
    }
    Err(Failure::new("not-permitted", "this is a coordinator's"))
}

/// Reads every row, or only those of which something changed since `before` was read.
///
/// # Errors
/// [`Failure`].
pub fn whole(
    session: &mut Session,
    before: Option<Arc<Whole>>,
    language: &str,
) -> Result<Arc<Whole>, Failure> {
    must_coordinate(session)?;
    let touched = session.engine().take_touched();
    let changed: BTreeSet<ApplicationId> = touched.applications.iter().map(|(id, _)| *id).collect();
    let first = before.is_none();
    let usable =
        |whole: &Arc<Whole>| whole.language == language && !touched.everything && changed.len() <= ONE_BY_ONE;
    let before = before.filter(usable);
    if let Some(before) = before.as_ref().filter(|_| changed.is_empty()) {
        return Ok(Arc::clone(before));
    }
    let Some(programme) = tasks::programme_or_none(session)? else {
        let rows = Vec::new();
        return Ok(Arc::new(Whole {
            form: FORM,
            language: language.to_owned(),
            rows,
            twins: Vec::new(),
            waiting: Some(0),
        }));
    };
    if let Some(before) = before {
        let kinds = touched.applications.iter().map(|(_, kind)| *kind).collect();
        return Ok(Arc::new(renewed(session, &programme, &before, &changed, &kinds)?));
    }
    // The first time, what was kept may be good still.
    if first
        && let Some(bytes) = session.engine().kept_view()?
        && let Ok(whole) = postcard::from_bytes::<Whole>(&bytes)
        && (whole.form, whole.language.as_str()) == (FORM, language)
    {
        return Ok(Arc::new(whole));
    }
    let labels = Labels::new(&programme, language);
    let (rows, twins, waiting) = session.together(|acts| {
        let survey = acts.survey()?;
        let mut readings = acts.readings(&survey.reviews)?;
        let mut rows = Vec::new();
        for (id, identity) in acts.applications()? {
            let readings = readings.remove(&id).unwrap_or_default();
            rows.push(row(acts, &programme, labels, id, identity.key, readings)?);
        }
        mark_further(acts, &programme, &mut rows)?;
        Ok((rows, twins(acts, &programme)?, survey.waiting.len()))
    })?;
    let whole =
        Whole { form: FORM, language: language.to_owned(), rows, twins, waiting: Some(count(waiting)) };
    keep(session, &whole)?;
    Ok(Arc::new(whole))
}

/// Keeps what was read for the next time the home is opened; whatever changes anything forgets it.
///
/// # Errors
/// [`Failure`].
pub fn keep(session: &mut Session, whole: &Whole) -> Result<(), Failure> {
    let bytes = postcard::to_allocvec(whole).map_err(|error| Failure::new("internal", error.to_string()))?;
    match session.engine().keep_view(&bytes) {
        // A disk that takes nothing makes the next start slower, and nothing else.
        Ok(())
        | Err(EngineError::Store(StoreError::Full | StoreError::ReadOnly | StoreError::TooLarge { .. })) => {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn renewed(
    session: &mut Session,
    programme: &Programme,
    before: &Whole,
    changed: &BTreeSet<ApplicationId>,
    kinds: &BTreeSet<Kind>,
) -> Result<Whole, Failure> {
    let mut whole = Whole { waiting: None, ..before.clone() };
    let labels = Labels::new(programme, &before.language);
    session.together(|acts| {
        for id in changed {
            let application = id.to_string();
            let further = whole.rows.iter().any(|one| one.row.application == application && one.row.further);
            whole.rows.retain(|one| one.row.application != application);
            let Some(identity) = acts.read::<Identity>(&Audience::File(*id), &id.0)? else { continue };
            let reviews = acts.tallies_of(*id)?;
            let readings = acts.readings_of(*id, &reviews)?;
            let mut row = row(acts, programme, labels, *id, identity.value.key, readings)?;
            row.row.further = further;
            whole.rows.push(row);
        }
        if kinds.iter().any(|kind| TELLING.contains(kind)) {
            whole.twins = twins(acts, programme)?;
        }
        // A review of one moves the line of seats for others; what its reader is writing moves nothing.
        if kinds.iter().any(|kind| !ASIDE.contains(kind)) {
            mark_further(acts, programme, &mut whole.rows)?;
        }
        Ok(())
    })?;
    whole.rows.sort_by(|one, other| one.row.key.as_bytes().cmp(other.row.key.as_bytes()));
    Ok(whole)
}

/// Marks the applications for which rounds that are not closed ask for one more reader.
fn mark_further(
    acts: &mut Acts<'_>,
    programme: &Programme,
    rows: &mut [Searched],
) -> Result<(), EngineError> {
    let mut further: BTreeSet<String> = BTreeSet::new();
    for one in programme.rounds.iter().filter(|one| one.further.is_some()) {
        if acts.permission().closes.contains_key(&round(one.key.as_str())) {
            continue;
        }
        // Why scores cannot be put in order the assignment says.
        if let Ok(Some(found)) = acts.further(programme, one)? {
            further.extend(found.needed.iter().map(|(application, _)| application.to_string()));
        }
    }
    rows.iter_mut().for_each(|one| one.row.further = further.contains(&one.row.application));
    Ok(())
}

fn twins(acts: &mut Acts<'_>, programme: &Programme) -> Result<Vec<(String, String)>, EngineError> {
    let twins = acts.likely_duplicates(programme)?.into_iter();
    // Two people's applications are no duplicates.
    let twins = twins.filter(|twin| twin.verdict != Some(Sameness::Different) || twin.contested);
    Ok(twins.map(|twin| (twin.one.to_string(), twin.other.to_string())).collect())
}

fn row(
    acts: &mut Acts<'_>,
    programme: &Programme,
    labels: Labels<'_>,
    id: ApplicationId,
    key: String,
    readings: Readings,
) -> Result<Searched, EngineError> {
    let judged = acts.eligibility(programme, id)?;
    let withdrawn = acts.withdrawal(id)?.is_some();
    let answers = acts.answers(programme, id)?;
    let files = acts.files(id)?;
    let exception = judged.read.value.exception_asked.is_some() || judged.asked_by.is_some();
    let lacks = Lacks::of(programme, &answers, &files, exception);
    let first = programme.fields.iter().find_map(|field| answers.get(field.key.as_str()));
    let chosen = |key: &str| {
        programme.fields.iter().any(|field| field.key.as_str() == key && !field.options.is_empty())
    };
    let row = BoardRow {
        application: id.to_string(),
        key,
        title: first.cloned().unwrap_or_default(),
        stage: readings.progress(programme, withdrawn, &judged.outcome).into(),
        readers: count(readings.readers()),
        wanted: programme.rounds.iter().filter_map(|round| round.reads).max().unwrap_or(READS),
        reviews: count(readings.reviewers()),
        further: false,
        files: count(files.originals().count()),
        lacks: named(labels, &lacks),
        answers: answers.into_iter().filter(|(key, _)| chosen(key)).collect(),
    };
    Ok(Searched { checked: Checked::of(programme, &judged), ..Searched::new(row, readings) })
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

/// The words of a search, made comparable.
pub(crate) fn words(text: &str) -> Vec<String> {
    fold(text).split_whitespace().map(str::to_owned).collect()
}

/// Filters, sorts and cuts rows.
#[must_use]
pub fn page(rows: &[Searched], query: &BoardQuery) -> BoardPage {
    let found = fitting(rows, query);
    let total = count(found.len());
    let from = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let most = usize::try_from(query.limit.min(PAGE)).unwrap_or(usize::MAX);
    let rows = found.into_iter().skip(from).take(most).map(|one| one.row.clone()).collect();
    BoardPage { total, rows }
}

/// Finds an application among the rows that fit; none where it is not one of them. Where a page begins and ends makes
/// no difference.
#[must_use]
pub fn around(rows: &[Searched], query: &BoardQuery, application: &str) -> Option<BoardPlace> {
    let found = fitting(rows, query);
    let at = found.iter().position(|one| one.row.application == application)?;
    let id = |at: usize| found.get(at).map(|one| one.row.application.clone());
    Some(BoardPlace {
        previous: at.checked_sub(1).and_then(id),
        next: id(at + 1),
        place: count(at + 1),
        of: count(found.len()),
    })
}

/// The rows that fit, in order.
fn fitting<'a>(rows: &'a [Searched], query: &BoardQuery) -> Vec<&'a Searched> {
    let words = words(&query.text);
    let fits = |one: &&Searched| {
        one.holds(&words)
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
            BoardSort::Title => one.title().cmp(other.title()),
            BoardSort::Stage => one.row.stage.cmp(&other.row.stage),
            BoardSort::Reviews => one.row.reviews.cmp(&other.row.reviews),
        };
        let by = if query.descending { by.reverse() } else { by };
        by.then_with(|| one.row.key.cmp(&other.row.key))
    });
    found
}

/// Makes the board above its rows.
///
/// # Errors
/// [`Failure`].
pub fn board(session: &mut Session, whole: &Whole, language: &str) -> Result<Board, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme_or_none(session)?;
    let names = Names::of(session)?;
    let mut stages: BTreeMap<AppStage, u32> = BTreeMap::new();
    whole.rows.iter().for_each(|one| *stages.entry(one.row.stage).or_default() += 1);
    let readers = readers(&whole.rows, &names);
    let further = count(whole.rows.iter().filter(|one| one.row.further).count());
    let reads = readers.iter().fold(Reads { done: 0, wanted: 0, further }, |reads, reader| Reads {
        done: reads.done + reader.submitted,
        wanted: reads.wanted + reader.assigned,
        ..reads
    });
    Ok(Board {
        stages: stages.into_iter().map(|(stage, count)| StageCount { stage, count }).collect(),
        total: count(whole.rows.len()),
        reads,
        readers,
        last_exchange_ms: session.together(|acts| acts.last_evidence_ms())?,
        filters: programme.map(|programme| filters(&programme, language)).unwrap_or_default(),
    })
}

fn readers(rows: &[Searched], names: &Names) -> Vec<ReaderRow> {
    let mut by_member: BTreeMap<[u8; 16], (u32, u32)> = BTreeMap::new();
    for one in rows {
        one.came.iter().for_each(|member| by_member.entry(*member).or_default().0 += 1);
        one.left.iter().for_each(|member| by_member.entry(*member).or_default().1 += 1);
    }
    let row = |(member, (submitted, left)): ([u8; 16], (u32, u32))| ReaderRow {
        member: MemberId(member).to_string(),
        name: names.handle(MemberId(member)),
        assigned: submitted + left,
        submitted,
    };
    let mut rows: Vec<ReaderRow> = by_member.into_iter().map(row).collect();
    let left = |row: &ReaderRow| row.assigned - row.submitted;
    rows.sort_by(|one, other| (left(other), &one.name).cmp(&(left(one), &other.name)));
    rows
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
            further: false,
            files: 0,
            lacks: Vec::new(),
            answers: BTreeMap::from([("region".to_owned(), region.to_owned())]),
        };
        Searched::new(row, Readings::default())
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
        let by_title = BoardQuery { sort: BoardSort::Title, ..query("") };
        assert_eq!(keys(&by_title), ["A-3", "A-1", "A-2"]);
        let place = around(&rows, &by_title, "A-1").unwrap();
        assert_eq!((place.previous.as_deref(), place.next.as_deref()), (Some("A-3"), Some("A-2")));
        assert_eq!((place.place, place.of), (2, 3));
        assert_eq!(around(&rows, &query("muller"), "A-1"), None);
    }
}
