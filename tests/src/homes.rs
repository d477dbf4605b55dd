//! People with homes in any store, for tests: founding with relays, enrolling over files, a small programme, and
//! a reader's day.

use std::collections::BTreeMap;
use std::io;

use tessera_engine::Engine;
use tessera_engine::EngineError;
use tessera_engine::bundle::For;
use tessera_engine::core::Worker;
use tessera_engine::programme::round;
use tessera_engine::reading::Submission;
use tessera_engine::store::Store;
use tessera_model::crdt::worker::{Request, Response, run};
use tessera_model::documents::{Answer, Conflict, Declaration, Draft, File, Manifest, Row};
use tessera_model::guard::Limits;
use tessera_model::programme::Programme;
use tessera_protocol::charter::Roles;
use tessera_protocol::ids::ApplicationId;
use tessera_protocol::signature::PublicKey;
use tessera_vault::enrol::{About, Relay};
use tessera_vault::identity::DeviceSecret;

use crate::sim::dice::Dice;

const SEMINAR: &str = include_str!("../../shared/model/programmes/seminar.toml");
/// The first round of [`programme`].
pub const READING: &str = "reading";

/// The programme that tests run: a complete example.
///
/// # Panics
/// Never: a test of the model reads the same file.
#[must_use]
pub fn programme() -> Programme {
    Programme::parse(SEMINAR).expect("an example that the model's own tests read")
}

/// A source of chance of its own for a person.
#[must_use]
pub fn dice(name: &str) -> Box<Dice> {
    Box::new(Dice::new(1, name))
}

/// Founds a programme with a relay.
///
/// # Errors
/// [`EngineError`].
pub fn found<S: Store>(store: S, name: &str, relay: PublicKey) -> Result<Engine<S>, EngineError> {
    let secret = DeviceSecret::generate(&mut *dice(&format!("{name} secret")));
    Engine::found(store, secret, dice(name), true, &[(relay, false)])
}

/// Invites, answers, admits and checks, as by files; the new home learns the rest from the relay or a bundle.
///
/// # Errors
/// [`EngineError`].
pub fn enrol<S: Store, T: Store>(
    admin: &mut Engine<S>,
    store: T,
    name: &str,
    roles: Roles,
    relays: Vec<Relay>,
) -> Result<Engine<T>, EngineError> {
    let invitation = admin.invite(roles, "the seminar", relays)?;
    let secret = DeviceSecret::generate(&mut *dice(&format!("{name} secret")));
    let (home, answer) = Engine::enrol(store, secret, dice(name), &invitation, About::default())?;
    let admitted = admin.admit(&answer)?;
    admin.check(admitted.member)?;
    Ok(home)
}

/// Publishes [`programme`] and takes in so many applications.
///
/// # Errors
/// [`EngineError`].
pub fn publish<S: Store>(home: &mut Engine<S>, count: usize) -> Result<Vec<ApplicationId>, EngineError> {
    let programme = programme();
    home.together(|acts| {
        acts.publish(&programme, "")?;
        let mut ids = Vec::new();
        for number in 1..=count {
            let row = row(&format!("A{number:03}"));
            ids.push(acts.take_application(&programme, &row, &Manifest::default())?.0);
        }
        Ok(ids)
    })
}

/// Takes in one application with a file that readers see.
///
/// # Errors
/// [`EngineError`].
pub fn publish_with_file<S: Store>(
    home: &mut Engine<S>,
    key: &str,
    contents: &[u8],
) -> Result<ApplicationId, EngineError> {
    let programme = programme();
    home.together(|acts| {
        acts.publish(&programme, "")?;
        let size_bytes = contents.len() as u64;
        let handle = acts.seal_attachment("application/pdf", size_bytes, &mut &contents[..])?;
        let file = File {
            name: "cutting.pdf".into(),
            media_type: "application/pdf".into(),
            size_bytes,
            referee: None,
            light: false,
            of: None,
            handle,
        };
        let files = Manifest { files: BTreeMap::from([(("media".to_owned(), [1; 32]), file)]) };
        Ok(acts.take_application(&programme, &row(key), &files)?.0)
    })
}

