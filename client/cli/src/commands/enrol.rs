//! `tessera enrol`: joining a programme. Makes the home, its keys and the answer; run again, it writes the same answer once
//! more and says how far the enrolment is.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use tessera_driver::session::{Session, SessionError};
use tessera_engine::devices::Pass;
use tessera_vault::enrol::{About, EnrolError, INVITATION_BYTES, Invitation};
use tessera_vault::text::Text;

use super::member::roles_of;
use super::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::given::{self, Given};
use crate::output::Answer;

/// Arguments of `enrol`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// File or link that was given to you; without it, how far the enrolment is
    #[arg(value_name = "INVITATION")]
    invitation: Option<String>,
    /// Where the answer goes; beside the invitation where nothing is said
    #[arg(long, value_name = "FILE", requires = "invitation")]
    answer: Option<PathBuf>,
    /// Your name
    #[arg(long, value_name = "N", default_value = "")]
    name: String,
    /// Your mail address
    #[arg(long, value_name = "ADDRESS", default_value = "")]
    email: String,
    /// A standing conflict of interest: a person, an organisation, a country; repeat for several
    #[arg(long, value_name = "TEXT")]
    conflict: Vec<String>,
}

/// Runs `enrol`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let Some(given) = &arguments.invitation else {
        let mut session = context.session()?;
        return show(&mut session, None, context);
    };
    let given_to_us = read(given)?;
    let folder = context.home()?;
    let (mut session, answer) = if folder.join("identity.age").is_file() {
        again(given_to_us.invitation(), context)?
    } else {
        given_to_us.tell(context);
        let about = about(arguments)?;
        let passphrase = context.new_passphrase(None, Some(given_to_us.invitation().demo))?;
        let (session, answer) = match &given_to_us {
            Called::Invitation(invitation) => Session::enrol(&folder, &passphrase, invitation, about)?,
            Called::Pass(pass) => Session::join(&folder, &passphrase, pass)?,
        };
        context.opened(&session);
        (session, answer)
    };
    let file = arguments.answer.clone().unwrap_or_else(|| beside(given));
    files::write(&file, &answer)?;
    show(&mut session, Some(&file), context)?;
    context.hint(&format!(
        "next: hand {} back; `tessera enrol` shows the six words to compare, as soon as they can be known",
        file.display()
    ));
    Ok(())
}

/// What was handed over: an invitation of a person, or a pass of a further device.
enum Called {
    Invitation(Box<Invitation>),
    Pass(Box<Pass>),
}

impl Called {
    fn invitation(&self) -> &Invitation {
        match self {
            Self::Invitation(invitation) => invitation,
            Self::Pass(pass) => pass.invitation(),
        }
    }

    fn tell(&self, context: &Context) {
        let name = &*self.invitation().name;
        match self {
            Self::Invitation(invitation) => {
                let roles = roles_of(invitation.roles).join(" and ");
                context.hint(&format!("You are invited as {roles} to: {name}"));
            }
            Self::Pass(_) => context.hint(&format!("This becomes one more device of yours in: {name}")),
        }
    }
}

/// Reads an invitation from a file or as a link, or a pass from a file.
fn read(given: &str) -> Result<Called, Failure> {
    if given.trim_start().starts_with("tessera:") {
        let invitation = Invitation::from_link(given).map_err(SessionError::from)?;
        return Ok(Called::Invitation(Box::new(invitation)));
    }
    given::want(&[Given::Invitation, Given::Pass], Path::new(given))?;
    let bytes = files::read(Path::new(given), 2 * INVITATION_BYTES)?;
    let here = |failure: Failure| failure.at(given, None, None);
    if Pass::is_one(&bytes) {
        return Pass::from_file(&bytes).map(|pass| Called::Pass(Box::new(pass))).map_err(|e| here(e.into()));
    }
    let text = String::from_utf8(bytes).map_err(|_| here(EnrolError::NoInvitation.into()))?;
    let invitation = Invitation::from_link(&text).map_err(|error| here(error.into()))?;
    Ok(Called::Invitation(Box::new(invitation)))
}

fn beside(given: &str) -> PathBuf {
    if given.trim_start().starts_with("tessera:") {
        return PathBuf::from("tessera.answer");
    }
    Path::new(given).with_extension("answer")
}

fn about(arguments: &Arguments) -> Result<About, Failure> {
    let long = |what: &str| Failure::new(Exit::BadInput, "too-long", format!("{what} is too long"));
    let conflicts: Result<Vec<Text<500>>, _> =
        arguments.conflict.iter().map(|conflict| Text::try_from(conflict.trim())).collect();
    Ok(About {
        name: Text::try_from(arguments.name.trim()).map_err(|_| long("the name"))?,
        email: Text::try_from(arguments.email.trim()).map_err(|_| long("the mail address"))?,
        conflicts: conflicts
            .map_err(|_| long("a conflict"))?
            .try_into()
            .map_err(|_| long("the list of conflicts"))?,
    })
}

/// The home is here already: it must be this invitation's.
fn again(invitation: &Invitation, context: &Context) -> Result<(Session, Vec<u8>), Failure> {
    let mut session = context.session()?;
    let own = session.engine().invitation()?.is_some_and(|own| own.id == invitation.id);
    let answer = session.engine().answer()?.filter(|_| own).ok_or(SessionError::OtherHome)?;
    Ok((session, answer))
}

fn show(session: &mut Session, file: Option<&Path>, context: &Context) -> Result<(), Failure> {
    let words = match session.engine().own_device_words()? {
        Some(words) => Some(words),
        None => session.engine().own_check_words()?,
    };
    let engine = session.engine();
    let state = match engine.permission().members.get(&engine.member()) {
        Some(state) if state.devices.contains_key(&engine.device()) => {
            super::member::standing(state.standing)
        }
        _ => "waiting",
    };
    let row = json!({
        "programme": engine.programme().to_string(),
        "member": engine.member().to_string(),
        "device": engine.device().to_string(),
        "state": state,
        "check_words": words,
        "answer": file.map(|file| file.display().to_string()),
    });
    Answer::new("enrol", vec![row]).show(context, &["member", "state", "check words"], |row| {
        let words: Vec<String> = row["check_words"].as_array().into_iter().flatten().map(text).collect();
        let words = if words.is_empty() { "–".to_owned() } else { words.join(" ") };
        vec![text(&row["member"])[..8].to_owned(), text(&row["state"]), words]
    })
}
