//! A proposal: what it goes by, the search for it, why a pair is or is not, and the light. A search needs the home only
//! before and after: between, other work goes on, and whoever has enough stops it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::assigning::further::ready_further;
use tessera_driver::assigning::{self, AssigningError, Ready};
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::assignments::{Pair, Staging};
use tessera_engine::programme::round as round_id;
use tessera_engine::solving::AssignmentTables;
use tessera_model::affinities::Affinities;
use tessera_model::calibration::{Planned, planned};
use tessera_model::decimal::Decimal;
use tessera_model::further::Rule;
use tessera_model::programme::calendar::Round;
use tessera_model::reviewers::Reviewers;
use tessera_model::sentence::Saying;
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_solve::assignment::explain::{Explanation, explain};
use tessera_solve::assignment::{self as solve, Plan, Refused, Rules, Unmet};

use super::{READS, Readings, key_of, round_of};
use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::tasks;
use crate::words::{AdviceView, Sentence, count, figure, id};

/// The table of how well readers and applications fit, as it was read; a choice of this device.
const WISHES: &str = "assignment-wishes";
/// The longest such table, in bytes.
pub const WISHES_BYTES: usize = 8 << 20;
/// Codes of what a proposal leaves out.
const LEFT_OUT: [&str; 4] =
    ["application-withdrawn", "not-eligible", "reviewer-not-checked", "reviewer-not-active"];
/// How long each step of a search may take, in seconds.
const STEP_S: f64 = 60.0;
/// The most reads of an application, and of a reader.
const MOST: u32 = 10_000;

/// What a proposal goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AssignmentRules {
    /// Readers of each application.
    pub reads: u32,
    /// Fewest reads of a reader who says nothing else.
    pub min_load: u32,
    /// Most reads of a reader who says nothing else.
    pub max_load: u32,
    /// What is best.
    pub best: Best,
    /// Most readers from the applicant's own region; none: all but one, where that serves everybody.
    pub own_region_max: Option<u32>,
    /// Exchange readers until everybody is compared with everybody.
    pub connected: bool,
}

/// What is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum Best {
    /// The best fit in all.
    Total,
    /// The worst application's fit as good as can be.
    Fairest,
    /// The same, and of those the best fit in all.
    FairestThenTotal,
}

/// What was found.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProposalView {
    /// True where everybody is served.
    pub whole: bool,
    /// True where it is the draft. What is not whole becomes the draft only where that was asked for.
    pub drafted: bool,
    /// Readings that stand and stay.
    pub kept: u32,
    /// Readings that are new.
    pub added: u32,
    /// Readings that stand and are taken back.
    pub taken_back: u32,
    /// Readings that stand, are in no part of it, and stay because the review is here.
    pub stays: u32,
    /// Who could not be served, and why.
    pub unmet: Vec<Sentence>,
    /// Rules of a lower order that were given up.
    pub given_up: Vec<Sentence>,
    /// The application that fits its readers least, with its figure, where wishes are known.
    pub worst: Option<WorstOff>,
    /// True where it is proven that nothing is better.
    pub optimal: bool,
    /// What it says, and what to do.
    pub advice: AdviceView,
    /// Everything that would make it whole.
    pub acts: Vec<Sentence>,
    /// What is worth saying.
    pub warnings: Vec<Sentence>,
}

/// The application that fits its readers least.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WorstOff {
    /// Its id.
    pub application: Option<String>,
    /// Its key.
    pub key: String,
    /// The sum of how well its readers fit.
    pub score: String,
}

/// Why a pair is, or is not.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExplainView {
    /// `assigned`, `possible`, `forbidden` or `impossible`.
    pub state: String,
    /// What forbids it.
    pub bar: Option<String>,
    /// In words.
    pub sentence: Sentence,
    /// Who could not be served if it were so.
    pub unmet: Vec<Sentence>,
}

