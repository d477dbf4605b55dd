//! Who reads what in a round: what is assigned, what is drafted on this device beside it, what readers could take on. The
//! search for a proposal is in [`search`], changes of the draft in [`draft`], whom a round asks for beside the first readers in [`further`].

pub mod draft;
pub mod further;
pub mod search;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use specta::Type;
use tessera_driver::assigning;
use tessera_driver::names::{Labels as Called, Names};
use tessera_driver::session::Session;
use tessera_engine::assignments::{Pair, Staged};
use tessera_engine::programme::round as round_id;
use tessera_engine::solving::AssignmentTables;
use tessera_model::documents::{AssignmentState, Outcome};
use tessera_model::programme::Programme;
use tessera_model::programme::calendar::Round;
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};

use self::further::FurtherView;
use self::search::AssignmentRules;
use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::figures::RoundName;
use crate::tasks;
use crate::words::{Labels, count};

/// Reads of each application where the round does not say.
const READS: u32 = 3;

/// A round's assignment.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AssignmentView {
    /// The round's key.
    pub round: String,
    /// The rounds that there are.
    pub rounds: Vec<RoundName>,
    /// True once a coordinator closed the round.
    pub closed: bool,
    /// What a proposal goes by: as it was last asked for, else as the round suggests.
    pub rules: AssignmentRules,
    /// What of people and applications a proposal can go by.
    pub known: KnownOf,
    /// Applications that may be read, and those that somebody reads.
    pub applications: Vec<ReadBy>,
    /// Whoever may be asked to read.
    pub readers: Vec<ReaderLoad>,
    /// What publishing would do, in every round.
    pub draft: AssignmentDraft,
    /// Reads that are wanted in this round and that neither stand nor are drafted.
    pub missing: u32,
    /// Whom the round asks for beside the first readers; none where it asks for nobody.
    pub further: Option<FurtherView>,
    /// Applications and readers that no proposal takes, by the code for why.
    pub left_out: Vec<LeftOut>,
}

/// What of people and applications a proposal can go by.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KnownOf {
    /// Applications of which a region is known.
    pub regions: u32,
    /// Applications that ask for a language.
    pub languages: u32,
    /// Applications that ask for a competence.
    pub competences: u32,
    /// Pairs of which it is known how well they fit; none where no table was read.
    pub wishes: Option<u32>,
}

/// An application and its readers.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReadBy {
    /// Its id.
    pub application: String,
    /// Its key.
    pub key: String,
    /// The first answer of the form: usually the name.
    pub title: String,
    /// The applicant's region, as people read it.
    pub region: String,
    /// Readers, those of the draft among them.
    pub readers: Vec<Reading>,
    /// Reads that are missing.
    pub missing: u32,
    /// More readers than the rules allow are from the applicant's own region.
    pub own_region: bool,
    /// True where a condition has no verdict yet.
    pub undecided: bool,
    /// Why nobody should be asked to read it, where that is so.
    pub left_out: Option<String>,
}

/// One reader of an application.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// The member's id.
    pub member: String,
    /// The name.
    pub name: String,
    /// Whether it stands, or would.
    pub state: ReadingState,
    /// True once a review came.
    pub read: bool,
}

/// Whether a reading stands, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum ReadingState {
    /// Assigned.
    Kept,
    /// In the draft.
    Added,
    /// Assigned, and the draft takes it back.
    TakenBack,
}

/// What a reader has to read.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReaderLoad {
    /// The member's id.
    pub member: String,
    /// The name.
    pub name: String,
    /// Region, as people read it.
    pub region: String,
    /// Languages.
    pub languages: Vec<String>,
    /// Competences.
    pub competences: Vec<String>,
    /// Reads with the draft.
    pub load: u32,
    /// Of these, drafted.
    pub added: u32,
    /// What the draft takes back.
    pub taken_back: u32,
    /// Reviews that came.
    pub read: u32,
    /// Fewest reads: this reader's own, else the rules'.
    pub min: u32,
    /// Most reads.
    pub max: u32,
    /// Why this member reads nothing, where that is so.
    pub unable: Option<String>,
}

/// What publishing would do.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AssignmentDraft {
    /// Readings that would be new.
    pub added: u32,
    /// How many readers hear of them.
    pub readers: u32,
    /// How many applications they are of.
    pub applications: u32,
    /// Readings that would be taken back.
    pub taken_back: u32,
    /// Of all these, in other rounds.
    pub elsewhere: u32,
    /// Applications of the draft's rounds that would have fewer readers than wanted.
    pub short: u32,
}

