//! A table of pairs: application,reviewer[,round]. Its rows are checked one by one and staged, or only checked. Not how the
//! result is shown.

use std::collections::{BTreeMap, BTreeSet};

use tessera_engine::assignments::{Bar, Pair, Staging};
use tessera_engine::programme::round;
use tessera_model::documents::Outcome;
use tessera_model::input::InputError;
use tessera_model::programme::Programme;
use tessera_model::table::{Row, Table};
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};

use super::BATCH;
use crate::session::{Session, SessionError};

/// Longest cell of a table of assignments, in bytes.
const MAX_CELL_BYTES: usize = 1024;

/// A pair of the table with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its row.
    pub row: u64,
    /// The application as the table calls it.
    pub key: String,
    /// The reviewer as the table calls it.
    pub reviewer: String,
    /// Who they are.
    pub pair: Pair,
}

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// Its number.
    pub row: u64,
    /// The column that it is about.
    pub column: &'static str,
    /// Why, as scripts see it.
    pub code: &'static str,
    /// The same in English.
    pub message: String,
    /// The cells that it is about.
    pub about: Vec<String>,
}

/// How the rows of a table are taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct Way<'a> {
    /// The round of rows that name none; the programme's first one if not said.
    pub round: Option<&'a str>,
    /// True where the pairs are taken back.
    pub take_back: bool,
    /// Why, where pairs are taken back or staged against advice.
    pub reason: &'a str,
    /// True where a bar that yields to a reason is overridden by it.
    pub force: bool,
    /// True where nothing is staged.
    pub dry_run: bool,
    /// True where everything that was staged before is forgotten first.
    pub anew: bool,
}

/// What became of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Pairs that wait to be published.
    pub staged: Vec<Named>,
    /// How many were assigned, or waited, already.
    pub already: usize,
    /// Rows that were not taken, in their order.
    pub refused: Vec<RefusedRow>,
    /// Staged applications of which a condition has no verdict yet.
    pub undecided: BTreeSet<String>,
}

/// Reads a table of pairs.
///
/// # Errors
/// [`InputError`] where it is no table, or has no column `application` or `reviewer`.
pub fn read(bytes: &[u8], name: &str) -> Result<Table, InputError> {
    let table = Table::read(bytes, name, MAX_CELL_BYTES)?;
    table.require("application")?;
    table.require("reviewer")?;
    Ok(table)
}

/// Takes the rows of a table. `application` and `member` find who is meant by a cell that is no whole id.
///
/// # Errors
/// [`SessionError`].
pub fn take(
    session: &mut Session,
    programme: &Programme,
    table: &Table,
    way: &Way<'_>,
    application: impl Fn(&str) -> Option<ApplicationId>,
    member: impl Fn(&str) -> Option<MemberId>,
) -> Result<Taken, SessionError> {
    let (named, refused) = named(session, programme, table, way.round, application, member)?;
    let mut taken = Taken { refused, ..Taken::default() };
    if way.anew && !way.dry_run {
        session.together(|acts| acts.unstage_all())?;
    }
    let mut places = session.together(|acts| acts.next_places())?;
    for batch in named.chunks(BATCH) {
        let stagings = stage(session, programme, batch, way, &mut places)?;
        for (named, (staging, undecided)) in batch.iter().zip(stagings) {
            match staging {
                Staging::Staged => taken.staged.push(named.clone()),
                Staging::Already => taken.already += 1,
                Staging::Barred(bar) => taken.refused.push(barred(named, &bar)),
            }
            if undecided {
                taken.undecided.insert(named.key.clone());
            }
        }
    }
    taken.refused.sort_by_key(|one| one.row);
    Ok(taken)
}

/// What stands in the way, in words.
#[must_use]
pub fn bar_words(bar: &Bar) -> String {
    match bar {
        Bar::Withdrawn => "the applicant withdrew".to_owned(),
        Bar::NotEligible(gates) => {
            format!("not eligible ({}); --force --reason T overrides", gates.join(", "))
        }
        Bar::Declared(conflict) if conflict.is_handed_back() => "the reviewer handed it back".to_owned(),
        Bar::Declared(_) => "the reviewer declared a conflict of interest or is unsure".to_owned(),
        Bar::StandingConflict(conflict) => {
            format!("a standing conflict of interest with `{}`; `conflict clear` lifts it", conflict.note)
        }
        Bar::Unchecked => "the check words of this member were not compared on this device".to_owned(),
        Bar::NotActive => "the member is suspended or was removed".to_owned(),
    }
}