/// Whether severity could be corrected for, if it is read as drafted.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LightView {
    /// `red`, `amber` or `green`.
    pub light: String,
    /// Readings that it looked at.
    pub reads: u32,
    /// Further reads that the round will usually ask for, counted in; none where it asks for none.
    pub further: Option<u32>,
    /// Share of the true best that raw means would find.
    pub recall_raw: Option<String>,
    /// Share of the true best that the corrected order would find.
    pub recall_corrected: Option<String>,
    /// Readers without whom it would be red.
    pub cut_readers: Vec<String>,
    /// What it says, and what to do.
    pub advice: AdviceView,
}

impl AssignmentRules {
    /// Most readers from the applicant's own region.
    pub(crate) fn own_region(&self) -> u32 {
        self.own_region_max.unwrap_or_else(|| self.reads.saturating_sub(1))
    }

    fn checked(&self, stop: Arc<AtomicBool>) -> Result<Rules, Failure> {
        let at = |field: &str, message: &str| Err(Failure::new("bad-input", message).at(field));
        if self.reads == 0 || self.reads > 1000 {
            return at("reads", "an application has 1 to 1000 readers");
        }
        if self.max_load == 0 || self.max_load > MOST {
            return at("maxLoad", "a reader reads 1 to 10000 applications");
        }
        if self.min_load > self.max_load {
            return Err(Failure::new("loads-contradict", "the fewest are more than the most").at("minLoad"));
        }
        Ok(Rules {
            reads: place(self.reads),
            min_load: place(self.min_load),
            max_load: place(self.max_load),
            load_cost: Decimal::whole(0),
            objective: match self.best {
                Best::Total => solve::Objective::Total,
                Best::Fairest => solve::Objective::Fairest,
                Best::FairestThenTotal => solve::Objective::FairestThenTotal,
            },
            connected: self.connected,
            own_region_max: self.own_region_max.map(place),
            seed: 0,
            time_limit_s: STEP_S,
            stop: Some(stop),
        })
    }
}