/// The contents of the first file of an application, as its reader opens it.
///
/// # Errors
/// [`EngineError`].
pub fn open_file<S: Store>(home: &mut Engine<S>, application: ApplicationId) -> Result<Vec<u8>, EngineError> {
    let dossier = home.together(|acts| {
        let task = acts.task(application, round(READING))?;
        let rendition = task.map_or(0, |task| task.assignment.rendition);
        acts.dossier(application, rendition)
    })?;
    let (_, manifest) = dossier.ok_or_else(|| EngineError::NotFound("the dossier".into()))?;
    let file = manifest.files.into_values().next();
    let file = file.ok_or_else(|| EngineError::NotFound("a file".into()))?;
    let mut contents = Vec::new();
    home.open_attachment(&file.handle, &mut contents)?;
    Ok(contents)
}

fn row(key: &str) -> Row {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let fields = [
        field("full-name", &format!("Applicant {key}")),
        field("organisation", "House of Children"),
        field("country", "Kenya"),
        field("question-1", &format!("Patience, and a good memory for names. {key}")),
    ];
    Row { key_column: "key".into(), key: key.into(), fields: fields.into_iter().collect() }
}

/// Assigns applications to a reader.
///
/// # Errors
/// [`EngineError`].
pub fn assign<S: Store, T: Store>(
    home: &mut Engine<S>,
    reader: &Engine<T>,
    applications: &[ApplicationId],
) -> Result<(), EngineError> {
    let programme = programme();
    home.together(|acts| {
        let reading = programme
            .round(READING)
            .ok_or_else(|| EngineError::NotFound("the first round of the example".into()))?;
        for (place, id) in (1..).zip(applications) {
            acts.assign(&programme, reader.member(), *id, reading, place)?;
        }
        Ok(())
    })
}

/// Declares no conflict, scores everything alike and submits.
///
/// # Errors
/// [`EngineError`].
pub fn review<S: Store>(
    home: &mut Engine<S>,
    application: ApplicationId,
    score: &str,
) -> Result<Submission, EngineError> {
    submit(home, application, score, None)
}

/// As [`review`], once more with a reason.
///
/// # Errors
/// [`EngineError`].
pub fn amend<S: Store>(
    home: &mut Engine<S>,
    application: ApplicationId,
    score: &str,
) -> Result<Submission, EngineError> {
    submit(home, application, score, Some("read once more"))
}

fn submit<S: Store>(
    home: &mut Engine<S>,
    application: ApplicationId,
    score: &str,
    reason: Option<&str>,
) -> Result<Submission, EngineError> {
    let programme = programme();
    let score = score.parse().map_err(|_| EngineError::BadInput("a score".into()))?;
    let answers: BTreeMap<String, Answer> =
        programme.scored().map(|criterion| (criterion.key.to_string(), Answer::Score(score))).collect();
    let draft = Draft { answers, overall: "Strong work.".into(), attested: true, ..Draft::default() };
    home.together(|acts| {
        let none = Conflict { declaration: Some(Declaration::None), ..Conflict::default() };
        acts.declare(application, &none)?;
        acts.save_draft(application, round(READING), &draft)?;
        acts.submit(&programme, application, READING, reason)
    })
}

/// How many reviews count here.
///
/// # Errors
/// [`EngineError`].
pub fn counted<S: Store>(home: &mut Engine<S>) -> Result<usize, EngineError> {
    Ok(home.together(|acts| acts.reviews())?.iter().filter(|review| review.counted.is_some()).count())
}

/// A bundle for a member from one home into another.
///
/// # Errors
/// [`EngineError`].
pub fn carry<S: Store, T: Store>(from: &mut Engine<S>, to: &mut Engine<T>) -> Result<(), EngineError> {
    let bundle = from.export(For::Member(to.member()))?;
    to.import(&bundle).map(drop)
}

/// Tries changes at once: everybody here is honest, and a panic shall end the run.
pub struct Inline;

impl Worker for Inline {
    fn run(&mut self, request: &Request) -> io::Result<Response> {
        Ok(run(request, &Limits::default()))
    }
}
