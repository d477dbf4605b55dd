//! Who belongs and who has access: inviting, admitting, check words, suspending, removing. People are named; keys are not.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::names::{Labels as Called, Names};
use tessera_driver::session::Session;
use tessera_engine::access_list::Access;
use tessera_engine::persons::Invited as InvitedPerson;
use tessera_model::documents::{AssignmentState, Person};
use tessera_model::programme::Programme;
use tessera_protocol::device::Form;
use tessera_protocol::ids::{DeviceId, MemberId};
use tessera_protocol::permission::MemberState;
use tessera_vault::ids::Audience;
use tessera_vault::text::Text;

use crate::board::{FilterOption, must_coordinate};
use crate::deciding::charter_roles;
use crate::failure::Failure;
use crate::me::{MemberStanding, Role, admit as admit_answer, roles};
use crate::tasks;
use crate::words::{Labels, count, id};

/// Everybody.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PeopleView {
    /// Members.
    pub people: Vec<PersonRow>,
    /// Who was invited and did not answer yet.
    pub invitations: Vec<InvitationRow>,
    /// The regions that the programme's form knows; none: a region is any word.
    pub regions: Vec<FilterOption>,
    /// As what this member may invite.
    pub may_invite: Vec<Role>,
    /// True where this member may suspend and remove.
    pub may_remove: bool,
}

/// A member.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PersonRow {
    /// The id.
    pub member: String,
    /// The name; the beginning of the id where this home does not know it.
    pub name: String,
    /// Mail address or another way.
    pub contact: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// Whether the member belongs.
    pub standing: MemberStanding,
    /// True once somebody recorded that the check words matched.
    pub checked: bool,
    /// The words to compare, where this device invited.
    pub check_words: Option<Vec<String>>,
    /// Laptops.
    pub devices: u32,
    /// Recovery sheets.
    pub papers: u32,
    /// What proposals of assignments go by; none where this member does not coordinate.
    pub reading: Option<ReadingProfile>,
    /// True for whoever looks.
    pub me: bool,
}

/// What proposals of assignments go by of a reader.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReadingProfile {
    /// The region, as the form's answers have it; empty: not known.
    pub region: String,
    /// Languages, as the form's answers have them.
    pub languages: Vec<String>,
    /// Competences.
    pub competences: Vec<String>,
    /// Fewest applications; none: as the rules say.
    pub min: Option<u32>,
    /// Most applications.
    pub max: Option<u32>,
}

/// The longest word of a profile, in characters.
const WORD_CHARS: usize = 64;
/// The most words of one kind.
const WORDS: usize = 32;

impl ReadingProfile {
    fn of(person: &Person) -> Self {
        let field = |key: &str| person.fields.get(key).cloned().unwrap_or_default();
        let words = |key: &str| {
            let parts = person.fields.get(key).map_or("", String::as_str).split(SEPARATORS);
            parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let number = |key: &str| field(key).parse().ok();
        Self {
            region: field("region"),
            languages: words("languages"),
            competences: words("competences"),
            min: number("min"),
            max: number("max"),
        }
    }

    /// Writes it over what is known of a person; what is empty is not known.
    fn put(&self, person: &mut Person) -> Result<(), Failure> {
        let fits = |word: &String| {
            (1..=WORD_CHARS).contains(&word.chars().count())
                && !word.contains(|c: char| c.is_control() || SEPARATORS.contains(&c))
        };
        let lists = [&self.languages, &self.competences];
        if lists.iter().any(|words| words.len() > WORDS || !words.iter().all(fits)) {
            return Err(Failure::bad_input("a word of the profile"));
        }
        let region = self.region.trim();
        if region.chars().count() > WORD_CHARS || region.contains(char::is_control) {
            return Err(Failure::bad_input("the region").at("region"));
        }
        if let (Some(min), Some(max)) = (self.min, self.max)
            && min > max
        {
            return Err(Failure::bad_input("the limits").at("min"));
        }
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let values = [
            ("region", region.to_owned()),
            ("languages", self.languages.join(";")),
            ("competences", self.competences.join(";")),
            ("min", number(self.min)),
            ("max", number(self.max)),
        ];
        for (key, value) in values {
            match value.is_empty() {
                true => drop(person.fields.remove(key)),
                false => drop(person.fields.insert(key.to_owned(), value)),
            }
        }
        Ok(())
    }
}

/// What stands between words of one cell of the reviewers' table.
const SEPARATORS: [char; 4] = [';', '|', ',', ' '];

/// Who was invited and did not answer yet.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InvitationRow {
    /// The invitation's id.
    pub id: String,
    /// Whom it is for.
    pub name: String,
}