fn place(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn rules_key(round: &Round) -> String {
    format!("assignment-rules-{}", round.key)
}

/// What was last asked for in a round.
pub(crate) fn kept_rules(session: &mut Session, round: &Round) -> Result<Option<AssignmentRules>, Failure> {
    let kept = session.together(|acts| acts.setting(&rules_key(round)))?;
    // What another version wrote is asked for again.
    Ok(kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// What was last asked for, else what would share the reads evenly.
pub(crate) fn rules(
    session: &mut Session,
    round: &Round,
    tables: &AssignmentTables,
) -> Result<AssignmentRules, Failure> {
    if let Some(kept) = kept_rules(session, round)? {
        return Ok(kept);
    }
    let reads = round.reads.unwrap_or(READS);
    let able = tables.reviewers.iter().filter(|(name, _)| !tables.unable.contains_key(*name)).count();
    // What further readers may be asked to read is to find room.
    let most = round.further.as_ref().map_or(reads, |further| further.up_to.max(reads));
    let all = count(tables.applications.ids().count()).saturating_mul(most);
    let each = all.div_ceil(count(able).max(1));
    Ok(AssignmentRules {
        reads,
        min_load: 0,
        max_load: (each + each.div_ceil(5)).clamp(1, MOST),
        best: Best::FairestThenTotal,
        own_region_max: None,
        connected: false,
    })
}

/// How well readers and applications fit, with members called as in tables; none where no table was read.
pub(crate) fn wishes(session: &mut Session, names: &Names) -> Result<Option<Affinities>, Failure> {
    let Some(bytes) = session.together(|acts| acts.setting(WISHES))?.filter(|bytes| !bytes.is_empty()) else {
        return Ok(None);
    };
    let read = Affinities::read(&bytes, "wishes")?;
    let mut table = Affinities::default();
    for (application, reviewer, affinity) in read.iter() {
        // Whoever left the programme since is passed over.
        if let Some(member) = super::draft::member_called(session, names, reviewer)? {
            table.put(application.to_owned(), names.handle(member), affinity);
        }
    }
    Ok(Some(table))
}

/// Takes in a table of how well readers and applications fit, in place of the one before; none forgets it. Gives how many
/// pairs it knows.
///
/// # Errors
/// [`Failure`].
pub fn set_wishes(session: &mut Session, file: Option<(&str, &[u8])>) -> Result<u32, Failure> {
    must_coordinate(session)?;
    let Some((name, bytes)) = file else {
        session.together(|acts| acts.set(WISHES, &[]))?;
        return Ok(0);
    };
    let read = Affinities::read(bytes, name)?;
    let names = Names::of(session)?;
    for reviewer in &read.reviewers {
        if super::draft::member_called(session, &names, reviewer)?.is_none() {
            return Err(Failure::new("reviewer-unknown", format!("nobody is called `{reviewer}`")).at(name));
        }
    }
    session.together(|acts| acts.set(WISHES, bytes))?;
    Ok(count(read.iter().count()))
}

/// A search that needs the home no longer.
#[derive(Debug)]
pub struct Search {
    ready: Ready,
}

/// What a search found.
#[derive(Debug)]
pub struct Found {
    ready: Ready,
    plan: Plan,
}

/// Which readers are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// As many of each application as the rules ask for.
    First,
    /// One more of each application for which the round's rule asks for one. How many the rules ask of each is no matter then.
    Further,
}

/// Collects what a search takes, and remembers what was asked for.
///
/// # Errors
/// [`Failure`]; of further readers `no-further-readers` where the round has no such rule, `no-further-needed` where nobody needs one.
pub fn search(
    session: &mut Session,
    round: &str,
    rules: &AssignmentRules,
    readers: Readers,
    stop: Arc<AtomicBool>,
) -> Result<Search, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let in_round = round_of(&programme, Some(round))?;
    let wanted = wanted(session, in_round, rules, stop)?;
    if readers == Readers::First {
        return Ok(Search { ready: assigning::ready(session, &programme, wanted)? });
    }
    let (ready, found) = ready_further(session, &programme, in_round, wanted)?;
    if found.needed.is_empty() {
        return Err(Failure::new("no-further-needed", "no application needs a further reader at present"));
    }
    Ok(Search { ready })
}

/// What is wanted of a search in a round; it is remembered.
fn wanted(
    session: &mut Session,
    in_round: &Round,
    rules: &AssignmentRules,
    stop: Arc<AtomicBool>,
) -> Result<assigning::Wanted, Failure> {
    let checked = rules.checked(stop)?;
    let names = Names::of(session)?;
    let wanted = assigning::Wanted {
        round: round_id(in_round.key.as_str()),
        rules: checked,
        affinities: wishes(session, &names)?,
        readers: BTreeSet::new(),
        own: None,
        chosen: None,
        keep: None,
        only: None,
    };
    let text = serde_json::to_vec(rules).map_err(|error| Failure::new("bug", error.to_string()))?;
    session.together(|acts| acts.set(&rules_key(in_round), &text))?;
    Ok(wanted)
}

impl Search {
    /// Searches. Takes seconds to minutes.
    ///
    /// # Errors
    /// [`Failure`]; `stopped` where somebody had enough.
    pub fn run(self) -> Result<Found, Failure> {
        let Self { ready } = self;
        let plan = ready.search()?;
        Ok(Found { ready, plan })
    }

    /// Explains one pair; none where no proposal takes one of them. Takes seconds to minutes.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn explain(
        &self,
        application: ApplicationId,
        reader: MemberId,
    ) -> Result<Option<ExplainView>, Failure> {
        let key = self.ready.applications.iter().find(|(_, id)| **id == application);
        let name = self.ready.readers.iter().find(|(_, member)| **member == reader);
        let (Some((key, _)), Some((name, _))) = (key, name) else { return Ok(None) };
        let Ready { problem, rules, old, .. } = &self.ready;
        let found = explain(problem, rules, old.as_ref(), key, name)?;
        Ok(found.map(|Explanation { state, bar, advice, unmet_if, .. }| ExplainView {
            state: state.to_owned(),
            bar: bar.map(str::to_owned),
            sentence: explained(&advice.sentence),
            unmet: unmet_if.iter().map(unmet).collect(),
        }))
    }
}

