//! `tessera device`: the laptops and papers of a member. A new laptop joins with a pass: the older one writes it, the new
//! one answers it with `tessera enrol PASS`, and the older one adds it after the words were compared.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, Subcommand};
use serde_json::json;
use tessera_driver::session::Session;
use tessera_protocol::device::Form;
use tessera_protocol::ids::{DeviceId, MemberId};
use tessera_protocol::permission::{AddedBy, DeviceState};
use tessera_vault::enrol::ANSWER_BYTES;
use tessera_vault::words::normalise;

use super::member::must_be_six;
use super::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::given::{self, Given};
use crate::names::{Find as _, Names};
use crate::output::Answer;

/// Arguments of `device`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write a pass for a new device, or add the device that answered one
    Add(Add),
    /// Show the devices of this member, or of another
    List(List),
    /// Take a device out for ever; its work up to now stays
    Remove(Remove),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["request", "pass"])))]
#[command(group(ArgGroup::new("how").args(["words", "in_person"])))]
struct Add {
    /// The new device's answer
    #[arg(value_name = "REQUEST")]
    request: Option<PathBuf>,
    /// Write a pass to this file; the new device runs `tessera enrol` with it
    #[arg(long, value_name = "FILE")]
    pass: Option<PathBuf>,
    /// Whose device; yours where nothing is said
    #[arg(long, value_name = "M", requires = "pass")]
    member: Option<String>,
    /// The six words on the new device's screen
    #[arg(long, value_name = "W…", requires = "request")]
    words: Option<String>,
    /// Both devices are in your hands
    #[arg(long, requires = "request")]
    in_person: bool,
}

#[derive(Debug, Args)]
struct List {
    /// Whose; yours where nothing is said
    #[arg(long, value_name = "M", conflicts_with = "all")]
    member: Option<String>,
    /// Of everybody
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
struct Remove {
    /// The device's id, or its beginning
    #[arg(value_name = "DEVICE")]
    device: String,
}

/// Runs `device`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::Add(add) => match (&add.pass, &add.request) {
            (Some(pass), _) => self::pass(pass, add.member.as_deref(), context),
            (None, Some(request)) => self::add(request, add, context),
            (None, None) => Err(Failure::new(Exit::Usage, "usage", "--pass FILE or REQUEST is needed")),
        },
        What::List(list) => self::list(list, context),
        What::Remove(remove) => self::remove(remove, context),
    }
}

fn pass(file: &Path, whose: Option<&str>, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let member = match whose {
        Some(whose) => Names::of(&mut session)?.find(whose)?,
        None => session.engine().member(),
    };
    let pass = session.together(|acts| acts.device_pass(member))?;
    files::write(file, &pass.to_file())?;
    let row = json!({ "member": member.to_string(), "pass": file.display().to_string() });
    Answer::new("device-add", vec![row]).show(context, &["member", "pass"], |row| {
        vec![text(&row["member"])[..8].to_owned(), text(&row["pass"])]
    })?;
    context.hint(
        "next: on the new device `tessera enrol PASS`; then here `tessera device add REQUEST --words \"…\"`",
    );
    Ok(())
}

fn add(request: &Path, add: &Add, context: &Context) -> Result<(), Failure> {
    given::want(&[Given::Answer], request)?;
    let bytes = files::read(request, ANSWER_BYTES + 128)?;
    let mut session = context.session()?;
    let named = |failure: Failure| failure.at(&request.display().to_string(), None, None);
    let requested = session.together(|acts| acts.read_request(&bytes));
    let requested = requested.map_err(|error| named(error.into()))?;
    let words = requested.check_words.join(" ");
    if let Some(typed) = &add.words {
        must_be_six(typed)?;
    }
    match &add.words {
        Some(typed) if normalise(typed) != normalise(&words) => {
            return Err(Failure::new(
                Exit::Damaged,
                "words-differ",
                "these are not the words of the device that asks",
            )
            .hint("another device answered this pass; write a new one"));
        }
        None if !add.in_person => {
            return Err(Failure::new(
                Exit::NeedsPerson,
                "not-checked",
                format!("compare with the new device's screen: {words}"),
            )
            .hint("then repeat the command with --words \"…\", or --in-person"));
        }
        _ => {}
    }
    let device = session.together(|acts| acts.add_requested(&bytes))?;
    let active = session.engine().permission().device(device).is_some_and(|(_, state)| state.active);
    let row =
        json!({ "device": device.to_string(), "member": requested.member.to_string(), "active": active });
    Answer::new("device-add", vec![row]).show(context, &["device", "member", "active"], |row| {
        let active = if row["active"] == true { "yes" } else { "not yet" };
        vec![text(&row["device"])[..8].to_owned(), text(&row["member"])[..8].to_owned(), active.to_owned()]
    })?;
    context.hint(if active {
        "next: `tessera sync` here, then there; or `tessera bundle export` and carry the file"
    } else {
        "next: other admins sign it with `tessera charter sign`"
    });
    Ok(())
}