/// What a proposal leaves out, for one reason.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Why.
    pub code: String,
    /// Keys of applications, or names of readers.
    pub names: Vec<String>,
}

/// A reader for one application, and what stands in the way.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The member's id.
    pub member: String,
    /// The name.
    pub name: String,
    /// What stands in the way; none: nothing.
    pub bar: Option<String>,
    /// True for those who read it already, or would.
    pub here: bool,
}

/// The round of a key, else the first.
pub(crate) fn round_of<'a>(programme: &'a Programme, key: Option<&str>) -> Result<&'a Round, Failure> {
    let found = match key {
        Some(key) => programme.round(key),
        None => programme.rounds.first(),
    };
    found.ok_or_else(|| Failure::not_found("this round"))
}

/// Everything that readings are counted from.
pub(crate) struct Readings {
    /// What stands, in every round.
    pub(crate) assigned: BTreeSet<Pair>,
    /// What is drafted.
    pub(crate) staged: Vec<Staged>,
    /// What came.
    pub(crate) read: BTreeSet<Pair>,
}

impl Readings {
    pub(crate) fn of(session: &mut Session) -> Result<Self, Failure> {
        let (assigned, staged, reviews) =
            session.together(|acts| Ok((acts.assignments()?, acts.staged()?, acts.tallies()?)))?;
        let stands = |(pair, one): (Pair, tessera_model::documents::Assignment)| {
            (one.state == Some(AssignmentState::Assigned)).then_some(pair)
        };
        let read = reviews.iter().map(|review| review.pair()).collect();
        Ok(Self { assigned: assigned.into_iter().filter_map(stands).collect(), staged, read })
    }

    /// What would stand once the draft is published.
    pub(crate) fn then(&self) -> BTreeSet<Pair> {
        let mut then = self.assigned.clone();
        for staged in &self.staged {
            if staged.take_back {
                then.remove(&staged.pair);
            } else {
                then.insert(staged.pair);
            }
        }
        then
    }

    /// Every reading with its state.
    fn states(&self) -> BTreeMap<Pair, ReadingState> {
        let mut states: BTreeMap<Pair, ReadingState> =
            self.assigned.iter().map(|pair| (*pair, ReadingState::Kept)).collect();
        for staged in &self.staged {
            let state = if staged.take_back { ReadingState::TakenBack } else { ReadingState::Added };
            states.insert(staged.pair, state);
        }
        states
    }
}

/// Reads of each application in a round.
pub(crate) fn reads_of(session: &mut Session, round: &Round) -> Result<u32, Failure> {
    Ok(search::kept_rules(session, round)?.map_or(round.reads.unwrap_or(READS), |rules| rules.reads))
}

/// Reads who reads what in a round; the first one where none is named.
///
/// # Errors
/// [`Failure`].
pub fn assignment(
    session: &mut Session,
    round: Option<&str>,
    language: &str,
) -> Result<AssignmentView, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let labels = Labels::new(&programme, language);
    let in_round = round_of(&programme, round)?;
    let id = round_id(in_round.key.as_str());
    let names = Names::of(session)?;
    let members = assigning::readers(session);
    let tables = session
        .together(|acts| acts.assignment_tables(&programme, &members, |member| names.handle(member)))??;
    let readings = Readings::of(session)?;
    let rules = search::rules(session, in_round, &tables)?;
    let wishes = search::wishes(session, &names)?;
    let applications = applications(session, &programme, labels, &names, &tables, &readings, (id, &rules))?;
    let missing = applications.iter().map(|one| one.missing).sum();
    let further = further::view(session, &programme, in_round, labels, &applications)?;
    Ok(AssignmentView {
        round: in_round.key.to_string(),
        rounds: RoundName::all(&programme, labels),
        closed: session.engine().permission().closes.contains_key(&id),
        known: KnownOf {
            regions: said(&tables, "region"),
            languages: said(&tables, "language").max(said(&tables, "languages")),
            competences: said(&tables, "competence").max(said(&tables, "competences")),
            wishes: wishes.map(|table| count(table.iter().count())),
        },
        readers: loads(labels, &names, &members, &tables, &readings, (id, &rules)),
        draft: draft_view(session, &programme, &readings, id)?,
        left_out: tables
            .left_out
            .iter()
            .map(|(code, names)| LeftOut { code: (*code).to_owned(), names: names.clone() })
            .collect(),
        applications,
        missing,
        further,
        rules,
    })
}

