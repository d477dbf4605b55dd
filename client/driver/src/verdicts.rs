//! A table of verdicts on conditions: a row for each (`application,criterion,verdict,reason[,evidence]`), or a column
//! `verdict/KEY` for each condition. Every cell is looked at before anything is written. Not how that is shown.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use tessera_engine::eligibility::{Judged, verdict};
use tessera_engine::intake::Refused;
use tessera_engine::programme::Taken;
use tessera_model::documents::{GateVerdict, Verdict};
use tessera_model::input::InputError;
use tessera_model::programme::Programme;
use tessera_model::table::{Row, Table};
use tessera_protocol::ids::ApplicationId;

use crate::session::{Session, SessionError};

/// How a column of verdicts on one condition is called, before the condition's key.
pub const OF_GATE: &str = "verdict/";
/// Verdicts of one transaction.
pub const BATCH: usize = 100;
/// Longest reason or evidence, in bytes.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// A table of which it is known where it says what.
#[derive(Debug)]
pub struct Sheet {
    table: Table,
    application: usize,
    /// Columns of verdicts, each with the condition that it is about.
    verdicts: Vec<(usize, About)>,
    reason: Option<usize>,
    evidence: Option<usize>,
}

/// Which condition a column of verdicts is about.
#[derive(Debug)]
enum About {
    /// The one that this column names.
    Named(usize),
    /// The one of this key.
    Gate(String),
}

/// A verdict that the table gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its row in the table.
    pub row: u64,
    /// The application as the table calls it.
    pub key: String,
    /// Which one that is.
    pub application: ApplicationId,
    /// The condition.
    pub gate: String,
    /// What it says.
    pub said: GateVerdict,
    /// What stands; none where nobody judged, or two contradict one another.
    pub before: Option<GateVerdict>,
    /// What it makes of that.
    pub taken: Taken,
}

/// What a table comes to.
#[derive(Debug, Default)]
pub struct Looked {
    /// Verdicts, in the table's order.
    pub given: Vec<Given>,
    /// What is wrong with the other cells, in the table's order.
    pub refused: Vec<Refused>,
}

/// A verdict as its row has it.
struct Cell<'a> {
    row: &'a Row,
    application: ApplicationId,
    gate: &'a str,
    verdict: Verdict,
}

impl Sheet {
    /// Finds where a table says what.
    ///
    /// # Errors
    /// [`InputError`] where it has no column `application`, or none of verdicts.
    pub fn of(table: Table) -> Result<Self, InputError> {
        let application = table.require("application")?;
        let gate =
            |(at, name): (usize, &String)| Some((at, About::Gate(name.strip_prefix(OF_GATE)?.to_owned())));
        let mut verdicts: Vec<(usize, About)> = table.columns.iter().enumerate().filter_map(gate).collect();
        if verdicts.is_empty() || table.column("verdict").is_some() {
            verdicts.push((table.require("verdict")?, About::Named(table.require("criterion")?)));
        }
        let [reason, evidence] = ["reason", "evidence"].map(|name| table.column(name));
        Ok(Self { table, application, verdicts, reason, evidence })
    }

