//! Who is at this device and how far the enrolment is; joining and founding a programme, unlocking, recovery.

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::session::error::enrol_code;
use tessera_driver::session::{Founding, Session, os_random};
use tessera_engine::devices::Pass;
use tessera_engine::home::Continuity;
use tessera_engine::reading::Task;
use tessera_model::documents::{AssignmentState, Person};
use tessera_model::programme::Programme;
use tessera_protocol::charter::Roles;
use tessera_protocol::permission::Standing;
use tessera_vault::enrol::{About, Invitation};
use tessera_vault::passphrase::{Passphrase, Strength};
use tessera_vault::recovery::Paper;
use tessera_vault::text::Text;

use crate::failure::Failure;
use crate::relays::{self, RelayForm};
use crate::shelf::{ProgrammeEntry, Shelf};
use crate::words::Sentence;

/// What the window begins with.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StandingView {
    /// Who is here; none while nothing is unlocked.
    pub open: Option<Me>,
    /// The homes on this device.
    pub programmes: Vec<ProgrammeEntry>,
    /// The program's version.
    pub version: String,
}

/// The member at this device.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The home's folder.
    pub folder: String,
    /// The programme's id.
    pub programme_id: String,
    /// What it is called.
    pub programme: String,
    /// True in a demonstration.
    pub demo: bool,
    /// This member's id.
    pub member_id: String,
    /// This member's name.
    pub name: String,
    /// This device's id.
    pub device_id: String,
    /// What this member does, first what is to be done first.
    pub roles: Vec<Role>,
    /// Whether this device belongs.
    pub state: MemberStanding,
    /// Six words to compare with whoever invited; none while they are not known.
    pub check_words: Option<Vec<String>>,
    /// True once somebody recorded that they matched.
    pub checked: bool,
    /// True once a recovery sheet was typed back.
    pub recovery_kept: bool,
    /// True where this computer's keychain may open this home.
    pub in_keychain: bool,
    /// What is to be known about this home.
    pub notices: Vec<Sentence>,
}

/// What a member does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads and scores.
    Reviewer,
    /// Merges and answers for the result.
    Coordinator,
    /// Decides who has access.
    Admin,
}

/// Whether a member belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum MemberStanding {
    /// Invited, not heard of here yet.
    Waiting,
    /// Belongs.
    Active,
    /// Suspended.
    Suspended,
    /// Removed.
    Removed,
}

impl From<Standing> for MemberStanding {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Active => Self::Active,
            Standing::Suspended => Self::Suspended,
            Standing::Removed => Self::Removed,
        }
    }
}

/// What an invitation says before it is answered.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InvitationView {
    /// The programme's name.
    pub programme: String,
    /// As what one is invited.
    pub roles: Vec<Role>,
    /// True for a demonstration.
    pub demo: bool,
    /// True where it makes this device a further one of a member.
    pub further_device: bool,
}

/// How well a passphrase resists guessing.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StrengthView {
    /// The estimate, in bits.
    pub bits: u32,
    /// True where a real programme takes it.
    pub good: bool,
    /// What a real programme asks for, in bits.
    pub good_bits: u32,
}

/// What a person says when joining.
#[derive(Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EnrolForm {
    /// The invitation: its link, or what its file holds.
    pub invitation: String,
    /// What this device shows before it is unlocked.
    pub label: String,
    /// The new home's passphrase.
    pub passphrase: String,
    /// The person's name.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Standing conflicts of interest.
    pub conflicts: Vec<String>,
}

/// What a programme starts with.
#[derive(Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundForm {
    /// The definition, as TOML.
    pub definition: String,
    /// What this device shows before it is unlocked.
    pub label: String,
    /// The new home's passphrase.
    pub passphrase: String,
    /// The founder's name.
    pub name: String,
    /// The programme's relay; none where bundles carry everything, or it comes later.
    pub relay: Option<RelayForm>,
}