/// What is said of a pair has codes of its own: some of the search's are also those of whole proposals.
fn explained(said: &Saying) -> Sentence {
    let sentence = Sentence::from(said);
    Sentence { code: format!("explain-{}", sentence.code), ..sentence }
}

/// Makes what was found the draft, in place of the one before. What is not whole becomes the draft only where `partial`
/// says so.
///
/// # Errors
/// [`Failure`].
pub fn take(session: &mut Session, found: &Found, partial: bool) -> Result<ProposalView, Failure> {
    must_coordinate(session)?;
    let Found { ready, plan } = found;
    let programme = tasks::programme(session)?;
    let readings = Readings::of(session)?;
    let drafted = plan.is_whole() || partial;
    let (mut taken_back, mut stays) = (Vec::new(), 0);
    for (key, name) in assigning::beside(plan, ready) {
        let (Some(application), Some(member)) = (ready.applications.get(key), ready.readers.get(name)) else {
            stays += 1;
            continue;
        };
        let pair = Pair { member: *member, application: *application, round: ready.round };
        if readings.read.contains(&pair) { stays += 1 } else { taken_back.push(pair) }
    }
    if drafted {
        assigning::stage(session, &programme, plan, ready)?;
        session.together(|acts| {
            for pair in &taken_back {
                let staging = acts.stage_taking_back(*pair, "")?;
                debug_assert!(staging != Staging::Already, "it is assigned");
            }
            Ok(())
        })?;
    }
    let new = |row: &&solve::Row| !ready.assigned.contains(&(row.application.clone(), row.reviewer.clone()));
    let added = plan.rows.iter().filter(new).count();
    Ok(ProposalView {
        whole: plan.is_whole(),
        drafted,
        kept: count(plan.rows.len() - added),
        added: count(added),
        taken_back: count(taken_back.len()),
        stays,
        unmet: plan.unmet.iter().map(unmet).collect(),
        given_up: plan.soft_broken.iter().map(given_up).collect(),
        worst: plan.worst.as_ref().map(|worst| WorstOff {
            application: ready.applications.get(&worst.application).map(ToString::to_string),
            key: worst.application.clone(),
            score: figure(worst.score),
        }),
        optimal: plan.optimal,
        advice: (&plan.advice).into(),
        acts: plan.acts.iter().map(Sentence::from).collect(),
        // Whom it leaves out is shown beside it.
        warnings: ready
            .warnings
            .iter()
            .filter(|one| !LEFT_OUT.contains(&one.code()))
            .map(Sentence::from)
            .collect(),
    })
}

fn unmet(unmet: &Unmet) -> Sentence {
    let whom = unmet.application.as_deref().or(unmet.reviewer.as_deref()).unwrap_or_default();
    Sentence::plain(&format!("unmet-{}", unmet.code), unmet.message.clone())
        .with("whom", whom)
        .with("missing", unmet.missing)
        .with("competence", unmet.competence.as_deref().unwrap_or_default())
        .with("readers", unmet.reviewers.join(", "))
        .with("applications", unmet.applications.join(", "))
}

fn given_up(broken: &solve::Broken) -> Sentence {
    let application = broken.application.as_deref().unwrap_or_default();
    let text = match application {
        "" => broken.message.clone(),
        application => format!("{application}: {}", broken.message),
    };
    Sentence::plain(&format!("given-up-{}", broken.rule), text).with("application", application)
}

/// Why a pair is, or is not: what the programme says at once, what a search says after it. Gives the search that is still to
/// be made.
///
/// # Errors
/// [`Failure`].
pub fn question(
    session: &mut Session,
    (application, reader): (&str, &str),
    round: &str,
    rules: &AssignmentRules,
    stop: Arc<AtomicBool>,
) -> Result<Question, Failure> {
    let (application, reader): (ApplicationId, MemberId) = (id(application)?, id(reader)?);
    let key = key_of(session, application)?;
    let name = Names::of(session)?.name(reader);
    let programme = tasks::programme(session)?;
    let bar = session.together(|acts| acts.bar(&programme, application, reader))?;
    let search = search(session, round, rules, Readers::First, stop)?;
    Ok(Question { application, reader, key, name, bar: bar.map(|bar| bar.code()), search })
}