fn list(list: &List, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let (me, here) = (session.engine().member(), session.engine().device());
    let only = match &list.member {
        Some(member) => Some(names.find(member)?),
        None => (!list.all).then_some(me),
    };
    let members = &session.engine().permission().members;
    let mut rows = Vec::new();
    for (member, state) in members.iter().filter(|(member, _)| only.is_none_or(|only| only == **member)) {
        for (id, device) in &state.devices {
            rows.push(json!({
                "device": id.to_string(),
                "member": member.to_string(),
                "name": names.name(*member),
                "form": form(device),
                "active": device.active,
                "added_by": added_by(device),
                "this": *id == here,
            }));
        }
    }
    Answer::new("device-list", rows).show(context, &["id", "name", "form", "active", "added by", ""], |row| {
        let yes = |key: &str, yes: &str, no: &str| if row[key] == true { yes } else { no }.to_owned();
        vec![
            text(&row["device"])[..8].to_owned(),
            text(&row["name"]),
            text(&row["form"]),
            yes("active", "yes", "no"),
            text(&row["added_by"]),
            yes("this", "this device", ""),
        ]
    })
}

fn form(device: &DeviceState) -> &'static str {
    match device.device.form {
        Form::Computer => "computer",
        Form::Paper => "paper",
    }
}

fn added_by(device: &DeviceState) -> &'static str {
    match device.added_by {
        AddedBy::Charter => "charter",
        AddedBy::Admission(_) => "invitation",
        AddedBy::Admin(_) => "an admin",
        AddedBy::Own(_) => "an older device",
    }
}

fn remove(remove: &Remove, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let (device, member) = find(&mut session, &remove.device)?;
    if device == session.engine().device() {
        return Err(Failure::new(Exit::NeedsPerson, "this-device", "this is the device you are working on")
            .hint("remove it from another device of yours, or ask an admin"));
    }
    session.work(|engine| engine.remove_device(device))?;
    let gone = session.engine().permission().device(device).is_none_or(|(_, state)| !state.active);
    let row = json!({ "device": device.to_string(), "member": member.to_string(), "removed": gone });
    Answer::new("device-remove", vec![row]).show(context, &["device", "removed"], |row| {
        let removed = if row["removed"] == true { "yes" } else { "not yet" };
        vec![text(&row["device"])[..8].to_owned(), removed.to_owned()]
    })?;
    context.hint(if gone {
        "what it wrote up to now stays; whatever comes of it later waits for a decision"
    } else {
        "next: other admins sign it with `tessera charter sign`"
    });
    Ok(())
}

fn find(session: &mut Session, meant: &str) -> Result<(DeviceId, MemberId), Failure> {
    let digits = meant.trim().to_ascii_lowercase();
    let members = &session.engine().permission().members;
    let all = members.iter().flat_map(|(member, state)| state.devices.keys().map(|id| (*id, *member)));
    let found: Vec<_> =
        all.filter(|(id, _)| digits.len() >= 4 && id.to_string().starts_with(&digits)).collect();
    match found[..] {
        [one] => Ok(one),
        [] => Err(Failure::new(Exit::NotFound, "no-such-device", format!("no device is called `{meant}`"))
            .hint("`tessera device list --all` shows them; four digits or more name one")),
        _ => Err(Failure::new(Exit::BadInput, "device-ambiguous", "several devices begin so")
            .hint("write more of the id")),
    }
}
