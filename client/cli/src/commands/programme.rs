//! `tessera programme`: what the programme is. Creating makes a home and founds it; publishing freezes the definition and
//! amending numbers the next one.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tessera_driver::publishing::{self, NotPublished, PublishedCall, title};
use tessera_driver::relay::typed::{self, TypedError};
use tessera_driver::session::{Founding, Session};
use tessera_engine::EngineError;
use tessera_model::documents::{Call, Person};
use tessera_model::input::Warning;
use tessera_model::programme::{Finding, MAX_DEFINITION_BYTES, Programme};
use tessera_protocol::signature::PublicKey;
use tessera_vault::enrol::Relay;
use tessera_vault::ids::Audience;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::output::Answer;

/// Arguments of `programme`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a home and found a programme in it
    Create(Create),
    /// Tell what a definition lacks before it can be published
    Check(File),
    /// Show the published definition
    Show,
    /// Publish the definition: it is frozen and every member reads it
    Publish(Publish),
    /// Publish another definition in its place, with a number and a reason
    Amend(Amend),
}

#[derive(Debug, Args)]
struct File {
    /// Programme definition, TOML
    #[arg(long, value_name = "P")]
    file: PathBuf,
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    file: File,
    /// Your name, as coordinators see it
    #[arg(long, value_name = "N", default_value = "")]
    name: String,
    /// Address of the relay
    #[arg(long, value_name = "URL", requires = "relay_key")]
    relay: Option<String>,
    /// Key of the relay: `tessera-relay serve` prints it
    #[arg(long, value_name = "HEX", requires = "relay")]
    relay_key: Option<String>,
    /// Key that a relay will have that replaces a lost one; kept on paper until then
    #[arg(long, value_name = "HEX")]
    spare_relay_key: Option<String>,
}

#[derive(Debug, Args)]
struct Publish {
    #[command(flatten)]
    file: File,
    /// Publish without a rehearsed recovery: type "I accept the loss"
    #[arg(long, value_name = "TEXT")]
    accept_loss: Option<String>,
}

#[derive(Debug, Args)]
struct Amend {
    #[command(flatten)]
    file: File,
    /// Why, for every member to read
    #[arg(long, value_name = "T")]
    reason: String,
}

/// Runs `programme`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::Create(create) => self::create(create, context),
        What::Check(file) => check(&file.file, context),
        What::Show => show(context),
        What::Publish(publish) => self::publish(publish, context),
        What::Amend(amend) => self::amend(amend, context),
    }
}

fn create(create: &Create, context: &Context) -> Result<(), Failure> {
    let programme = definition(&create.file.file)?;
    let mut founding = Founding { demo: programme.demo, relays: Vec::new() };
    let mut relays = Vec::new();
    if let (Some(url), Some(key)) = (&create.relay, &create.relay_key) {
        let relay = relay(url, key)?;
        founding.relays.push((relay.key, false));
        relays.push(relay);
    }
    if let Some(key) = &create.spare_relay_key {
        founding.relays.push((public_key(key)?, true));
    }
    let folder = context.home()?;
    let passphrase = context.new_passphrase(None, Some(programme.demo))?;
    let me = Person { name: create.name.trim().to_owned(), ..Person::default() };
    let title = title(&programme);
    let mut session = Session::found(&folder, &passphrase, &founding, |engine| {
        let member = engine.member();
        engine.together(|acts| {
            acts.set_person(member, &me)?;
            acts.set_relays(relays)?;
            acts.set("title", title.as_bytes())?;
            acts.hand_over()
        })
    })?;
    context.opened(&session);
    let engine = session.engine();
    let row = json!({
        "programme": engine.programme().to_string(),
        "member": engine.member().to_string(),
        "device": engine.device().to_string(),
        "home": folder.display().to_string(),
    });
    Answer::new("programme-create", vec![row]).show(context, &["programme", "member", "home"], |row| {
        vec![text(&row["programme"]), text(&row["member"]), text(&row["home"])]
    })?;
    context.hint("next: `tessera recovery sheet`, so that a lost laptop is no lost programme; then `tessera programme publish`");
    Ok(())
}

fn check(file: &Path, context: &Context) -> Result<(), Failure> {
    let programme = definition(file)?;
    let findings = programme.check();
    let open = findings.iter().filter(|finding| finding.blocks()).count();
    Answer::new("programme-check", findings).show(context, &["kind", "at", "message"], |finding| {
        let kind = serde_json::to_value(finding.code).unwrap_or_default();
        vec![text(&kind), finding.at.clone(), finding.message.clone()]
    })?;
    if open > 0 && !programme.demo {
        return Err(undecided(file, open));
    }
    context.hint(if open > 0 {
        "this definition can be published, as it is of a demonstration; a real programme has to decide these things first"
    } else {
        "this definition can be published"
    });
    Ok(())
}

