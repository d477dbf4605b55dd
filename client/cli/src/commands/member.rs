//! `tessera member`: who belongs. Inviting, admitting, checking; the acts that end it are in [`ending`].

pub(crate) mod ending;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Value, json};
use tessera_driver::inviting::{self, Guests};
use tessera_driver::names::SHORTEST;
use tessera_driver::session::Session;
use tessera_engine::persons::Invited;
use tessera_model::input::Warning;
use tessera_model::table::MAX_FILE_BYTES;
use tessera_protocol::charter::{Change, Roles};
use tessera_protocol::ids::{InvitationId, MemberId};
use tessera_protocol::permission::{MemberState, Standing};
use tessera_vault::enrol::{ANSWER_BYTES, CHECK_WORDS};
use tessera_vault::words::normalise;

use self::ending::{End, Ending};
use super::compute;
use super::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::given::{self, Given};
use crate::names::{Find as _, Names};
use crate::output::Answer;

/// Arguments of `member`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show who belongs, and who is invited
    List,
    /// Write invitations, for one person or for many
    Invite(Invite),
    /// Withdraw an invitation of this device that nobody answered yet
    Withdraw(Withdraw),
    /// Admit whoever answered an invitation
    Admit(Admit),
    /// Stop reading and writing until it is lifted
    Suspend(Ending),
    /// Undo a suspension
    Lift(Ending),
    /// Remove for ever
    Remove(Ending),
    /// Record that the check words matched, or that the invitation was handed over in person
    Check(Check),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whom").required(true).args(["name", "many"])))]
struct Invite {
    /// Name of the person
    #[arg(long, value_name = "N")]
    name: Option<String>,
    /// Many at once: CSV, XLSX or JSON with the columns name[,role,email,region,languages,competences,min,max,…]
    #[arg(long, value_name = "CSV")]
    many: Option<PathBuf>,
    /// reviewer, coordinator or admin; several with commas
    #[arg(long, value_name = "R", default_value = "reviewer")]
    role: String,
    /// Folder for the invitation
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct Withdraw {
    /// The name that it was made for, or the beginning of its id
    #[arg(value_name = "I")]
    invitation: String,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).multiple(true).args(["files", "all"])))]
struct Admit {
    /// Answer to an invitation; with --all the folder to look in
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Every file `*.answer` of the folder
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("how").required(true).args(["words", "in_person"])))]
struct Check {
    /// Name, or the beginning of the id
    #[arg(value_name = "M")]
    member: String,
    /// The six words, as the other person reads them aloud
    #[arg(long, value_name = "W…")]
    words: Option<String>,
    /// The invitation went from hand to hand
    #[arg(long)]
    in_person: bool,
}

/// Runs `member`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::List => list(context),
        What::Invite(invite) => self::invite(invite, context),
        What::Withdraw(withdraw) => self::withdraw(&withdraw.invitation, context),
        What::Admit(admit) => self::admit(admit, context),
        What::Suspend(ending) => ending::run(End::Suspend, ending, context),
        What::Lift(ending) => ending::run(End::Lift, ending, context),
        What::Remove(ending) => ending::run(End::Remove, ending, context),
        What::Check(check) => self::check(check, context),
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let members: Vec<(MemberId, MemberState)> =
        session.engine().permission().members.iter().map(|(id, state)| (*id, state.clone())).collect();
    let mut rows = Vec::new();
    for (member, state) in members {
        let checked = session.engine().is_checked(member)?;
        rows.push(json!({
            "member": member.to_string(),
            "name": names.person(member).map(|person| person.name.clone()),
            "roles": roles_of(state.roles),
            "standing": standing(state.standing),
            "checked": checked,
            "devices": state.devices.values().filter(|device| device.active).count(),
            "me": member == session.engine().member(),
        }));
    }
    for (id, invited) in session.together(|acts| acts.open_invitations())? {
        rows.push(json!({
            "member": null, "invitation": id.to_string(), "name": invited.name.to_string(), "roles": null,
            "standing": "invited", "checked": false, "devices": 0, "me": false,
        }));
    }
    Answer::new("member-list", rows).show(
        context,
        &["id", "name", "roles", "standing", "checked", "devices"],
        |row| {
            let id = row["member"].as_str().or(row["invitation"].as_str()).unwrap_or_default();
            let checked = if row["checked"] == true { "yes" } else { "no" };
            vec![
                id.get(..8).unwrap_or(id).to_owned(),
                text(&row["name"]),
                text(&row["roles"]),
                text(&row["standing"]),
                checked.to_owned(),
                text(&row["devices"]),
            ]
        },
    )
}