/// An invitation that was made.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Invited {
    /// The invitation's id.
    pub id: String,
    /// The link; whoever has it first becomes the member.
    pub link: String,
}

/// What somebody can read.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AccessRow {
    /// Whose access it is.
    pub member: String,
    /// The name.
    pub name: String,
    /// What: `programme`, `dossiers`, `files`, `reviews`, `people`, `desk` and others.
    pub what: String,
    /// How many of them can be read, with what is written from here on.
    pub count: u32,
    /// How many could be read, and nothing of them that is written from here on.
    pub earlier: u32,
    /// Which applications can be read, where it is by application.
    pub applications: Vec<String>,
    /// Which could be read.
    pub earlier_applications: Vec<String>,
    /// When the first of them was opened, by a relay's clock; none where that is not known here.
    pub since_ms: Option<u64>,
    /// The devices that were given the keys.
    pub devices: Vec<AccessDevice>,
}

/// A device that was given keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AccessDevice {
    /// Its id.
    pub device: String,
    /// True for a recovery sheet.
    pub paper: bool,
    /// False once it was taken out.
    pub active: bool,
}

/// What a removal would mean, before it is done.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RemovalView {
    /// Whom.
    pub name: String,
    /// Laptops that lose access.
    pub devices: u32,
    /// Applications whose dossiers the member could read.
    pub dossiers: u32,
    /// Assignments that nobody would read.
    pub assignments: u32,
    /// Reviews that count and stay.
    pub reviews: u32,
    /// True where other admins must sign as well.
    pub needs_others: bool,
}

/// Reads everybody.
///
/// # Errors
/// [`Failure`].
pub fn people(session: &mut Session, language: &str) -> Result<PeopleView, Failure> {
    let names = Names::of(session)?;
    let me = session.engine().member();
    let admin = session.engine().is_admin();
    let coordinator = session.engine().is_coordinator();
    let members: Vec<(MemberId, MemberState)> =
        session.engine().permission().members.iter().map(|(id, state)| (*id, state.clone())).collect();
    let papers: BTreeSet<_> = session.together(|acts| Ok(acts.papers()))?.into_iter().collect();
    let mut people = Vec::new();
    for (member, state) in members {
        let checked = session.engine().is_checked(member)?;
        let check_words = session.together(|acts| acts.check_words(member))?;
        let active = state.devices.iter().filter(|(_, device)| device.active);
        let (paper, laptops): (Vec<_>, Vec<_>) =
            active.map(|(id, _)| *id).partition(|id| papers.contains(id));
        people.push(PersonRow {
            member: member.to_string(),
            name: names.name(member),
            contact: names.person(member).map(|person| person.contact.clone()).unwrap_or_default(),
            roles: roles(state.roles),
            standing: state.standing.into(),
            checked,
            check_words: check_words.map(|words| words.into_iter().map(str::to_owned).collect()),
            devices: count(laptops.len()),
            papers: count(paper.len()),
            reading: coordinator.then(|| names.person(member).map(ReadingProfile::of).unwrap_or_default()),
            me: member == me,
        });
    }
    people.sort_by(|one, other| {
        (!one.me, one.name.to_lowercase()).cmp(&(!other.me, other.name.to_lowercase()))
    });
    let invitations = session.together(|acts| acts.open_invitations())?;
    let invitations = invitations
        .into_iter()
        .map(|(id, invited)| InvitationRow { id: id.to_string(), name: invited.name.to_string() });
    let may_invite = match (admin, coordinator) {
        (true, _) => vec![Role::Reviewer, Role::Coordinator, Role::Admin],
        (false, true) => vec![Role::Reviewer],
        (false, false) => Vec::new(),
    };
    Ok(PeopleView {
        people,
        invitations: invitations.collect(),
        regions: tasks::programme_or_none(session)?
            .map(|programme| regions(&programme, language))
            .unwrap_or_default(),
        may_invite,
        may_remove: admin || coordinator,
    })
}