fn show(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let call = session.work(|engine| engine.read::<Call>(&Audience::Programme, &[]))?;
    let call = call.ok_or_else(|| {
        Failure::from(EngineError::NotFound("the published programme".into()))
            .hint("a coordinator publishes it; what is published comes with the next exchange")
    })?;
    let current = call.value.current();
    let (number, programme) =
        current.map_err(|error| Failure::new(Exit::NotFound, "not-published", error.to_string()))?;
    let rows: Vec<Value> = call.value.revisions.iter().map(|(number, revision)| {
        json!({ "revision": number, "definition_sha256": hex(&revision.definition), "reason": revision.reason })
    }).collect();
    let whole = serde_json::to_value(&programme).unwrap_or_default();
    let answer = Answer::new("programme-show", rows)
        .with("programme", session.engine().programme().to_string())
        .with("revision", number)
        .with("definition", whole);
    let text = toml::to_string_pretty(&programme);
    answer.show_as(context, |_| {
        let text = text.map_err(|error| Failure::new(Exit::Bug, "not-toml", error.to_string()))?;
        crate::output::print(&format!("# revision {number}\n{text}"))
    })
}

fn publish(publish: &Publish, context: &Context) -> Result<(), Failure> {
    let programme = definition(&publish.file.file)?;
    let mut session = context.session()?;
    let published = publishing::publish(&mut session, &programme, publish.accept_loss.as_deref());
    tell(&published.map_err(|error| not_published(error, &publish.file.file))?, &programme, context)?;
    context.hint(
        "next: `tessera member invite --name N --role reviewer --out DIR`, then `tessera application import`",
    );
    Ok(())
}

fn amend(amend: &Amend, context: &Context) -> Result<(), Failure> {
    let programme = definition(&amend.file.file)?;
    let mut session = context.session()?;
    let published = publishing::amend(&mut session, &programme, &amend.reason);
    tell(&published.map_err(|error| not_published(error, &amend.file.file))?, &programme, context)
}

fn tell(published: &PublishedCall, programme: &Programme, context: &Context) -> Result<(), Failure> {
    let said = |finding: &Finding| {
        Warning::new("programme-undecided", "{at}: {message}")
            .with("at", finding.at.as_str())
            .with("message", finding.message.as_str())
    };
    let row =
        json!({ "revision": published.number, "definition_sha256": hex(&programme.definition_sha256()) });
    Answer::new("programme-publish", vec![row]).warnings(published.open.iter().map(said)).show(
        context,
        &["revision", "definition"],
        |row| vec![text(&row["revision"]), text(&row["definition_sha256"])],
    )
}

fn not_published(error: NotPublished, file: &Path) -> Failure {
    match error {
        NotPublished::Session(error) => error.into(),
        NotPublished::Undecided(open) => undecided(file, open.len()),
        NotPublished::ReasonMissing => {
            Failure::new(Exit::BadInput, "reason-missing", "an amendment needs a reason")
        }
        NotPublished::AlreadyPublished(_) => {
            Failure::new(Exit::BadInput, "already-published", error.to_string())
                .hint("`tessera programme amend --file P --reason T` publishes the next revision")
        }
        NotPublished::NotRehearsed => Failure::new(
            Exit::NeedsPerson,
            "recovery-not-rehearsed",
            error.to_string(),
        )
        .hint(
            "`tessera recovery sheet`, then `tessera recovery test`; or --accept-loss \"I accept the loss\"",
        ),
    }
}

fn undecided(file: &Path, count: usize) -> Failure {
    let what = if count == 1 { "thing is" } else { "things are" };
    Failure::new(Exit::NeedsPerson, "programme-undecided", format!("{count} {what} missing or undecided"))
        .hint("`tessera programme check --file P` lists them; write the decision into the file")
        .at(&file.display().to_string(), None, None)
}

/// Reads a definition.
pub(crate) fn definition(file: &Path) -> Result<Programme, Failure> {
    let text = files::read_text(file, MAX_DEFINITION_BYTES)?;
    Programme::parse(&text).map_err(|error| {
        Failure::new(Exit::BadInput, error.code.as_str(), error.message.clone()).at_character(
            &file.display().to_string(),
            error.line,
            error.column,
        )
    })
}

/// Checks the address and the key of a relay.
pub(crate) fn relay(url: &str, key: &str) -> Result<Relay, Failure> {
    typed::relay(url, key).map_err(mistyped)
}

/// Reads a relay's key.
pub(crate) fn public_key(text: &str) -> Result<PublicKey, Failure> {
    typed::key(text).map_err(mistyped)
}

fn mistyped(error: TypedError) -> Failure {
    let hint = match error {
        TypedError::Address(_) => "https://HOST or https://HOST:PORT; http:// only on the same machine",
        TypedError::Key => "the relay prints it when it starts",
    };
    Failure::new(Exit::Usage, error.code(), error.to_string()).hint(hint)
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A JSON value as a cell of a table.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
