//! A table of verdicts: looked at, matched, tried without being done, and taken, by the function that the command line has. Not giving
//! one by hand ([`crate::application`]).

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use specta::Type;
use tessera_driver::session::Session;
use tessera_driver::tables::remember;
use tessera_driver::verdicts::{BATCH, Given, OF_GATE, Sheet, look, take};
use tessera_engine::intake::Refused;
use tessera_engine::programme::Taken;
use tessera_model::documents::{GateVerdict, Verdict};
use tessera_model::programme::Programme;

use crate::board::{FilterOption, must_coordinate};
use crate::eligibility::{CONTESTED, NONE};
use crate::failure::Failure;
use crate::intake::{IntakeProgress, ProblemView, SHOWN, UnknownValue, number, problem, taken_word};
use crate::tables::{
    self, APPLICATION, Part, TableChoices, TableView, applications, asked, in_file, unknown, view,
};
use crate::tasks;
use crate::words::{Labels, count};

/// Under which name what was chosen for such a table is remembered.
const NAME: &str = "verdicts-map";

/// What a table of verdicts would do, or did.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VerdictsReport {
    /// True for what was done; false for a preview.
    pub done: bool,
    /// True where somebody called it off; what was given by then is given.
    pub stopped: bool,
    /// Verdicts where there was none.
    pub new: u32,
    /// Verdicts in the place of another, or with another reason or evidence.
    pub changed: u32,
    /// Verdicts that stand just so.
    pub same: u32,
    /// The verdicts, in the file's order.
    pub rows: Vec<VerdictLine>,
    /// Cells that are no verdict, and what is wrong with them.
    pub refused: Vec<ProblemView>,
    /// How many that are, those among them that are not shown.
    pub refused_count: u32,
    /// Cells of which somebody can say what is meant.
    pub unknown: Vec<UnknownValue>,
}

/// One verdict of the table.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VerdictLine {
    /// Its row in the file.
    pub row: u32,
    /// The application's id.
    pub application: String,
    /// Its key.
    pub key: String,
    /// What the condition asks.
    pub question: String,
    /// `new`, `changed` or `same`.
    pub outcome: String,
    /// What stands: `met`, `not-met`, `open`, `contested`, `none`.
    pub before: String,
    /// What the table says.
    pub after: String,
    /// Why, by the table.
    pub reason: String,
}

/// Looks at a table and guesses which column is what. Nothing is changed.
///
/// # Errors
/// [`Failure`] where the file is no table.
pub fn table(
    session: &mut Session,
    path: &Path,
    sheet: Option<&str>,
    language: &str,
) -> Result<TableView, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let labels = Labels::new(&programme, language);
    let plain = [APPLICATION, "criterion", "verdict", "reason", "evidence"].map(Part::plain);
    let gates = programme.gates.iter().map(|gate| {
        let key = gate.key.as_str();
        Part::called(format!("{OF_GATE}{key}"), labels.said(&gate.question), Some(&gate.question), key)
    });
    let parts: Vec<Part> = plain.into_iter().chain(gates).collect();
    view(session, path, sheet, NAME, &parts)
}

/// Tries a table, or takes it: batch by batch, so that other work goes on between two and a person can call it off. What was given
/// by then is given.
///
/// # Errors
/// [`Failure`] where the table itself is wrong; nothing was changed then.
pub fn run(
    session: &Mutex<Session>,
    path: &Path,
    choices: &TableChoices,
    dry_run: bool,
    language: &str,
    step: &mut dyn FnMut(IntakeProgress) -> ControlFlow<()>,
) -> Result<VerdictsReport, Failure> {
    let session = || session.lock().unwrap_or_else(PoisonError::into_inner);
    must_coordinate(&mut session())?;
    let mapping = tables::mapping(choices)?;
    // What cannot be remembered is told before anything is taken.
    let text = mapping.to_text()?;
    let sheet = Sheet::of(asked(path, &mapping)?)?;
    let programme = tasks::programme(&mut session())?;
    let known = applications(&mut session())?;
    let looked = look(&mut session(), &programme, &sheet, |cell| known.get(cell).copied())?;
    let of = looked.given.len();
    let mut done = if dry_run { of } else { 0 };
    while done < of {
        let batch = &looked.given[done..of.min(done + BATCH)];
        take(&mut session(), &programme, batch)?;
        done += batch.len();
        let progress = IntakeProgress { done: count(done), of: count(of), bytes: 0 };
        if step(progress).is_break() {
            break;
        }
    }
    if !dry_run {
        remember(&mut session(), NAME, &text)?;
    }
    let refused = looked.refused.into_iter().map(|one| in_file(one, &mapping)).collect();
    let report = report(&programme, Labels::new(&programme, language), &looked.given[..done], refused);
    Ok(VerdictsReport { done: !dry_run, stopped: done < of, ..report })
}

fn report(
    programme: &Programme,
    labels: Labels<'_>,
    given: &[Given],
    refused: Vec<Refused>,
) -> VerdictsReport {
    let of = |taken: Taken| count(given.iter().filter(|one| one.taken == taken).count());
    VerdictsReport {
        done: false,
        stopped: false,
        new: of(Taken::New),
        changed: of(Taken::Changed),
        same: of(Taken::Same),
        rows: given.iter().take(SHOWN).map(|one| line(labels, one)).collect(),
        refused_count: count(refused.len()),
        unknown: meanings(programme, labels, &refused),
        refused: refused.iter().take(SHOWN).map(problem).collect(),
    }
}

fn line(labels: Labels<'_>, one: &Given) -> VerdictLine {
    let stood = |before: &GateVerdict| before.verdict.as_str();
    let none = if one.taken == Taken::Changed { CONTESTED } else { NONE };
    VerdictLine {
        row: number(one.row),
        application: one.application.to_string(),
        key: one.key.clone(),
        question: labels.gate(&one.gate),
        outcome: taken_word(one.taken).to_owned(),
        before: one.before.as_ref().map_or(none, stood).to_owned(),
        after: one.said.verdict.as_str().to_owned(),
        reason: one.said.reason.clone(),
    }
}

/// Cells that are no verdict or no condition; the words of verdicts are the screen's.
fn meanings(programme: &Programme, labels: Labels<'_>, refused: &[Refused]) -> Vec<UnknownValue> {
    let option = |key: &str, label: String| FilterOption { key: key.to_owned(), label };
    let words = [Verdict::Met, Verdict::NotMet, Verdict::Open].map(Verdict::as_str);
    let verdicts = words.map(|word| option(word, word.to_owned()));
    let gates = programme.gates.iter().map(|gate| option(gate.key.as_str(), labels.said(&gate.question)));
    let gates: Vec<FilterOption> = gates.collect();
    let mut found = unknown(refused, "verdict-unknown", "verdict", &verdicts);
    found.extend(unknown(refused, "gate-unknown", "criterion", &gates));
    found.truncate(SHOWN);
    found
}
