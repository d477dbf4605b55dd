//! What a coordinator writes to readers outside of Tessera: a reminder to whoever is behind, and a question from the merge desk.
//! Whom it goes to, in which language, and what it names; the words of the mail are the interface's.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::programme::round as round_of;
use tessera_engine::queue::Waiting;
use tessera_model::documents::{Card, Subject};
use tessera_model::programme::Programme;
use tessera_protocol::ids::{ApplicationId, MemberId, PackId, RoundId};
use tessera_vault::ids::Audience;

use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::tasks::{self, Deadline};
use crate::words::Labels;

/// The most items of the merge desk that one question is about.
const MOST: usize = 5000;

/// Who is behind.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RemindersView {
    /// The language that the programme is written in first, as `fr`.
    pub language: String,
    /// Readers with something left, whoever has sent nothing first, then whoever has most left.
    pub readers: Vec<Reminded>,
}

/// A reader with something left to read.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Reminded {
    /// The member's id.
    pub member: String,
    /// What tables call the member.
    pub handle: String,
    /// The name.
    pub name: String,
    /// Where to write; none where nobody knows.
    pub contact: Option<String>,
    /// What came of this reader so far.
    pub submitted: u32,
    /// What is left, in all rounds that are open.
    pub left: u32,
    /// The same by round.
    pub rounds: Vec<RoundLeft>,
}

/// What is left in a round.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RoundLeft {
    /// What the round is called, in the programme's language.
    pub round: String,
    /// How many applications.
    pub left: u32,
    /// When it closes; none where the programme does not say.
    pub deadline: Option<Deadline>,
}

/// Whom a question goes to.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AskingView {
    /// The language that the programme is written in first, as `fr`.
    pub language: String,
    /// The authors of what is asked about.
    pub authors: Vec<Asked>,
}

/// The author of what is asked about.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// The member's id.
    pub member: String,
    /// What tables call the member.
    pub handle: String,
    /// The name.
    pub name: String,
    /// Where to write; none where nobody knows.
    pub contact: Option<String>,
    /// The applications, as this reader calls them.
    pub applications: Vec<String>,
}

/// The language that a programme is written in first.
pub(crate) fn language_of(programme: Option<&Programme>) -> String {
    let first = programme.and_then(|programme| programme.languages.first());
    first.map_or("en", |language| language.as_str()).to_owned()
}

fn contact(names: &Names, member: MemberId) -> Option<String> {
    let contact = names.person(member).map(|person| person.contact.trim());
    contact.filter(|contact| !contact.is_empty()).map(str::to_owned)
}

/// Lists who is behind in the rounds that are not closed. What was withdrawn is left to nobody, nor what its reader may not
/// read.
///
/// # Errors
/// [`Failure`].
pub fn reminders(session: &mut Session) -> Result<RemindersView, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let language = language_of(Some(&programme));
    let names = Names::of(session)?;
    let (assigned, reads) = session.together(|acts| Ok((acts.assignments()?, acts.reads()?)))?;
    let mut readers: BTreeMap<MemberId, (u32, BTreeMap<RoundId, u32>)> = BTreeMap::new();
    for (pair, _) in assigned {
        let reader = readers.entry(pair.member).or_default();
        if reads.came.contains_key(&pair) {
            reader.0 += 1;
        } else if reads.left.contains(&pair) {
            *reader.1.entry(pair.round).or_default() += 1;
        }
    }
    let labels = Labels::new(&programme, &language);
    let row = |(member, (submitted, left)): (MemberId, (u32, BTreeMap<RoundId, u32>))| {
        let rounds = programme.rounds.iter().filter_map(|round| {
            let left = *left.get(&round_of(round.key.as_str()))?;
            let label = labels.round(round.key.as_str());
            Some(RoundLeft { round: label, left, deadline: tasks::closes(&programme, round, &language) })
        });
        Reminded {
            member: member.to_string(),
            handle: names.handle(member),
            name: names.name(member),
            contact: contact(&names, member),
            submitted,
            left: left.values().sum(),
            rounds: rounds.collect(),
        }
    };
    let mut readers: Vec<Reminded> = readers.into_iter().map(row).filter(|reader| reader.left > 0).collect();
    readers.sort_by(|one, other| {
        let order = |reader: &Reminded| (reader.submitted > 0, u32::MAX - reader.left);
        (order(one), &one.handle).cmp(&(order(other), &other.handle))
    });
    Ok(RemindersView { language, readers })
}

/// Says whom a question about items of the merge desk goes to.
///
/// # Errors
/// [`Failure`].
pub fn asking(session: &mut Session, ids: &[String]) -> Result<AskingView, Failure> {
    must_coordinate(session)?;
    if ids.len() > MOST {
        return Err(Failure::new("too-many", "one question is about at most 5,000 items"));
    }
    let programme = tasks::programme_or_none(session)?;
    let names = Names::of(session)?;
    let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let mut items = session.together(|acts| acts.queue())?;
    items.retain(|one| ids.contains(one.id.as_str()));
    let mut asked: BTreeMap<MemberId, BTreeSet<(ApplicationId, Option<RoundId>)>> = BTreeMap::new();
    for one in &items {
        for member in authors(session, one)? {
            asked.entry(member).or_default().extend(one.applications.iter().copied());
        }
    }
    let rounds: Vec<RoundId> = programme
        .iter()
        .flat_map(|programme| &programme.rounds)
        .map(|round| round_of(round.key.as_str()))
        .collect();
    let mut authors = Vec::new();
    for (member, about) in asked {
        let mut applications = BTreeSet::new();
        for (application, round) in about {
            applications.extend(called(session, member, application, round, &rounds)?);
        }
        authors.push(Asked {
            member: member.to_string(),
            handle: names.handle(member),
            name: names.name(member),
            contact: contact(&names, member),
            applications: applications.into_iter().collect(),
        });
    }
    Ok(AskingView { language: language_of(programme.as_ref()), authors })
}

/// Whose work an item is about: one member's, else everybody's whose packs it names.
fn authors(session: &mut Session, item: &Waiting) -> Result<BTreeSet<MemberId>, Failure> {
    if let Some(member) = item.member {
        return Ok(BTreeSet::from([member]));
    }
    let named = |id: &PackId| item.packs.contains(id);
    let packs = session.engine().packs()?.into_iter().filter(|pack| named(&pack.id));
    let devices: BTreeSet<_> = packs.map(|pack| pack.record.device).collect();
    let permission = session.engine().permission();
    Ok(devices.into_iter().filter_map(|device| permission.device(device).map(|(member, _)| member)).collect())
}

/// What a reader calls an application; none where it was never assigned to that reader.
fn called(
    session: &mut Session,
    member: MemberId,
    application: ApplicationId,
    round: Option<RoundId>,
    rounds: &[RoundId],
) -> Result<Option<String>, Failure> {
    let rounds = round.iter().chain(rounds);
    Ok(session.together(|acts| {
        for round in rounds {
            let subject = Subject::Reading(application.0, round.0).to_bytes();
            if let Some(card) = acts.read::<Card>(&Audience::To(member), &subject)? {
                return Ok(Some(card.value.label));
            }
        }
        Ok(None)
    })?)
}