/// The roles of a member as words; `reviewer` where the charter gives none.
pub(crate) fn roles_of(roles: Roles) -> Vec<&'static str> {
    let all = [(roles.admin, "admin"), (roles.coordinator, "coordinator")];
    let mut words: Vec<&'static str> =
        all.into_iter().filter(|(has, _)| *has).map(|(_, word)| word).collect();
    if words.is_empty() {
        words.push("reviewer");
    }
    words
}

/// Whether a member belongs, as a word.
pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "active",
        Standing::Suspended => "suspended",
        Standing::Removed => "removed",
    }
}

/// Reads `reviewer`, `coordinator`, `admin` or several.
pub(crate) fn parse_roles(words: &str) -> Result<Roles, Failure> {
    inviting::roles(words).map_err(|word| {
        Failure::new(Exit::Usage, "unknown-role", format!("`{word}` is no role"))
            .hint("reviewer, coordinator or admin; several with commas")
    })
}

fn invite(invite: &Invite, context: &Context) -> Result<(), Failure> {
    let roles = parse_roles(&invite.role)?;
    let people = match (&invite.many, &invite.name) {
        (Some(file), _) => many(file, roles)?,
        (None, given) => {
            let name = inviting::name(given.as_deref().unwrap_or_default());
            let name = name.map_err(|(code, message)| Failure::new(Exit::BadInput, code, message))?;
            vec![(Invited { name, fields: Default::default() }, roles)]
        }
    };
    let mut session = context.session()?;
    inviting::make_folder(&invite.out)?;
    let mut rows = Vec::new();
    for (invited, roles) in &people {
        let written = inviting::invite(&mut session, invited, *roles, &invite.out)?;
        rows.push(json!({
            "name": invited.name.to_string(),
            "roles": roles_of(*roles),
            "invitation": written.id.to_string(),
            "file": written.file.display().to_string(),
        }));
    }
    Answer::new("member-invite", rows).show(context, &["name", "roles", "invitation"], |row| {
        vec![text(&row["name"]), text(&row["roles"]), text(&row["file"])]
    })?;
    context.hint(
        "next: give the file to that person alone; they run `tessera enrol FILE` and hand the answer back, then `tessera member admit ANSWER`",
    );
    Ok(())
}

/// Reads whom to invite; everything is checked before anybody is.
fn many(file: &Path, otherwise: Roles) -> Result<Vec<(Invited, Roles)>, Failure> {
    let shown = file.display().to_string();
    let bytes = files::read(file, MAX_FILE_BYTES)?;
    let Guests { guests, refused } = inviting::read(&bytes, &shown, otherwise).map_err(compute::refused)?;
    if let Some(first) = refused.into_iter().next() {
        let failure = Failure::new(Exit::BadInput, first.code, first.message);
        return Err(failure.at(&shown, Some(first.row), first.column.as_deref()));
    }
    Ok(guests.into_iter().map(|guest| (guest.invited, guest.roles)).collect())
}

fn withdraw(meant: &str, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let meant = meant.trim().to_lowercase();
    let is = |id: &InvitationId, invited: &Invited| {
        let by_id = meant.len() >= SHORTEST && id.to_string().starts_with(&meant);
        by_id || invited.name.to_lowercase() == meant
    };
    let open = session.together(|acts| acts.open_invitations())?;
    let found: Vec<_> = open.into_iter().filter(|(id, invited)| is(id, invited)).collect();
    let (id, invited) = match &found[..] {
        [one] => one,
        [] => {
            let message = format!("no open invitation of this device is for `{meant}`");
            return Err(Failure::new(Exit::NotFound, "no-such-invitation", message)
                .hint("`tessera member list` shows who is invited"));
        }
        _ => {
            return Err(Failure::new(
                Exit::BadInput,
                "invitation-ambiguous",
                "several invitations are meant",
            )
            .hint("write the beginning of the id instead"));
        }
    };
    session.together(|acts| acts.withdraw_invitation(*id))?;
    let row = json!({ "invitation": id.to_string(), "name": invited.name.to_string(), "withdrawn": true });
    Answer::new("member-withdraw", vec![row]).show(context, &["id", "name", "withdrawn"], |row| {
        vec![text(&row["invitation"])[..8].to_owned(), text(&row["name"]), "yes".to_owned()]
    })
}