fn regions(programme: &Programme, language: &str) -> Vec<FilterOption> {
    let labels = Labels::new(programme, language);
    let field = programme.fields.iter().find(|field| field.key.as_str() == "region");
    let options = field.iter().flat_map(|field| &field.options);
    options
        .map(|option| FilterOption { key: option.key.to_string(), label: labels.said(&option.label) })
        .collect()
}

/// Notes what proposals of assignments go by of a reader; gives what was known before.
///
/// # Errors
/// [`Failure`].
pub fn set_reading(
    session: &mut Session,
    member: &str,
    profile: &ReadingProfile,
) -> Result<ReadingProfile, Failure> {
    must_coordinate(session)?;
    let member: MemberId = id(member)?;
    if !session.engine().permission().members.contains_key(&member) {
        return Err(Failure::not_found("this member"));
    }
    let mut person = session.together(|acts| acts.persons())?.remove(&member).unwrap_or_default();
    let before = ReadingProfile::of(&person);
    profile.put(&mut person)?;
    session.together(|acts| {
        acts.set_person(member, &person)?;
        acts.hand_over()
    })?;
    Ok(before)
}

/// Invites somebody; gives the link for that person alone.
///
/// # Errors
/// [`Failure`].
pub fn invite(session: &mut Session, name: &str, as_what: &[Role]) -> Result<Invited, Failure> {
    if name.trim().is_empty() {
        return Err(Failure::new("name-missing", "the name is empty").at("name"));
    }
    let name: Text<200> = Text::try_from(name.trim())
        .map_err(|_| Failure::new("too-long", "the name is too long").at("name"))?;
    let invited = InvitedPerson { name, fields: Default::default() };
    let roles = charter_roles(as_what);
    let invitation = session.together(|acts| acts.invite_person(roles, &invited))?;
    Ok(Invited { id: invitation.id.to_string(), link: invitation.to_link().to_string() })
}

/// Admits whoever wrote an answer.
///
/// # Errors
/// [`Failure`].
pub fn admit(session: &mut Session, answer: &[u8], language: &str) -> Result<PersonRow, Failure> {
    let member = admit_answer(session, answer)?.to_string();
    let everybody = people(session, language)?.people;
    everybody.into_iter().find(|row| row.member == member).ok_or_else(|| Failure::not_found("this member"))
}

/// Records that the check words matched.
///
/// # Errors
/// [`Failure`].
pub fn confirm_words(session: &mut Session, member: &str) -> Result<(), Failure> {
    let member: MemberId = id(member)?;
    Ok(session.together(|acts| {
        acts.check_member(member)?;
        acts.hand_over()
    })?)
}

/// Says what a removal would mean.
///
/// # Errors
/// [`Failure`].
pub fn removal(session: &mut Session, member: &str) -> Result<RemovalView, Failure> {
    let member: MemberId = id(member)?;
    let names = Names::of(session)?;
    let removal = session.engine().removal(member)?;
    let coordinates = session.engine().is_coordinator();
    let (mut dossiers, mut assignments, mut reviews) = (0, 0, 0);
    if coordinates {
        let (assigned, reviewed, access) =
            session.together(|acts| Ok((acts.assignments()?, acts.tallies()?, acts.access()?)))?;
        let done: BTreeSet<_> = reviewed
            .iter()
            .filter(|review| review.member == member && review.counts.is_ok())
            .map(|review| (review.application, review.round))
            .collect();
        reviews = done.len();
        let open = |pair: &tessera_engine::assignments::Pair| {
            pair.member == member && !done.contains(&(pair.application, pair.round))
        };
        assignments = assigned
            .iter()
            .filter(|(pair, one)| open(pair) && one.state == Some(AssignmentState::Assigned))
            .count();
        dossiers = access
            .iter()
            .filter(|one| one.member == member && matches!(one.audience, Audience::Dossier(..)))
            .count();
    }
    let permission = session.engine().permission();
    let state = permission.members.get(&member).ok_or_else(|| Failure::not_found("this member"))?;
    let several = permission.charter.powers.removal_threshold() > 1;
    let needs_others = several || state.roles.admin || state.roles.coordinator;
    Ok(RemovalView {
        name: names.name(member),
        devices: count(removal.devices.len()),
        dossiers: count(dossiers),
        assignments: count(assignments),
        reviews: count(reviews),
        needs_others,
    })
}

