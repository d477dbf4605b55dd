//! Why an application has this reviewer, or why not: the rule that forbids it, or what the assignment would lose. Not the
//! assignment itself.

use std::collections::BTreeSet;

use serde::Serialize;
use tessera_model::sentence::{Advice, Saying};

use super::account::{figures, unmet_of};
use super::model::Force;
use super::problem::{Bar, Problem};
use super::{Objective, Refused, Rules, Unmet, choose};

/// What is said of one pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Application.
    pub application: String,
    /// Reviewer.
    pub reviewer: String,
    /// `assigned`, `possible`, `forbidden` or `impossible`.
    pub state: &'static str,
    /// The bar of a forbidden pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bar: Option<&'static str>,
    /// Total affinity less load cost, as it is.
    pub objective: f64,
    /// The same if the pair were forced, or taken away where it is assigned; null where nobody can.
    pub objective_if: Option<f64>,
    /// Worst score, as it is.
    pub worst: Option<f64>,
    /// The same if the pair were forced or taken away.
    pub worst_if: Option<f64>,
    /// Whether both figures are proven.
    pub optimal: bool,
    /// Who could not be served if it were so, beyond those who cannot be anyway.
    pub unmet_if: Vec<Unmet>,
    /// In words, and what to do.
    #[serde(flatten)]
    pub advice: Advice,
}

/// Explains one pair; `None` where application or reviewer is unknown. Exchanges for connectedness are left out: what
/// is compared is the best assignment with the pair and without it.
///
/// # Errors
/// [`Refused`].
pub fn explain(
    problem: &Problem,
    rules: &Rules,
    old: Option<&BTreeSet<(String, String)>>,
    application: &str,
    reviewer: &str,
) -> Result<Option<Explanation>, Refused> {
    let (Some(a), Some(r)) = (problem.application(application), problem.reviewer(reviewer)) else {
        return Ok(None);
    };
    let best = choose(problem, rules, old, None)?;
    let now = figures(problem, rules, &best.pairs);
    let mut explanation = Explanation {
        application: application.to_owned(),
        reviewer: reviewer.to_owned(),
        state: "forbidden",
        bar: None,
        objective: now.objective,
        objective_if: None,
        worst: now.worst,
        worst_if: None,
        optimal: best.gap.is_none(),
        unmet_if: Vec::new(),
        advice: Advice {
            sentence: Saying::new("", ""),
            act: Saying::new("nothing", "Nothing needs to be done."),
        },
    };
    let named = |code, template| {
        Saying::new(code, template).with("application", application).with("reviewer", reviewer)
    };
    let Some(pair) = problem.place(a, r) else {
        let bar = problem.barred.get(&(a, r));
        explanation.bar = bar.map(Bar::code);
        let language = match bar {
            Some(Bar::Language(language)) => language.as_str(),
            _ => "",
        };
        let sentence = match bar {
            Some(Bar::Conflict) => {
                named("conflict", "{reviewer} has a conflict of interest with {application}.")
            }
            Some(Bar::Language(_)) => {
                named("language", "{reviewer} does not know the language {language} of {application}.")
            }
            Some(Bar::NoRoom) => named("no-room", "{reviewer} reads nothing at all."),
            _ => named("barred", "The programme bars {reviewer} from {application}: {bar}."),
        };
        let code = bar.map_or("unknown", Bar::code);
        explanation.advice.sentence = sentence.with("language", language).with("bar", code);
        return Ok(Some(explanation));
    };
    let assigned = best.pairs.contains(&pair);
    let other = choose(problem, rules, old, Some(Force { pair, assigned: !assigned }))?;
    let then = figures(problem, rules, &other.pairs);
    explanation.state = if assigned { "assigned" } else { "possible" };
    explanation.objective_if = Some(then.objective);
    explanation.worst_if = then.worst;
    explanation.optimal &= other.gap.is_none();
    if !other.complete {
        let short = unmet_of(problem, rules, &best);
        explanation.unmet_if =
            unmet_of(problem, rules, &other).into_iter().filter(|one| !short.contains(one)).collect();
    }
    if best.complete && !other.complete {
        explanation.state = if assigned { "assigned" } else { "impossible" };
        let first = explanation.unmet_if.first().map_or("", |one| one.message.as_str());
        explanation.advice.sentence = if assigned {
            named("needed", "Without {reviewer} for {application} not everybody could be served: {first}.")
        } else {
            named("impossible", "With {reviewer} for {application} not everybody could be served: {first}.")
        }
        .with("first", first);
        return Ok(Some(explanation));
    }
    let worst = |figure: Option<f64>| figure.unwrap_or(0.0);
    let loss = now.objective - then.objective;
    let loss_of_worst = worst(now.worst) - worst(then.worst);
    let matters = if rules.objective == Objective::Total { loss } else { loss_of_worst.max(loss) };
    let sentence = match (assigned, matters.abs() < 1e-9) {
        (true, true) => named(
            "assigned-by-tie",
            "{reviewer} reads {application}; others would do as well, the seed decided.",
        ),
        (true, false) => named(
            "assigned",
            "{reviewer} reads {application}; without that the total would change by {loss} and the worst score by {worst}.",
        ),
        (false, true) => {
            named("tie", "{reviewer} would do as well for {application}; the seed decided for another.")
        }
        (false, false) => named(
            "costs",
            "{reviewer} for {application} would change the total by {loss} and the worst score by {worst}.",
        ),
    };
    explanation.advice.sentence = sentence.with("loss", -loss).with("worst", -loss_of_worst);
    Ok(Some(explanation))
}
