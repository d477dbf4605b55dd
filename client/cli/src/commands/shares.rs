//! `tessera shares`: how many of which group are how far, with what is small hidden so that it cannot be worked out.

use clap::Args;
use serde_json::{Value, json};
use tessera_driver::shares::{Tables, shares};
use tessera_driver::wording::Labels;
use tessera_engine::shares::{By, Reached};
use tessera_model::programme::Programme;
use tessera_model::shares::{LEAST, Shares};

use super::application::must_coordinate;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Answer, print, print_table, shown};

/// Arguments of `shares`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only by this: the key of a field, route, or exception; may be given several times
    #[arg(long, value_name = "KEY")]
    by: Vec<String>,
    /// The smallest count that is shown
    #[arg(long, value_name = "N", default_value_t = LEAST, value_parser = clap::value_parser!(u32).range(3..=100))]
    least: u32,
}

/// Runs `shares`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let all = By::all(&programme);
    let chosen = arguments.by.iter().map(|word| find(&all, word)).collect::<Result<Vec<By>, Failure>>()?;
    let Tables { stages, applications, mut tables } = shares(&mut session, &programme, arguments.least)?;
    tables.retain(|(by, _)| chosen.is_empty() || chosen.contains(by));
    let words: Vec<&str> = stages.iter().map(|stage| stage.word()).collect();
    let rows: Vec<Value> = tables.iter().flat_map(|(by, shares)| lines(by, shares, &stages)).collect();
    let said: Vec<Value> = tables
        .iter()
        .map(|(by, shares)| {
            let advice = shares.advice(arguments.least, &words, |group| called(&programme, by, group));
            json!({ "by": by.word(), "sentence": advice.sentence, "act": advice.act, "totals": shares.totals })
        })
        .collect();
    Answer::new("shares", rows)
        .method(json!({ "least": arguments.least, "selected": "by-the-order-as-it-stands" }))
        .with("applications", applications)
        .with("stages", words.clone())
        .with("tables", said)
        .show_as(context, |_| {
            if applications == 0 {
                return print("no application is here yet\n");
            }
            for (by, shares) in &tables {
                print_one(&programme, by, shares, &words, arguments.least)?;
            }
            print(&format!("· counts under {} are hidden, and what would give them away\n", arguments.least))
        })
}

fn find(all: &[By], word: &str) -> Result<By, Failure> {
    // A field goes before a word of ours; whoever means the word where a field has it too writes what the JSON says.
    let field = By::Field(word.to_owned());
    let found = all.iter().find(|by| **by == field).or_else(|| all.iter().find(|by| by.word() == word));
    found.cloned().ok_or_else(|| {
        let known: Vec<String> = all.iter().map(By::word).collect();
        Failure::new(Exit::NotFound, "not-found", format!("nothing is counted by `{word}`"))
            .hint(format!("count by one of these: {}", known.join(", ").replace("field:", "")))
    })
}

fn lines(by: &By, shares: &Shares, stages: &[Reached]) -> Vec<Value> {
    let line = |group: &tessera_model::shares::Group| -> Vec<Value> {
        let cell = |(at, stage): (usize, &Reached)| {
            let count = group.counts.get(at).copied().flatten();
            json!({
                "by": by.word(), "group": group.name, "stage": stage.word(), "count": count,
                "share": shares.share(group, at), "hidden": count.is_none(),
            })
        };
        stages.iter().enumerate().map(cell).collect()
    };
    shares.groups.iter().flat_map(line).collect()
}

fn print_one(
    programme: &Programme,
    by: &By,
    shares: &Shares,
    stages: &[&str],
    least: u32,
) -> Result<(), Failure> {
    let name = by.word();
    let header: Vec<&str> =
        std::iter::once(name.trim_start_matches("field:")).chain(stages.iter().copied()).collect();
    let hidden = || "·".to_owned();
    let mut rows: Vec<Vec<String>> = Vec::with_capacity(shares.groups.len() + 1);
    for group in &shares.groups {
        let cell = |at: usize| {
            let count = group.counts.get(at).copied().flatten();
            let share = shares
                .share(group, at)
                .map_or_else(String::new, |share| format!(" ({:.0} %)", share * 100.0));
            count.map_or_else(hidden, |count| format!("{count}{share}"))
        };
        let name = group
            .name
            .as_deref()
            .map_or_else(|| "other groups".to_owned(), |group| called(programme, by, group));
        rows.push(std::iter::once(name).chain((0..stages.len()).map(cell)).collect());
    }
    let totals = shares.totals.iter().map(|total| total.map_or_else(hidden, |total| total.to_string()));
    rows.push(std::iter::once("all".to_owned()).chain(totals).collect());
    print_table(&header, &rows)?;
    let advice = shares.advice(least, stages, |group| called(programme, by, group));
    print(&format!("{}\n{}\n\n", shown(&advice.sentence.text()), shown(&advice.act.text())))
}

/// What people call a group: the label of what was chosen.
fn called(programme: &Programme, by: &By, group: &str) -> String {
    if group.is_empty() {
        return "not said".to_owned();
    }
    let By::Field(key) = by else { return group.to_owned() };
    Labels::new(programme, programme.first_language()).answer(key, group)
}