/// A question about a pair, on its way.
#[derive(Debug)]
pub struct Question {
    application: ApplicationId,
    reader: MemberId,
    key: String,
    name: String,
    bar: Option<&'static str>,
    search: Search,
}

impl Question {
    /// Answers it.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn answer(&self) -> Result<ExplainView, Failure> {
        if let Some(bar) = self.bar {
            return Ok(self.left_out(bar));
        }
        let answer = self.search.explain(self.application, self.reader)?;
        Ok(answer.unwrap_or_else(|| self.left_out("not-asked")))
    }

    fn left_out(&self, bar: &str) -> ExplainView {
        let text = format!("{} may not read {}: {bar}", self.name, self.key);
        let sentence = Sentence::plain(&format!("bar-{bar}"), text)
            .with("reviewer", &self.name)
            .with("application", &self.key);
        ExplainView { state: "forbidden".to_owned(), bar: Some(bar.to_owned()), sentence, unmet: Vec::new() }
    }
}

/// The light of a round, still to be simulated: it needs the home no longer.
#[derive(Debug)]
pub struct Light {
    reads: BTreeSet<(String, String)>,
    reviewers: Reviewers,
    seats: Option<usize>,
    rule: Option<Rule>,
}

/// Collects what would be read in a round once the draft is published.
///
/// # Errors
/// [`Failure`].
pub fn light(session: &mut Session, round: &str) -> Result<Light, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let asked = round_of(&programme, Some(round))?;
    let in_round = round_id(asked.key.as_str());
    let names = Names::of(session)?;
    let then = Readings::of(session)?.then();
    let reads = then.iter().filter(|pair| pair.round == in_round);
    let reads = reads.map(|pair| (pair.application.to_string(), names.handle(pair.member))).collect();
    let members = assigning::readers(session);
    let tables = session
        .together(|acts| acts.assignment_tables(&programme, &members, |member| names.handle(member)))??;
    let seats = programme.seats.as_ref().map(|seats| place(seats.n));
    Ok(Light { reads, reviewers: tables.reviewers, seats, rule: Rule::of(asked) })
}

impl Light {
    /// Simulates.
    #[must_use]
    pub fn run(&self) -> LightView {
        let Planned { light, cut_readers, recall_raw, recall_model, further, advice, .. } =
            planned(&self.reads, Some(&self.reviewers), self.seats, self.rule.as_ref(), 0);
        let light = serde_json::to_value(light).ok();
        LightView {
            light: light.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default(),
            reads: count(self.reads.len()),
            further: further.map(count),
            recall_raw: recall_raw.map(figure),
            recall_corrected: recall_model.map(figure),
            cut_readers,
            advice: (&advice).into(),
        }
    }
}

impl From<AssigningError> for Failure {
    fn from(error: AssigningError) -> Self {
        match error {
            AssigningError::Session(error) => error.into(),
            AssigningError::Fields(error) => Self::from(*error),
            AssigningError::Refused(error) => error.into(),
            AssigningError::NoFurther => Self::new("no-further-readers", error.to_string()),
        }
    }
}

impl From<Refused> for Failure {
    fn from(error: Refused) -> Self {
        match error {
            Refused::Input(error) => error.into(),
            Refused::Loads { ref reviewer, .. } => {
                let at = reviewer.clone();
                Self::new("loads-contradict", error.to_string()).at(at)
            }
            Refused::OutOfTime => Self::new("out-of-time", error.to_string()),
            Refused::Stopped => Self::new("stopped", error.to_string()),
            Refused::Solver(error) => Self::new("bug", error.to_string()),
        }
    }
}