fn barred(named: &Named, bar: &Bar) -> RefusedRow {
    let column = match bar {
        Bar::Withdrawn | Bar::NotEligible(_) => "application",
        _ => "reviewer",
    };
    let message = format!("{} and {}: {}", named.key, named.reviewer, bar_words(bar));
    let about = vec![named.key.clone(), named.reviewer.clone()];
    RefusedRow { row: named.row, column, code: bar.code(), message, about }
}

/// The pairs of the table, and the rows that name none.
fn named(
    session: &mut Session,
    programme: &Programme,
    table: &Table,
    in_round: Option<&str>,
    application: impl Fn(&str) -> Option<ApplicationId>,
    member: impl Fn(&str) -> Option<MemberId>,
) -> Result<(Vec<Named>, Vec<RefusedRow>), SessionError> {
    let cell = |row: &Row, name: &str| table.column(name).map(|at| row.cells[at].clone()).unwrap_or_default();
    let (mut named, mut refused) = (Vec::new(), Vec::new());
    let mut known: BTreeMap<String, Result<MemberId, &'static str>> = BTreeMap::new();
    for row in &table.rows {
        let (key, reviewer) = (cell(row, "application"), cell(row, "reviewer"));
        let mut refuse = |column, code, message, about: Option<&String>| {
            let about = about.into_iter().cloned().collect();
            refused.push(RefusedRow { row: row.number, column, code, message, about });
        };
        let Some(application) = application(&key) else {
            refuse(
                "application",
                "application-unknown",
                format!("no application is called `{key}`"),
                Some(&key),
            );
            continue;
        };
        if !known.contains_key(&reviewer) {
            let found = session.together(|acts| acts.members_called(&reviewer))?;
            let found: Vec<MemberId> = found.into_iter().collect();
            let member = match found[..] {
                [member] => Ok(member),
                [] => member(&reviewer).ok_or("reviewer-unknown"),
                _ => Err("reviewer-ambiguous"),
            };
            known.insert(reviewer.clone(), member);
        }
        let member = match known[&reviewer] {
            Ok(member) => member,
            Err(code) => {
                let message = match code {
                    "reviewer-unknown" => format!("nobody is called `{reviewer}`"),
                    _ => format!("several members are called `{reviewer}`; write the id"),
                };
                refuse("reviewer", code, message, Some(&reviewer));
                continue;
            }
        };
        let said = Some(cell(row, "round")).filter(|said| !said.is_empty());
        let said = said.or_else(|| in_round.map(str::to_owned));
        let found = match &said {
            Some(key) => programme.round(key),
            None => programme.rounds.first(),
        };
        let Some(found) = found else {
            let message = match &said {
                Some(said) => format!("the programme has no round `{said}`"),
                None => "the programme has no round".to_owned(),
            };
            refuse("round", "round-unknown", message, said.as_ref());
            continue;
        };
        let pair = Pair { member, application, round: round(found.key.as_str()) };
        named.push(Named { row: row.number, key, reviewer, pair });
    }
    Ok((named, refused))
}

/// Stages a batch; each with whether a condition has no verdict yet.
fn stage(
    session: &mut Session,
    programme: &Programme,
    batch: &[Named],
    way: &Way<'_>,
    places: &mut BTreeMap<(MemberId, RoundId), u32>,
) -> Result<Vec<(Staging, bool)>, SessionError> {
    let against_advice = Some(way.reason).filter(|_| way.force);
    let mut places_now = places.clone();
    let staged = session.together(|acts| {
        let mut stagings = Vec::new();
        for Named { pair, .. } in batch {
            if way.take_back {
                let staging = match way.dry_run {
                    true if acts.is_assigned(*pair)? => Staging::Staged,
                    true => Staging::Already,
                    false => acts.stage_taking_back(*pair, way.reason)?,
                };
                stagings.push((staging, false));
                continue;
            }
            let place = places_now.entry((pair.member, pair.round)).or_insert(1);
            let staging = match way.dry_run {
                true if acts.is_assigned(*pair)? => Staging::Already,
                true => match acts.bar(programme, pair.application, pair.member)? {
                    Some(bar) if !(bar.yields_to_a_reason() && against_advice.is_some()) => {
                        Staging::Barred(bar)
                    }
                    _ => Staging::Staged,
                },
                false => acts.stage(programme, *pair, *place, against_advice)?,
            };
            *place += u32::from(staging == Staging::Staged);
            let judged = acts.eligibility(programme, pair.application)?;
            let undecided = staging == Staging::Staged
                && matches!(judged.outcome, Outcome::Undecided(_) | Outcome::Contested(_));
            stagings.push((staging, undecided));
        }
        Ok(stagings)
    })?;
    *places = places_now;
    Ok(staged)
}