/// The roles of a member; reviewer where the charter gives none.
pub(crate) fn roles(roles: Roles) -> Vec<Role> {
    let all = [(roles.coordinator, Role::Coordinator), (roles.admin, Role::Admin)];
    let mut found: Vec<Role> = all.into_iter().filter(|(has, _)| *has).map(|(_, role)| role).collect();
    if found.is_empty() {
        found.push(Role::Reviewer);
    }
    found
}

/// Whether this member reads applications too.
#[derive(Clone, Copy)]
enum Reads {
    Nothing,
    /// All of it is submitted.
    Read,
    /// Something waits.
    Waits,
}

impl Reads {
    fn of(tasks: &[Task]) -> Self {
        let mut mine = tasks.iter().filter(|task| task.assignment.state == Some(AssignmentState::Assigned));
        match (mine.clone().next(), mine.any(|task| task.review.is_none())) {
            (None, _) => Self::Nothing,
            (Some(_), false) => Self::Read,
            (Some(_), true) => Self::Waits,
        }
    }

    /// The roles of the charter, and this one: what waits comes first.
    fn beside(self, mut roles: Vec<Role>) -> Vec<Role> {
        if matches!(self, Self::Nothing) || roles.contains(&Role::Reviewer) {
            return roles;
        }
        let place = if matches!(self, Self::Waits) { 0 } else { roles.len() };
        roles.insert(place, Role::Reviewer);
        roles
    }
}

/// Says how well a passphrase resists guessing.
#[must_use]
pub fn strength(passphrase: &str) -> StrengthView {
    let strength = Passphrase::new(passphrase).strength(&[]);
    StrengthView {
        bits: whole(strength.bits),
        good: strength.is_good(),
        good_bits: whole(Strength::GOOD_BITS),
    }
}

/// A number of bits without its fraction.
fn whole(bits: f64) -> u32 {
    format!("{:.0}", bits.floor()).parse().unwrap_or(0)
}

/// Draws six words.
#[must_use]
pub fn generate_passphrase() -> String {
    Passphrase::generate(&mut os_random()).expose().to_owned()
}

/// Reads who is here.
///
/// # Errors
/// [`Failure`].
pub fn me(session: &mut Session, folder: &str) -> Result<Me, Failure> {
    let mut programme = session.together(|acts| acts.title())?;
    if programme.is_empty()
        && let Some(invitation) = session.engine().invitation()?
    {
        programme = invitation.name.to_string();
    }
    let (recovery_kept, person, reads) = session.together(|acts| {
        let me = acts.member();
        let reads = Reads::of(&acts.tasks()?);
        Ok((acts.is_rehearsed()?, acts.persons()?.remove(&me), reads))
    })?;
    let notices = continuity(session.continuity()).into_iter().collect();
    let (demo, in_keychain) = (session.is_demo(), session.is_in_keychain());
    let engine = session.engine();
    let words = match engine.own_device_words()? {
        Some(words) => Some(words),
        None => engine.own_check_words()?,
    };
    let (member, device) = (engine.member(), engine.device());
    let found = engine.permission().members.get(&member).cloned();
    let here = found.filter(|state| state.devices.contains_key(&device));
    let checked = engine.is_checked(member)?;
    Ok(Me {
        folder: folder.to_owned(),
        programme_id: engine.programme().to_string(),
        programme,
        demo,
        member_id: member.to_string(),
        name: person.map(|person| person.name).unwrap_or_default(),
        device_id: device.to_string(),
        roles: reads.beside(roles(here.as_ref().map(|state| state.roles).unwrap_or_default())),
        state: here.map_or(MemberStanding::Waiting, |state| state.standing.into()),
        check_words: words.map(|words| words.into_iter().map(str::to_owned).collect()),
        checked,
        recovery_kept,
        in_keychain,
        notices,
    })
}

