//! `tessera review show`: a dossier and its scorecard as plain text. What applicants wrote cannot steer the terminal.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tessera_driver::session::Session;
use tessera_engine::reading::Task;
use tessera_model::documents::{Answer as Score, Conflict, Declaration, Dossier, Manifest};
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::programme::scoring::Criterion;

use super::{find, programme, round_key};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Answer, print, shown};

/// Runs `review show`.
pub(super) fn run(meant: &str, round: Option<&str>, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let programme = programme(&mut session)?;
    let (task, key) = find(&mut session, &programme, meant, round)?;
    let dossier = read(&mut session, &task)?;
    let mut row = super::row(&task, &programme);
    row["dossier"] = json!(dossier.as_ref().map(|(dossier, _)| &dossier.fields));
    row["files"] = files(dossier.as_ref().map(|(_, files)| files));
    row["scores"] = scores(&task, &programme, &key);
    Answer::new("review-show", vec![row]).show_as(context, |_| {
        let mut text = dossier_text(&programme, &task, dossier.as_ref());
        text.push_str(&scorecard(&programme, &task));
        print(&text)
    })
}

/// The dossier, where its reader may open it: after declaring that there is no conflict of interest.
pub(super) fn read(session: &mut Session, task: &Task) -> Result<Option<(Dossier, Manifest)>, Failure> {
    if !task.is_open() {
        return Ok(None);
    }
    Ok(session.together(|acts| acts.dossier(task.application, task.assignment.rendition))?)
}

fn files(manifest: Option<&Manifest>) -> Value {
    let files = manifest.into_iter().flat_map(|manifest| manifest.originals());
    files
        .map(|((slot, contents), file)| {
            let sha256: String = contents.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({
                "slot": slot, "name": file.name, "type": file.media_type, "bytes": file.size_bytes, "sha256": sha256,
            })
        })
        .collect()
}

fn scores(task: &Task, programme: &Programme, round: &str) -> Value {
    let criteria = criteria_of(programme, round);
    let review = task.review.as_ref().map(|read| &read.value);
    let draft = task.draft.as_ref().map(|read| &read.value);
    criteria
        .iter()
        .map(|criterion| {
            let key = criterion.key.as_str();
            let of = |answer: Option<&Score>| match answer {
                None => Value::Null,
                Some(Score::Score(score)) => json!(score.to_string()),
                Some(Score::NotApplicable { reason }) => json!({ "not_applicable": reason }),
            };
            json!({
                "criterion": key,
                "draft": of(draft.and_then(|draft| draft.answers.get(key))),
                "submitted": of(review.and_then(|review| review.answers.get(key))),
                "comment": draft.and_then(|draft| draft.comments.get(key)),
            })
        })
        .collect()
}

/// The criteria that a round scores, in the programme's order.
pub(super) fn criteria_of<'p>(programme: &'p Programme, round: &str) -> Vec<&'p Criterion> {
    let policy = Policy::of_round(programme, round).map(|policy| policy.criteria).unwrap_or_default();
    programme.scored().filter(|one| policy.iter().any(|rule| rule.key == one.key.as_str())).collect()
}

