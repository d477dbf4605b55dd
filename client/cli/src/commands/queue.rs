//! `tessera queue`: the merge desk. What waits for a person, each in one sentence with one recommended act and its
//! reason; deciding it; and what arrived, by which way.

use std::collections::BTreeSet;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use tessera_engine::arrivals::{Arrival, Came, Way};
use tessera_engine::queue::{Survey, Waiting};
use tessera_vault::items::Verdict;

use super::application::must_coordinate;
use super::programme::text;
use super::status::time;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::names::Names;
use crate::output::{Answer, print, shown};
use tessera_driver::names::Labels;

/// Arguments of `queue`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show what waits for a decision
    List(List),
    /// Show what arrived, whose it is and by which way, the newest first
    Arrivals {
        /// The most arrivals that are shown
        #[arg(long, value_name = "N", default_value_t = 20)]
        most: u16,
    },
    /// Decide one item, or decide anew what was decided
    Decide(Decide),
}

#[derive(Debug, Args)]
struct List {
    /// What was decided instead, and by whom; `queue decide` with the same id decides it anew
    #[arg(long)]
    decided: bool,
}

#[derive(Debug, Args)]
struct Decide {
    /// The item, as `queue list` shows it; the beginning is enough
    #[arg(value_name = "ID")]
    id: String,
    /// What is decided
    #[arg(value_enum)]
    verdict: Word,
    /// Why; kept with the decision
    #[arg(long, value_name = "T")]
    reason: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Word {
    /// It counts; of several sides this one holds
    Accept,
    /// It does not count
    SetAside,
    /// The author is asked first
    Ask,
}

impl Word {
    fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::SetAside => "set-aside",
            Self::Ask => "ask",
        }
    }
}

impl From<Word> for Verdict {
    fn from(word: Word) -> Self {
        match word {
            Word::Accept => Self::Accept,
            Word::SetAside => Self::SetAside,
            Word::Ask => Self::Ask,
        }
    }
}

impl From<Verdict> for Word {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accept => Self::Accept,
            Verdict::SetAside => Self::SetAside,
            Verdict::Ask => Self::Ask,
        }
    }
}

/// Runs `queue`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::List(List { decided: false }) => list(context),
        What::List(List { decided: true }) => decided(context),
        What::Arrivals { most } => arrivals(usize::from(*most), context),
        What::Decide(decide) => self::decide(decide, context),
    }
}

fn arrivals(most: usize, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let names = Names::of(&mut session)?;
    let (arrivals, before) = session.together(|acts| Ok((acts.arrivals(most)?, acts.arrived_before()?)))?;
    let rows: Vec<Value> = arrivals.iter().flat_map(|arrival| arrived(arrival, &names)).collect();
    Answer::new("queue-arrivals", rows).with("before", before).show_as(context, |answer| {
        if answer.rows().is_empty() {
            return print("Nothing has arrived since this is kept.\n");
        }
        let header = ["when", "by", "whose", "reviews", "declared", "other", "waits", "refused"];
        let fields = ["at", "by", "member", "reviews", "declarations", "others", "waiting", "refused"];
        answer.table(&header, |row| fields.map(|field| text(&row[field])).to_vec())
    })
}

/// A row for each person whose work came in an arrival.
fn arrived(arrival: &Arrival, names: &Names) -> Vec<Value> {
    let name = |member: Option<_>| member.map(|member| names.name(member));
    let (way, by) = match arrival.way {
        Way::Relay(_) => ("relay", "relay".to_owned()),
        Way::Bundle(_) => (
            "bundle",
            name(arrival.carried_for).map_or_else(|| "bundle".to_owned(), |name| format!("bundle of {name}")),
        ),
    };
    let row = |came: &Came| {
        json!({
            "arrival": arrival.number, "at": arrival.at_ms.map(time), "way": way, "by": by,
            "bundle_of": name(arrival.carried_for), "member": name(came.member), "packs": came.packs,
            "reviews": came.reviews, "declarations": came.declarations, "others": came.others,
            "waiting": came.waiting, "refused": came.refused.values().sum::<usize>(), "reasons": came.refused,
        })
    };
    arrival.people.iter().map(row).collect()
}

fn list(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let (names, labels) = (Names::of(&mut session)?, Labels::of(&mut session)?);
    let Survey { mut waiting, notices, .. } = session.together(|acts| acts.survey())?;
    waiting.extend(notices);
    let rows: Vec<Value> = waiting.iter().map(|one| row(one, &names, &labels)).collect();
    Answer::new("queue-list", rows).show_as(context, |answer| {
        if answer.rows().is_empty() {
            return print("Nothing waits for a decision.\n");
        }
        // The sides of one question stand together.
        let question =
            |row: &Value| [&row["code"], &row["place"], &row["applications"], &row["member"]].map(text);
        let mut told = BTreeSet::new();
        for row in answer.rows() {
            let sides: Vec<&Value> = match row["recommended"] == "choose" {
                true if !told.insert(question(row)) => continue,
                true => answer.rows().iter().filter(|other| question(other) == question(row)).collect(),
                false => vec![row],
            };
            print(&paragraph(&sides))?;
        }
        Ok(())
    })?;
    if !waiting.is_empty() {
        context.hint("next: `tessera queue decide ID accept|set-aside|ask --reason \"…\"`");
    }
    Ok(())
}