/// What is to be told of a home that was just opened.
fn continuity(continuity: Continuity) -> Option<Sentence> {
    let (code, text) = match continuity {
        Continuity::First | Continuity::Continues => return None,
        Continuity::RolledBack { .. } => (
            "home-rolled-back",
            "This home was replaced by an older copy. Work goes on; what it lacks comes with the next exchange.",
        ),
        Continuity::Replaced => (
            "home-copied",
            "This home and another copy of it were both used. Enrol one of the two laptops anew.",
        ),
        Continuity::AnchorBehind => {
            ("home-part-restored", "Part of this home was restored from a backup. Work goes on.")
        }
        Continuity::NoAnchor => (
            "home-no-anchor",
            "A file of this home is missing; whether the home is the newest cannot be told.",
        ),
    };
    Some(Sentence::plain(code, text))
}

/// An invitation of a person, or a pass of a further device.
enum Called {
    Invitation(Box<Invitation>),
    Pass(Box<Pass>),
}

fn called(text: &str) -> Result<Called, Failure> {
    if let Some(file) = crate::devices::file(text) {
        return Ok(Called::Pass(Box::new(Pass::from_file(&file)?)));
    }
    Ok(Called::Invitation(Box::new(Invitation::from_link(text.trim())?)))
}

/// Says what an invitation is, before anything is made.
///
/// # Errors
/// [`Failure`] `no-invitation` and others.
pub fn inspect(text: &str) -> Result<InvitationView, Failure> {
    let called = called(text)?;
    let (invitation, further_device) = match &called {
        Called::Invitation(invitation) => (&**invitation, false),
        Called::Pass(pass) => (pass.invitation(), true),
    };
    Ok(InvitationView {
        programme: invitation.name.to_string(),
        roles: roles(invitation.roles),
        demo: invitation.demo,
        further_device,
    })
}

/// Makes a home that answers an invitation; gives its folder.
///
/// # Errors
/// [`Failure`]; nothing is left behind.
pub fn enrol(shelf: &Shelf, form: &EnrolForm) -> Result<(String, Session), Failure> {
    let called = called(&form.invitation)?;
    let passphrase = Passphrase::new(&form.passphrase);
    let about = about(form)?;
    in_new_folder(shelf, &form.label, |home| {
        let (session, _) = match &called {
            Called::Invitation(invitation) => Session::enrol(home, &passphrase, invitation, about)?,
            Called::Pass(pass) => Session::join(home, &passphrase, pass)?,
        };
        Ok(session)
    })
}

/// Makes a home in a new folder, or leaves nothing behind.
pub(crate) fn in_new_folder(
    shelf: &Shelf,
    label: &str,
    make: impl FnOnce(&std::path::Path) -> Result<Session, Failure>,
) -> Result<(String, Session), Failure> {
    let folder = shelf.add(label)?;
    let made = shelf.home(&folder).and_then(|home| make(&home));
    if made.is_err() {
        shelf.give_up(&folder);
    }
    made.map(|session| (folder, session))
}

fn about(form: &EnrolForm) -> Result<About, Failure> {
    let long = |field: &str| Failure::new("too-long", "this is too long").at(field);
    let conflicts: Result<Vec<Text<500>>, _> =
        form.conflicts.iter().map(|conflict| Text::try_from(conflict.trim())).collect();
    Ok(About {
        name: Text::try_from(form.name.trim()).map_err(|_| long("name"))?,
        email: Text::try_from(form.email.trim()).map_err(|_| long("email"))?,
        conflicts: conflicts.map_err(|_| long("conflicts"))?.try_into().map_err(|_| long("conflicts"))?,
    })
}

/// The answer to the invitation, to be handed back.
///
/// # Errors
/// [`Failure`] where this home answered none.
pub fn answer(session: &mut Session) -> Result<Vec<u8>, Failure> {
    let answer = session.engine().answer()?;
    answer.ok_or_else(|| Failure::new("no-answer", "this home answered no invitation"))
}