/// How many applications say something in a column.
fn said(tables: &AssignmentTables, column: &str) -> u32 {
    let cell =
        |key: &&str| tables.applications.field(key, column).is_some_and(|cell| !cell.trim().is_empty());
    count(tables.applications.ids().filter(cell).count())
}

fn applications(
    session: &mut Session,
    programme: &Programme,
    labels: Labels<'_>,
    names: &Names,
    tables: &AssignmentTables,
    readings: &Readings,
    (round, rules): (RoundId, &AssignmentRules),
) -> Result<Vec<ReadBy>, Failure> {
    let first = programme.fields.first().map(|field| field.key.as_str().to_owned());
    let mut of: BTreeMap<ApplicationId, Vec<(MemberId, ReadingState)>> = BTreeMap::new();
    for (pair, state) in readings.states() {
        if pair.round == round {
            of.entry(pair.application).or_default().push((pair.member, state));
        }
    }
    let left_out = |key: &str| {
        let why = tables.left_out.iter().find(|(_, keys)| keys.iter().any(|one| one == key));
        why.map(|(code, _)| (*code).to_owned())
    };
    let known = session.together(|acts| {
        let mut known = Vec::new();
        for (id, identity) in acts.applications()? {
            let judged = acts.eligibility(programme, id)?;
            let undecided = matches!(judged.outcome, Outcome::Undecided(_) | Outcome::Contested(_));
            known.push((id, identity, undecided));
        }
        Ok(known)
    })?;
    let mut rows = Vec::new();
    for (id, identity, undecided) in known {
        let readers = of.remove(&id).unwrap_or_default();
        let left_out = left_out(&identity.key);
        if left_out.is_some() && readers.is_empty() {
            continue;
        }
        let region = tables.applications.field(&identity.key, "region").unwrap_or_default();
        let own = readers.iter().filter(|(member, state)| {
            let entry = tables.reviewers.get(&names.handle(*member));
            *state != ReadingState::TakenBack
                && !region.is_empty()
                && entry.is_some_and(|entry| entry.region == region)
        });
        let own = count(own.count());
        let has = readers.iter().filter(|(_, state)| *state != ReadingState::TakenBack).count();
        let mut readers: Vec<Reading> = readers
            .into_iter()
            .map(|(member, state)| Reading {
                member: member.to_string(),
                name: names.name(member),
                state,
                read: readings.read.contains(&Pair { member, application: id, round }),
            })
            .collect();
        readers.sort_by(|one, other| (one.state, &one.name).cmp(&(other.state, &other.name)));
        rows.push(ReadBy {
            application: id.to_string(),
            title: first.as_ref().and_then(|key| identity.fields.get(key)).cloned().unwrap_or_default(),
            region: labels.answer("region", region),
            readers,
            missing: if left_out.is_some() { 0 } else { rules.reads.saturating_sub(count(has)) },
            own_region: own > rules.own_region(),
            undecided,
            left_out,
            key: identity.key,
        });
    }
    rows.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(rows)
}

fn loads(
    labels: Labels<'_>,
    names: &Names,
    members: &BTreeSet<MemberId>,
    tables: &AssignmentTables,
    readings: &Readings,
    (round, rules): (RoundId, &AssignmentRules),
) -> Vec<ReaderLoad> {
    let states = readings.states();
    // Whoever reads something is shown, also where it is no plain reader.
    let reading = states.keys().filter(|pair| pair.round == round).map(|pair| pair.member);
    let everybody: BTreeSet<MemberId> = members.iter().copied().chain(reading).collect();
    let mut rows: Vec<ReaderLoad> = everybody
        .into_iter()
        .map(|member| {
            let handle = names.handle(member);
            let entry = tables.reviewers.get(&handle).cloned().unwrap_or_default();
            let own = |wanted: ReadingState| {
                let mine = states.iter().filter(|(pair, state)| {
                    pair.round == round && pair.member == member && **state == wanted
                });
                count(mine.count())
            };
            let read = readings.read.iter().filter(|pair| pair.round == round && pair.member == member);
            let least = |own: Option<u64>, else_: u32| {
                own.map_or(else_, |own| u32::try_from(own).unwrap_or(u32::MAX))
            };
            ReaderLoad {
                member: member.to_string(),
                name: names.name(member),
                region: labels.answer("region", &entry.region),
                languages: entry.languages.iter().cloned().collect(),
                competences: entry.competences.iter().cloned().collect(),
                load: own(ReadingState::Kept) + own(ReadingState::Added),
                added: own(ReadingState::Added),
                taken_back: own(ReadingState::TakenBack),
                read: count(read.count()),
                min: least(entry.min, rules.min_load),
                max: least(entry.max, rules.max_load),
                unable: tables.unable.get(&handle).map(|code| (*code).to_owned()),
            }
        })
        .collect();
    rows.sort_by_cached_key(|row| (row.unable.is_some(), row.name.to_lowercase()));
    rows
}