    /// Reads the verdicts of a row; what is wrong with one of its cells is noted.
    fn verdicts<'a>(
        &'a self,
        programme: &Programme,
        row: &'a Row,
        application: ApplicationId,
        refused: &mut Vec<Refused>,
    ) -> Vec<Cell<'a>> {
        let mut cells = Vec::new();
        for (at, about) in &self.verdicts {
            let word = row.cells[*at].as_str();
            let (named, gate) = match about {
                About::Named(column) => (*column, row.cells[*column].as_str()),
                // A condition's own column may say nothing.
                About::Gate(_) if word.is_empty() => continue,
                About::Gate(gate) => (*at, gate.as_str()),
            };
            if programme.gate(gate).is_none() {
                refused.push(self.refuse(row, named, "gate-unknown", gate, format!("no gate `{gate}`")));
                continue;
            }
            match Verdict::parse(word) {
                Some(verdict) => cells.push(Cell { row, application, gate, verdict }),
                None => {
                    let message = "met, not-met or open".to_owned();
                    refused.push(self.refuse(row, *at, "verdict-unknown", word, message));
                }
            }
        }
        cells
    }

    /// Weighs a verdict against what stands. A text for which the table has no column stays while the verdict does.
    fn weigh(&self, cell: &Cell<'_>, judged: &Judged, looked: &mut Looked) {
        let Cell { row, application, gate, verdict: word } = *cell;
        let before = judged.read.value.gates.get(gate);
        let kept = before.filter(|before| before.verdict == word);
        let text = |column: Option<usize>, kept: Option<&String>| match column {
            Some(at) => row.cells[at].clone(),
            None => kept.cloned().unwrap_or_default(),
        };
        let evidence = text(self.evidence, kept.map(|kept| &kept.evidence));
        let reason = text(self.reason, kept.map(|kept| &kept.reason));
        let long = [(self.reason, &reason), (self.evidence, &evidence)];
        if let Some(at) = long.into_iter().find_map(|(at, text)| at.filter(|_| text.len() > MAX_TEXT_BYTES)) {
            let message = format!("longer than {MAX_TEXT_BYTES} bytes");
            return looked.refused.push(self.refuse(row, at, "text-too-long", gate, message));
        }
        if word == Verdict::NotMet && reason.is_empty() {
            let message = format!("no reason why `{gate}` is not met");
            let at = self.reason.unwrap_or(self.application);
            return looked.refused.push(self.refuse(row, at, "reason-missing", gate, message));
        }
        let said = verdict(word, &evidence, &reason);
        let judged_before = judged.verdicts.get(gate).is_some_and(|said| !said.is_empty());
        let taken = match before {
            Some(before) if *before == said => Taken::Same,
            _ if judged_before => Taken::Changed,
            _ => Taken::New,
        };
        let key = row.cells[self.application].clone();
        let (gate, before) = (gate.to_owned(), before.cloned());
        looked.given.push(Given { row: row.number, key, application, gate, said, before, taken });
    }

    fn refuse(&self, row: &Row, at: usize, code: &'static str, value: &str, message: String) -> Refused {
        Refused {
            application: Some(row.cells[self.application].clone()).filter(|key| !key.is_empty()),
            file: self.table.place.file.clone(),
            row: Some(row.number),
            column: self.table.columns.get(at).cloned(),
            value: value.to_owned(),
            code,
            message,
        }
    }
}

/// Looks at a table; nothing is changed. `application` finds which one is meant by a cell.
///
/// # Errors
/// [`SessionError`].
pub fn look(
    session: &mut Session,
    programme: &Programme,
    sheet: &Sheet,
    application: impl Fn(&str) -> Option<ApplicationId>,
) -> Result<Looked, SessionError> {
    let mut looked = Looked::default();
    let mut cells: Vec<Cell<'_>> = Vec::new();
    let mut seen = BTreeSet::new();
    for row in &sheet.table.rows {
        let key = row.cells[sheet.application].as_str();
        let Some(id) = application(key) else {
            let message = format!("no `{key}` here");
            looked.refused.push(sheet.refuse(row, sheet.application, "application-unknown", key, message));
            continue;
        };
        for cell in sheet.verdicts(programme, row, id, &mut looked.refused) {
            if seen.insert((id, cell.gate)) {
                cells.push(cell);
            } else {
                let message = format!("an earlier row judges `{}` of {key}", cell.gate);
                let refused = sheet.refuse(row, sheet.application, "verdict-twice", cell.gate, message);
                looked.refused.push(refused);
            }
        }
    }
    let judged = session.together(|acts| {
        let mut judged: BTreeMap<ApplicationId, Judged> = BTreeMap::new();
        for cell in &cells {
            if let Entry::Vacant(free) = judged.entry(cell.application) {
                free.insert(acts.eligibility(programme, cell.application)?);
            }
        }
        Ok(judged)
    })?;
    for cell in &cells {
        sheet.weigh(cell, &judged[&cell.application], &mut looked);
    }
    looked.refused.sort_by_key(|one| one.row);
    Ok(looked)
}

/// Gives some of the verdicts, all of these or none; returns how many changed something.
///
/// # Errors
/// [`SessionError`].
pub fn take(session: &mut Session, programme: &Programme, batch: &[Given]) -> Result<usize, SessionError> {
    session.together(|acts| {
        let mut changed = 0;
        for one in batch {
            changed += usize::from(acts.judge(programme, one.application, &one.gate, one.said.clone())?);
        }
        acts.hand_over()?;
        Ok(changed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(header: &str) -> Result<Sheet, InputError> {
        Sheet::of(Table::read(format!("{header}\n").as_bytes(), "v.csv", 100).unwrap())
    }

    #[test]
    fn a_table_of_verdicts_is_known_by_its_columns() {
        fn check(header: &str, missing: Option<&str>) {
            let column = sheet(header).err().and_then(|error| error.place.column);
            assert_eq!(column.as_deref(), missing, "{header}");
        }
        check("application,criterion,verdict,reason", None);
        check("application,verdict/age,verdict/media", None);
        check("application,verdict/age,criterion,verdict", None);
        check("criterion,verdict,reason", Some("application"));
        check("application,criterion,reason", Some("verdict"));
        check("application,verdict", Some("criterion"));
        check("application,verdict/age,verdict", Some("criterion"));
    }
}