/// Founds a programme without a relay, as [`found_with`].
///
/// # Errors
/// [`Failure`]; nothing is left behind.
pub fn found(
    shelf: &Shelf,
    definition: &str,
    label: &str,
    passphrase: &str,
    name: &str,
) -> Result<(String, Session), Failure> {
    let form = FoundForm {
        definition: definition.to_owned(),
        label: label.to_owned(),
        passphrase: passphrase.to_owned(),
        name: name.to_owned(),
        relay: None,
    };
    found_with(shelf, &form)
}

/// Founds a programme from its definition; gives its folder.
///
/// # Errors
/// [`Failure`]; nothing is left behind.
pub fn found_with(shelf: &Shelf, form: &FoundForm) -> Result<(String, Session), Failure> {
    let programme = Programme::parse(&form.definition).map_err(|error| {
        Failure::new(error.code.as_str(), error.message.clone())
            .at(format!("{}:{}", error.line, error.column))
    })?;
    let passphrase = Passphrase::new(&form.passphrase);
    let relay = form.relay.as_ref().map(relays::read).transpose()?;
    let named = relay.iter().map(|relay| (relay.key, false)).collect();
    let founding = Founding { demo: programme.demo, relays: named };
    in_new_folder(shelf, &form.label, |home| {
        let title = programme.name.as_ref().map(|name| name.in_language("en").to_owned()).unwrap_or_default();
        let person = Person { name: form.name.trim().to_owned(), ..Person::default() };
        let mut session = Session::found(home, &passphrase, &founding, |engine| {
            let me = engine.member();
            engine.together(|acts| {
                acts.set_person(me, &person)?;
                if let Some(relay) = relay {
                    acts.set_relay(relay)?;
                }
                acts.set("title", title.as_bytes())?;
                acts.hand_over()
            })
        })?;
        // From here on it is worked on as a form, until it is published.
        crate::programme::keep(&mut session, &programme)?;
        Ok(session)
    })
}

/// Draws a recovery sheet: 24 words, shown once.
///
/// # Errors
/// [`Failure`].
pub fn draw_sheet(session: &mut Session) -> Result<Vec<String>, Failure> {
    let paper = session.together(|acts| acts.draw_paper())?;
    Ok(paper.words().split(' ').map(str::to_owned).collect())
}

/// Takes the words that were typed back; from here on they open this home.
///
/// # Errors
/// [`Failure`] `paper-wrong` and others.
pub fn rehearse_sheet(session: &mut Session, words: &[String]) -> Result<(), Failure> {
    let paper = paper(words)?;
    session.together(|acts| {
        acts.rehearse(&paper)?;
        acts.hand_over()
    })?;
    Ok(session.keep_envelope(&paper)?)
}

/// Reads recovery words.
pub(crate) fn paper(words: &[String]) -> Result<Paper, Failure> {
    let typed = words.iter().map(|word| word.trim()).collect::<Vec<_>>().join(" ");
    Paper::from_words(typed.trim()).map_err(|error| Failure::new("paper-wrong", error.to_string()))
}

/// Opens a home with its recovery words and puts it under a new passphrase.
///
/// # Errors
/// [`Failure`]; nothing was changed then.
pub fn unlock_by_words(
    shelf: &Shelf,
    folder: &str,
    words: &[String],
    passphrase: &str,
) -> Result<Session, Failure> {
    Ok(Session::recover(&shelf.home(folder)?, &paper(words)?, &Passphrase::new(passphrase))?)
}

/// Admits whoever wrote an answer; gives the member's id.
pub(crate) fn admit(
    session: &mut Session,
    answer: &[u8],
) -> Result<tessera_protocol::ids::MemberId, Failure> {
    let admitted = session.together(|acts| acts.admit_person(answer));
    admitted.map(|admitted| admitted.member).map_err(|error| match error {
        tessera_driver::session::SessionError::Enrol(error) => {
            Failure::new(enrol_code(&error), error.to_string())
        }
        other => other.into(),
    })
}