/// What applicants wrote, safe to print.
pub(super) fn safe(text: &str) -> String {
    shown(&text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    "))
}

/// The dossier as text.
pub(super) fn dossier_text(
    programme: &Programme,
    task: &Task,
    dossier: Option<&(Dossier, Manifest)>,
) -> String {
    let mut text =
        format!("{}\n{}\n\n", safe(&task.label), "=".repeat(task.label.chars().count().clamp(3, 60)));
    let language = programme.languages.first().map_or("en", |language| language.as_str());
    let label = |key: &str| {
        let field = programme.fields.iter().find(|field| field.key.as_str() == key);
        let label =
            field.and_then(|field| field.label.as_ref()).map(|label| label.in_language(language).to_owned());
        safe(&label.unwrap_or_else(|| key.to_owned()))
    };
    let Some((dossier, files)) = dossier else {
        for (key, value) in &task.card.fields {
            let _ = writeln!(text, "{}: {}", label(key), safe(value));
        }
        let why = match task.conflict.as_ref().and_then(|conflict| conflict.declaration) {
            None => {
                "Before the dossier opens, say whether there is a conflict of interest:\n  tessera conflict declare APPLICATION none|conflict|unsure"
            }
            Some(Declaration::None) if task.readable => "The assignment was taken back.",
            Some(Declaration::None) => "The dossier is not here yet; the next exchange brings it.",
            Some(_) if task.lifted().is_some() => {
                "A coordinator lifted what you declared. The dossier opens once you declare anew:\n  tessera conflict declare APPLICATION none"
            }
            Some(Declaration::Unsure) => {
                "You are not sure about a conflict of interest; the dossier stays closed until a coordinator decides."
            }
            Some(_) if task.conflict.as_ref().is_some_and(Conflict::is_handed_back) => {
                "You handed it back; nothing of it is here any more."
            }
            Some(_) => "You declared a conflict of interest; the dossier stays closed.",
        };
        let _ = writeln!(text, "\n{why}\n");
        return text;
    };
    // In the order of the form; what the form does not know comes last.
    let order = |key: &str| programme.fields.iter().position(|field| field.key.as_str() == key);
    let mut fields: Vec<(&String, &String)> = dossier.fields.iter().collect();
    fields.sort_by_key(|(key, _)| (order(key).unwrap_or(usize::MAX), (*key).clone()));
    for (key, value) in fields {
        let _ = writeln!(text, "{}\n{}\n", label(key), safe(value));
    }
    for ((slot, _), file) in files.originals() {
        let size = file.size_bytes.div_ceil(1024);
        let _ =
            writeln!(text, "[{}] {} ({size} KiB, {})", safe(slot), safe(&file.name), safe(&file.media_type));
    }
    text.push('\n');
    text
}

/// The scorecard as text: what is drafted, and what was submitted where it differs.
pub(super) fn scorecard(programme: &Programme, task: &Task) -> String {
    let round = round_key(programme, task);
    let mut text = String::from("Scorecard\n---------\n");
    let draft = task.draft.as_ref().map(|read| &read.value);
    let review = task.review.as_ref().map(|read| &read.value);
    for criterion in criteria_of(programme, &round) {
        let key = criterion.key.as_str();
        let drafted = draft.and_then(|draft| draft.answers.get(key));
        let submitted = review.and_then(|review| review.answers.get(key));
        let _ = write!(text, "{}: {}", label_of(criterion), words(drafted.or(submitted)));
        if submitted.is_some() && drafted.is_some() && drafted != submitted {
            let _ = write!(text, "  (submitted: {})", words(submitted));
        }
        text.push('\n');
        if let Some(comment) = draft.and_then(|draft| draft.comments.get(key)) {
            let _ = writeln!(text, "    {}", safe(comment).replace('\n', "\n    "));
        }
    }
    for conflict in task.draft.iter().flat_map(|read| &read.conflicts) {
        let _ = writeln!(text, "! {}: two laptops differ; answer it again", safe(&conflict.field));
    }
    if let Some(draft) = draft {
        if !draft.overall.is_empty() {
            let _ = writeln!(text, "Overall\n    {}", safe(&draft.overall).replace('\n', "\n    "));
        }
        if let Some(confidence) = draft.confidence {
            let _ = writeln!(text, "Confidence: {confidence}");
        }
    }
    match review.filter(|review| review.revision > 0) {
        Some(review) => {
            let state = task.state.map_or("", |state| state.as_str());
            let outcome = task.outcome.map(tessera_engine::work::outcome_words).unwrap_or_default();
            let _ = writeln!(text, "Submitted: revision {}, {state} {outcome}", review.revision);
        }
        None => text.push_str("Not submitted yet.\n"),
    }
    text
}

/// What people call a criterion.
pub(super) fn label_of(criterion: &Criterion) -> String {
    let label = criterion.label.as_ref().map(|label| label.in_language("en").to_owned());
    safe(&label.unwrap_or_else(|| criterion.key.to_string()))
}

/// An answer in words.
pub(super) fn words(answer: Option<&Score>) -> String {
    match answer {
        None => "–".to_owned(),
        Some(Score::Score(score)) => score.to_string(),
        Some(Score::NotApplicable { reason }) => format!("N/A ({})", safe(reason)),
    }
}
