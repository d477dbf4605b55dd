//! `tessera report`: what may be mailed to support. Versions, counts and states; no content, no names, no keys, and no ids
//! that outsiders could follow.

use serde_json::{Value, json};
use tessera_driver::care::{Fact, Worth, facts};

use super::programme::text;
use super::status::time;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Answer, print_table};

/// Runs `report`.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let rows: Vec<Value> = facts(&mut session)?.into_iter().map(row).collect();
    Answer::new("report", rows).show_as(context, |answer| {
        let rows: Vec<Vec<String>> =
            answer.rows().iter().map(|row| vec![text(&row["fact"]), text(&row["value"])]).collect();
        print_table(&["fact", "value"], &rows)
    })
}

fn row(Fact { name, worth }: Fact) -> Value {
    let value = match worth {
        Worth::Word(word) => json!(word),
        Worth::Count(count) => json!(count),
        Worth::Yes(yes) => json!(yes),
        Worth::Time(ms) => json!(ms.map(time)),
    };
    json!({ "fact": name, "value": value })
}