/// What publishing would do, seen from a round.
fn draft_view(
    session: &mut Session,
    programme: &Programme,
    readings: &Readings,
    here: RoundId,
) -> Result<AssignmentDraft, Failure> {
    let added = || readings.staged.iter().filter(|one| !one.take_back).map(|one| one.pair);
    Ok(AssignmentDraft {
        added: count(added().count()),
        readers: count(added().map(|pair| pair.member).collect::<BTreeSet<_>>().len()),
        applications: count(added().map(|pair| pair.application).collect::<BTreeSet<_>>().len()),
        taken_back: count(readings.staged.iter().filter(|one| one.take_back).count()),
        elsewhere: count(readings.staged.iter().filter(|one| one.pair.round != here).count()),
        short: short(session, programme, readings)?,
    })
}

/// Applications of the draft's rounds that would have fewer readers than wanted.
pub(crate) fn short(
    session: &mut Session,
    programme: &Programme,
    readings: &Readings,
) -> Result<u32, Failure> {
    let standing = session.together(|acts| {
        let withdrawn = acts.withdrawn()?;
        let mut standing = BTreeSet::new();
        for (id, _) in acts.applications()? {
            let judged = acts.eligibility(programme, id)?;
            if !withdrawn.contains(&id) && !matches!(judged.outcome, Outcome::NotEligible(_)) {
                standing.insert(id);
            }
        }
        Ok(standing)
    })?;
    let then = readings.then();
    let mut short = 0;
    for (place, in_round) in programme.rounds.iter().enumerate() {
        let id = round_id(in_round.key.as_str());
        let drafted: BTreeSet<ApplicationId> = readings
            .staged
            .iter()
            .filter(|one| one.pair.round == id)
            .map(|one| one.pair.application)
            .collect();
        if drafted.is_empty() {
            continue;
        }
        let reads = reads_of(session, in_round)?;
        let has = |application: &ApplicationId| {
            count(then.iter().filter(|pair| pair.round == id && pair.application == *application).count())
        };
        // Everybody is read in the first round; in a later one whoever was chosen for it.
        let wanted = standing.iter().filter(|application| place == 0 || drafted.contains(application));
        short += count(wanted.filter(|application| has(application) < reads).count());
    }
    Ok(short)
}

/// Reads who could read an application, and what stands in the way of the others.
///
/// # Errors
/// [`Failure`].
pub fn candidates(session: &mut Session, round: &str, application: &str) -> Result<Vec<Candidate>, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let id = round_id(round_of(&programme, Some(round))?.key.as_str());
    let application: ApplicationId = crate::words::id(application)?;
    let names = Names::of(session)?;
    let members = assigning::readers(session);
    let then = Readings::of(session)?.then();
    let found = session.together(|acts| {
        let mut found = Vec::new();
        for member in members {
            let bar = acts.bar(&programme, application, member)?;
            found.push(Candidate {
                member: member.to_string(),
                name: names.name(member),
                bar: bar.map(|bar| bar.code().to_owned()),
                here: then.contains(&Pair { member, application, round: id }),
            });
        }
        Ok(found)
    });
    let mut found = found?;
    found.sort_by_cached_key(|one| (one.bar.is_some(), one.name.to_lowercase()));
    Ok(found)
}

/// What an application is called in tables.
pub(crate) fn key_of(session: &mut Session, application: ApplicationId) -> Result<String, Failure> {
    Ok(Called::of(session)?.application(application))
}