/// Suspends a member: the reversible act.
///
/// # Errors
/// [`Failure`].
pub fn suspend(session: &mut Session, member: &str) -> Result<(), Failure> {
    let member: MemberId = id(member)?;
    session.work(|engine| engine.suspend(member))?;
    Ok(())
}

/// Lifts a suspension.
///
/// # Errors
/// [`Failure`].
pub fn lift(session: &mut Session, member: &str) -> Result<(), Failure> {
    let member: MemberId = id(member)?;
    session.work(|engine| engine.lift(member))?;
    Ok(())
}

/// Removes a member, for ever.
///
/// # Errors
/// [`Failure`].
pub fn remove(session: &mut Session, member: &str) -> Result<(), Failure> {
    let member: MemberId = id(member)?;
    session.work(|engine| engine.remove(member))?;
    Ok(())
}

/// What somebody can read of one kind.
#[derive(Default)]
struct Gathered {
    count: usize,
    earlier: usize,
    applications: BTreeSet<String>,
    earlier_applications: BTreeSet<String>,
    since_ms: Option<u64>,
    devices: BTreeSet<DeviceId>,
}

impl Gathered {
    fn add(&mut self, one: &Access, application: Option<String>) {
        let (count, applications) = match one.now {
            true => (&mut self.count, &mut self.applications),
            false => (&mut self.earlier, &mut self.earlier_applications),
        };
        *count += 1;
        applications.extend(application);
        self.since_ms = [self.since_ms, one.since_ms].into_iter().flatten().min();
        self.devices.extend(&one.devices);
    }
}

/// Reads who can read what, by person.
///
/// # Errors
/// [`Failure`].
pub fn access(session: &mut Session) -> Result<Vec<AccessRow>, Failure> {
    let names = Names::of(session)?;
    let called = Called::of(session)?;
    let access = session.together(|acts| acts.access())?;
    let mut found: BTreeMap<(String, MemberId, &'static str), Gathered> = BTreeMap::new();
    for one in access {
        let (what, application) = what(&one.audience);
        let key = (names.name(one.member).to_lowercase(), one.member, what);
        found.entry(key).or_default().add(&one, application.map(|id| called.application(id)));
    }
    let permission = session.engine().permission();
    let device = |id: DeviceId| {
        let state = permission.device(id).map(|(_, state)| state);
        AccessDevice {
            device: id.to_string(),
            paper: state.is_some_and(|state| state.device.form == Form::Paper),
            active: state.is_some_and(|state| state.active),
        }
    };
    let rows = found.into_iter().map(|((_, member, what), gathered)| AccessRow {
        member: member.to_string(),
        name: names.name(member),
        what: what.to_owned(),
        count: count(gathered.count),
        earlier: count(gathered.earlier),
        // Another form of the same application may still be open.
        earlier_applications: gathered
            .earlier_applications
            .difference(&gathered.applications)
            .cloned()
            .collect(),
        applications: gathered.applications.into_iter().collect(),
        since_ms: gathered.since_ms,
        devices: gathered.devices.into_iter().map(device).collect(),
    });
    Ok(rows.collect())
}

/// What an audience is to people, and its application.
pub(crate) fn what(audience: &Audience) -> (&'static str, Option<tessera_protocol::ids::ApplicationId>) {
    match audience {
        Audience::Programme => ("programme", None),
        Audience::To(_) => ("letters", None),
        Audience::File(id) => ("files", Some(*id)),
        Audience::Dossier(id, _) => ("dossiers", Some(*id)),
        Audience::Reviews(_) => ("reviews", None),
        Audience::Desk(_) => ("desk", None),
        Audience::Panel(id, _) => ("panels", Some(*id)),
        Audience::People => ("people", None),
        Audience::Office => ("office", None),
        Audience::Keys => ("keys", None),
        Audience::Intake => ("intake", None),
    }
}