/// An item as scripts see it.
fn row(one: &Waiting, names: &Names, labels: &Labels) -> Value {
    let applications: BTreeSet<String> =
        one.applications.iter().map(|(id, _)| labels.application(*id)).collect();
    let rounds: BTreeSet<String> =
        one.applications.iter().filter_map(|(_, round)| *round).map(|round| labels.round(round)).collect();
    json!({
        "id": one.id,
        "class": one.class.as_str(),
        "code": one.code,
        "sentence": one.sentence,
        "recommended": one.act.as_str(),
        "reason": one.reason,
        "reviewer": one.member.map(|member| names.handle(member)),
        "member": one.member.map(|member| member.to_string()),
        "applications": applications,
        "rounds": rounds,
        "place": (!one.place.is_empty()).then_some(&one.place),
        "this_side": one.says.first(),
        "other_sides": one.says.get(1..).unwrap_or_default(),
        "asked": one.asked,
        "packs": one.packs.len(),
    })
}

/// A question as people see it, with the items that are its sides: one sentence, one act, one reason.
fn paragraph(sides: &[&Value]) -> String {
    let row = sides[0];
    let list = |row: &Value, field: &str| -> Vec<String> {
        row[field].as_array().into_iter().flatten().map(|value| shown(&text(value))).collect()
    };
    let applications = list(row, "applications");
    let about = match applications.len() {
        0 => String::new(),
        1..=4 => format!(" {}", applications.join(", ")),
        more => format!(" {} and {} more", applications[..3].join(", "), more - 3),
    };
    let whose =
        row["reviewer"].as_str().map(|reviewer| format!(" ({})", shown(reviewer))).unwrap_or_default();
    let place = row["place"].as_str().map(|place| format!(" – {}", shown(place))).unwrap_or_default();
    let mut text = match sides {
        [_] => format!("{}{about}{whose}: {}{place}", shown_of(row, "id"), shown_of(row, "sentence")),
        _ => format!("{}{whose}: {}{place}", about.trim_start(), shown_of(row, "sentence")),
    };
    match sides {
        [row] => {
            if let Some(side) = row["this_side"].as_str().filter(|side| !side.is_empty()) {
                text.push_str(&format!("\n    this side says: {}", shown(side)));
                for other in list(row, "other_sides") {
                    text.push_str(&format!("\n    another says:   {other}"));
                }
            }
        }
        _ => {
            for side in sides {
                text.push_str(&format!("\n    {}: {}", shown_of(side, "id"), shown_of(side, "this_side")));
            }
        }
    }
    let asked = if row["asked"] == true { " The author was asked already." } else { "" };
    let how = match (shown_of(row, "recommended").as_str(), shown_of(row, "code").starts_with("conflict-")) {
        ("choose", _) => " (accept the side that holds)",
        (_, true) => " (accept lifts the conflict, set-aside upholds it)",
        _ => "",
    };
    text + &format!(
        "\n    recommended: {}{how} – {}.{asked}\n",
        shown_of(row, "recommended"),
        shown_of(row, "reason")
    )
}

/// What was decided.
fn decided(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let (names, labels) = (Names::of(&mut session)?, Labels::of(&mut session)?);
    let decided = session.together(|acts| {
        let waiting = acts.queue()?;
        acts.decided(&waiting)
    })?;
    let rows: Vec<Value> = decided
        .iter()
        .map(|one| {
            let mut row = row(&one.item, &names, &labels);
            row["decided"] = json!(Word::from(one.verdict).name());
            row["why"] = json!(one.reason);
            row["by"] = json!(names.name(one.by));
            row
        })
        .collect();
    let columns = ["id", "applications", "code", "decided", "by", "why"];
    Answer::new("queue-list", rows).show_as(context, |answer| {
        if answer.rows().is_empty() {
            return print("Nothing was decided yet.\n");
        }
        answer.table(&columns, |row| columns.map(|key| text(&row[key])).to_vec())
    })?;
    if !decided.is_empty() {
        context.hint("`tessera queue decide ID accept|set-aside|ask --reason \"…\"` decides one anew");
    }
    Ok(())
}

fn shown_of(row: &Value, field: &str) -> String {
    shown(row[field].as_str().unwrap_or_default())
}

fn decide(decide: &Decide, context: &Context) -> Result<(), Failure> {
    if decide.reason.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "reason-needed", "a decision needs a reason")
            .hint("--reason \"what you know, from whom\""));
    }
    let verdict = Verdict::from(decide.verdict);
    let mut session = context.session()?;
    let (names, labels) = (Names::of(&mut session)?, Labels::of(&mut session)?);
    let id = decide.id.to_ascii_lowercase();
    let item = session.together(|acts| {
        let item = acts.decide(&id, verdict, decide.reason.trim())?;
        acts.hand_over()?;
        Ok(item)
    })?;
    let left = session.together(|acts| acts.queue())?.len();
    let mut row = row(&item, &names, &labels);
    row["decided"] = json!(decide.verdict.name());
    row["left"] = json!(left);
    Answer::new("queue-decide", vec![row]).show(context, &["id", "decided", "about", "left"], |row| {
        let applications = row["applications"].as_array().map_or(0, Vec::len);
        vec![
            text(&row["id"]),
            text(&row["decided"]),
            format!("{} {} application(s)", text(&row["code"]), applications),
            text(&row["left"]),
        ]
    })
}
