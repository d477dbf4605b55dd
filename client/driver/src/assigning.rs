//! An assignment of a programme: what the search is made from, why a pair is or is not, and staging what was found. The
//! search itself is `tessera_solve::assignment`; what stands in the way of a pair the engine says.

pub mod further;
pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use tessera_engine::assignments::{Pair, Published, Staging};
use tessera_engine::solving::AssignmentTables;
use tessera_model::affinities::Affinities;
use tessera_model::applications::Applications;
use tessera_model::compute::ComputeError;
use tessera_model::documents::AssignmentState;
use tessera_model::input::Warning;
use tessera_model::programme::Programme;
use tessera_model::reviewers::Reviewers;
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};
use tessera_solve::assignment::further::further;
use tessera_solve::assignment::problem::{Problem, Tables};
use tessera_solve::assignment::{Plan, Refused, Rules, assign};

use crate::names::{Labels, Names};
use crate::session::{Session, SessionError};

/// Pairs of one transaction.
pub const BATCH: usize = 100;

/// What is wanted of an assignment.
pub struct Wanted {
    /// The round.
    pub round: RoundId,
    /// What it goes by.
    pub rules: Rules,
    /// How well they fit, with members called as in [`Names::handle`]; none: every pair alike.
    pub affinities: Option<Affinities>,
    /// Who may be asked to read; nobody named: everybody who neither coordinates nor is an admin.
    pub readers: BTreeSet<MemberId>,
    /// What is said of readers beside what the programme knows.
    pub own: Option<Reviewers>,
    /// The applications, with who they are; none: all that may be read.
    pub chosen: Option<(Applications, BTreeMap<String, ApplicationId>)>,
    /// Pairs to keep; none: what is assigned in this round.
    pub keep: Option<BTreeSet<(String, String)>>,
    /// Only these of the applications, by key; none: all.
    pub only: Option<BTreeSet<String>>,
}

/// Everything that the search takes, and what its names stand for.
#[derive(Debug)]
pub struct Ready {
    /// The round.
    pub round: RoundId,
    /// What it goes by.
    pub rules: Rules,
    /// Who could read what.
    pub problem: Problem,
    /// Regions and loads of readers.
    pub reviewers: Reviewers,
    /// Pairs to keep.
    pub old: Option<BTreeSet<(String, String)>>,
    /// Pairs that are assigned and that a solution takes the place of; where further readers are sought, none.
    pub assigned: BTreeSet<(String, String)>,
    /// Who reads what already, where one further reader of each application is sought beside them.
    pub beside: Option<BTreeSet<(String, String)>>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// Applications by key.
    pub applications: BTreeMap<String, ApplicationId>,
    /// Readers by name.
    pub readers: BTreeMap<String, MemberId>,
}

/// Why there is nothing to search.
#[derive(Debug, thiserror::Error)]
pub enum AssigningError {
    /// The home refused.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A person's or an application's fields were refused.
    #[error(transparent)]
    Fields(Box<ComputeError>),
    /// The rules contradict each other, or the tables do.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The round says nothing of further readers.
    #[error("this round asks for no further readers")]
    NoFurther,
}

impl From<ComputeError> for AssigningError {
    fn from(error: ComputeError) -> Self {
        Self::Fields(Box::new(error))
    }
}

impl Ready {
    /// Searches. Takes seconds to minutes.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn search(&self) -> Result<Plan, Refused> {
        match &self.beside {
            Some(standing) => further(&self.problem, &self.rules, standing),
            None => assign(&self.problem, &self.rules, self.old.as_ref()),
        }
    }
}