fn admit(admit: &Admit, context: &Context) -> Result<(), Failure> {
    let answers = if admit.all { answers_in(&admit.files)? } else { admit.files.clone() };
    let mut session = context.session()?;
    let (mut rows, mut warnings) = (Vec::new(), Vec::new());
    for file in &answers {
        match admit_one(&mut session, file) {
            Ok(row) => rows.push(row),
            Err(failure) if admit.all && answers.len() > 1 => {
                let warning = Warning::new("not-admitted", "{file}: {message}");
                let warning = warning.with("file", file.display().to_string());
                warnings.push(warning.with("message", failure.body.message.as_str()));
            }
            Err(failure) => return Err(failure),
        }
    }
    let suspended = rows.iter().any(|row| row["standing"] == "suspended");
    if suspended {
        warnings.push(Warning::new(
            "invitation-used-twice",
            "an invitation was answered twice; nobody of it belongs until you remove whoever it was not for",
        ));
    }
    Answer::new("member-admit", rows).warnings(warnings).show(
        context,
        &["id", "name", "roles", "standing", "check words"],
        |row| {
            let words: Vec<String> = row["check_words"].as_array().into_iter().flatten().map(text).collect();
            vec![
                text(&row["member"]).get(..8).unwrap_or_default().to_owned(),
                text(&row["name"]),
                text(&row["roles"]),
                text(&row["standing"]),
                words.join(" "),
            ]
        },
    )?;
    context.hint(
        "next: call them and compare the six words; then `tessera member check NAME --words \"…\"` (or --in-person)",
    );
    Ok(())
}

fn answers_in(folders: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let here = [PathBuf::from(".")];
    let mut answers = Vec::new();
    for folder in if folders.is_empty() { &here[..] } else { folders } {
        let entries = std::fs::read_dir(folder).map_err(|error| {
            Failure::new(Exit::NotFound, "folder-unreadable", format!("cannot look into it: {error}")).at(
                &folder.display().to_string(),
                None,
                None,
            )
        })?;
        let files = entries.flatten().map(|entry| entry.path());
        answers.extend(files.filter(|file| file.extension().is_some_and(|ending| ending == "answer")));
    }
    answers.sort();
    if answers.is_empty() {
        return Err(Failure::new(Exit::NotFound, "no-answers", "no file `*.answer` is there"));
    }
    Ok(answers)
}

fn admit_one(session: &mut Session, file: &Path) -> Result<Value, Failure> {
    let name = file.display().to_string();
    given::want(&[Given::Answer], file)?;
    let answer = files::read(file, ANSWER_BYTES + 128)?;
    let admitted = session.together(|acts| acts.admit_person(&answer));
    let admitted = admitted.map_err(|error| Failure::from(error).at(&name, None, None))?;
    let person = session.together(|acts| acts.persons())?.remove(&admitted.member);
    let state = session.engine().permission().members.get(&admitted.member);
    Ok(json!({
        "member": admitted.member.to_string(),
        "name": person.map(|person| person.name),
        "roles": roles_of(admitted.roles),
        "standing": state.map_or("unknown", |state| standing(state.standing)),
        "check_words": admitted.check_words,
        "file": name,
    }))
}

/// Fails where so many words cannot be check words: more or fewer say nothing about who answered.
pub(crate) fn must_be_six(typed: &str) -> Result<(), Failure> {
    let count = normalise(typed).split_whitespace().count();
    if count == CHECK_WORDS {
        return Ok(());
    }
    let message = format!("check words are {CHECK_WORDS}, and these are {count}");
    Err(Failure::new(Exit::BadInput, "words-incomplete", message)
        .hint("type all of them in one pair of quotes: --words \"one two three four five six\""))
}

fn check(check: &Check, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let member = names.find(&check.member)?;
    if let Some(typed) = &check.words {
        let words = session.together(|acts| acts.check_words(member))?;
        let Some(words) = words else {
            return Err(Failure::new(
                Exit::NotFound,
                "no-check-words",
                "this device did not invite that member, so it does not know the words",
            )
            .hint("whoever invited compares them; --in-person where you know the person and the device yourself"));
        };
        must_be_six(typed)?;
        if normalise(typed) != normalise(&words.join(" ")) {
            return Err(Failure::new(
                Exit::Damaged,
                "words-differ",
                format!("these are not the words of {}", names.name(member)),
            )
            .hint("ask to read them again; if they still differ, somebody else answered: `tessera member remove M`"));
        }
    }
    session.together(|acts| acts.check_member(member))?;
    let row = json!({ "member": member.to_string(), "name": names.name(member), "checked": true });
    Answer::new("member-check", vec![row]).show(context, &["id", "name", "checked"], |row| {
        vec![text(&row["member"])[..8].to_owned(), text(&row["name"]), "yes".to_owned()]
    })?;
    let links = session.engine().links();
    let pending = &session.engine().permission().charter.pending;
    let waits = links.iter().any(|link| {
        let open = pending.contains_key(&link.id());
        open && link
            .changes
            .iter()
            .any(|change| matches!(change, Change::Add { member: whom, .. } if *whom == member))
    });
    context.hint(if waits {
        "the charter does not name them yet: other admins sign (`tessera charter sign`), then check once more"
    } else {
        "next: `tessera sync`, or `tessera bundle export`, takes the keys there"
    });
    Ok(())
}