/// Collects what the search takes.
///
/// # Errors
/// [`AssigningError`].
pub fn ready(session: &mut Session, programme: &Programme, wanted: Wanted) -> Result<Ready, AssigningError> {
    let Wanted { round, rules, affinities, readers: mut members, own, chosen, keep, only } = wanted;
    let names = Names::of(session)?;
    if members.is_empty() {
        members = readers(session);
    }
    let tables = session
        .together(|acts| acts.assignment_tables(programme, &members, |member| names.handle(member)))?;
    let AssignmentTables { applications, mut reviewers, unable, bars, left_out } = tables?;
    for (name, entry) in own.iter().flat_map(Reviewers::iter).filter(|(name, _)| !unable.contains_key(*name))
    {
        reviewers.put(name.to_owned(), entry.clone());
    }
    let here = Labels::of(session)?;
    let (applications, ids) = match chosen {
        Some(chosen) => chosen,
        None => {
            let known = session.together(|acts| acts.applications())?;
            let known: BTreeMap<String, ApplicationId> =
                known.into_iter().map(|(id, identity)| (identity.key, id)).collect();
            let ids = applications.ids().filter_map(|key| Some((key.to_owned(), *known.get(key)?)));
            let ids = ids.collect();
            (applications, ids)
        }
    };
    let applications = match only {
        Some(only) => applications.of(|key| only.contains(key)),
        None => applications,
    };
    // Affinities may name applications that are not read, or not any more.
    let affinities = affinities.map(|table| table.of(|application, _| applications.contains(application)));
    let tables = Tables {
        affinities: affinities.as_ref(),
        applications: Some(&applications),
        reviewers: Some(&reviewers),
        bars: Some(&bars),
    };
    let (problem, mut warnings) = Problem::build(&tables, &rules)?;
    warnings.extend(
        left_out
            .iter()
            .map(|(code, names)| Warning::new(code, "left out: {names}").with("names", &names[..])),
    );
    let mut assigned = BTreeSet::new();
    for (pair, assignment) in session.together(|acts| acts.assignments())? {
        if pair.round == round && assignment.state == Some(AssignmentState::Assigned) {
            assigned.insert((here.application(pair.application), names.handle(pair.member)));
        }
    }
    let old = keep.or_else(|| (!assigned.is_empty()).then(|| assigned.clone()));
    let readers = members.iter().map(|member| (names.handle(*member), *member)).collect();
    let beside = None;
    Ok(Ready {
        round,
        rules,
        problem,
        reviewers,
        old,
        assigned,
        beside,
        warnings,
        applications: ids,
        readers,
    })
}

/// Everybody who neither coordinates nor is an admin.
pub fn readers(session: &mut Session) -> BTreeSet<MemberId> {
    let permission = session.engine().permission();
    let plain = |member: &MemberId| {
        let roles = permission.charter.powers.roles(*member);
        !roles.admin && !roles.coordinator
    };
    permission.members.keys().copied().filter(plain).collect()
}

/// The pairs of what is assigned that a solution does not have.
#[must_use]
pub fn beside<'a>(plan: &Plan, ready: &'a Ready) -> Vec<(&'a str, &'a str)> {
    let chosen: BTreeSet<(&str, &str)> =
        plan.rows.iter().map(|row| (row.application.as_str(), row.reviewer.as_str())).collect();
    let assigned =
        ready.assigned.iter().map(|(application, reviewer)| (application.as_str(), reviewer.as_str()));
    assigned.filter(|pair| !chosen.contains(pair)).collect()
}

/// Stages a solution in place of whatever was staged before; gives how many pairs are new. Where no further reader is needed, what was
/// staged before stays.
///
/// # Errors
/// [`SessionError`].
pub fn stage(
    session: &mut Session,
    programme: &Programme,
    plan: &Plan,
    ready: &Ready,
) -> Result<usize, SessionError> {
    if ready.beside.is_some() && plan.rows.is_empty() {
        return Ok(0);
    }
    session.together(|acts| acts.unstage_all())?;
    let mut places = session.together(|acts| acts.next_places())?;
    let mut staged = 0;
    for batch in plan.rows.chunks(BATCH) {
        let mut places_now = places.clone();
        let count = session.together(|acts| {
            let mut count = 0;
            for row in batch {
                let (Some(application), Some(member)) =
                    (ready.applications.get(&row.application), ready.readers.get(&row.reviewer))
                else {
                    continue;
                };
                let pair = Pair { member: *member, application: *application, round: ready.round };
                let place = places_now.entry((*member, ready.round)).or_insert(1);
                if acts.stage(programme, pair, *place, None)? == Staging::Staged {
                    *place += 1;
                    count += 1;
                }
            }
            Ok(count)
        })?;
        places = places_now;
        staged += count;
    }
    Ok(staged)
}

/// Publishes what is staged, batch by batch; `tell` hears how many are done.
///
/// # Errors
/// [`SessionError`].
pub fn publish(
    session: &mut Session,
    programme: &Programme,
    mut tell: impl FnMut(usize),
) -> Result<Published, SessionError> {
    let mut all = Published::default();
    loop {
        let published = session.together(|acts| {
            let published = acts.publish_staged(programme, BATCH)?;
            acts.hand_over()?;
            Ok(published)
        })?;
        all.assigned += published.assigned;
        all.taken_back += published.taken_back;
        all.barred = published.barred;
        if published.assigned + published.taken_back < BATCH {
            return Ok(all);
        }
        tell(all.assigned + all.taken_back);
    }
}
