//! Changing the draft of an assignment by hand or by a table, and publishing it. What stands in the way of a pair the engine
//! says; nothing is published here that the person was not told of.

use serde::Serialize;
use specta::Type;
use tessera_driver::assigning::{self, table};
use tessera_driver::names::{Labels as Called, Names};
use tessera_driver::session::Session;
use tessera_engine::assignments::{Pair, Staging};
use tessera_engine::programme::round as round_id;
pub use tessera_model::table::MAX_FILE_BYTES;
use tessera_protocol::ids::{ApplicationId, MemberId};

use super::{Readings, round_of, short};
use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::tasks;
use crate::words::{count, id};

/// What publishing did.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AssignmentPublished {
    /// Readings that are new.
    pub assigned: u32,
    /// Readings that were taken back.
    pub taken_back: u32,
    /// Readings in whose way something stands by now; they stay in the draft.
    pub barred: u32,
}

/// What became of a table.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AssignmentTable {
    /// The file.
    pub file: String,
    /// Readings that are in the draft.
    pub drafted: u32,
    /// Readings that stood, or were drafted, already.
    pub already: u32,
    /// Rows that were not taken.
    pub refused: Vec<TableRow>,
    /// Applications of the draft of which a condition has no verdict yet.
    pub undecided: Vec<String>,
}

/// A row that was not taken.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TableRow {
    /// Its number.
    pub row: u32,
    /// Its column.
    pub column: String,
    /// Why.
    pub code: String,
    /// The same in English.
    pub message: String,
    /// The cells that it is about.
    pub about: Vec<String>,
}

/// The member that a table means by a cell: id, name in any case, or a name with the beginning of the id.
pub(crate) fn member_called(
    session: &mut Session,
    names: &Names,
    cell: &str,
) -> Result<Option<MemberId>, Failure> {
    let found: Vec<MemberId> = session.together(|acts| acts.members_called(cell))?.into_iter().collect();
    if let [member] = found[..] {
        return Ok(Some(member));
    }
    let mut meant = names.members().filter(|member| names.is(*member, cell));
    Ok(meant.next().filter(|_| meant.next().is_none()))
}

/// Takes one reader of an application out of the draft and another one in.
///
/// # Errors
/// [`Failure`]: what stands in the way of the one who comes in; `already-read` where the one who goes out has read it.
pub fn swap(
    session: &mut Session,
    round: &str,
    application: &str,
    (out, into): (Option<&str>, Option<&str>),
    reason: &str,
) -> Result<(), Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let round = round_id(round_of(&programme, Some(round))?.key.as_str());
    let application: ApplicationId = id(application)?;
    let pair =
        |member: &str| -> Result<Pair, Failure> { Ok(Pair { member: id(member)?, application, round }) };
    let (out, into) = (out.map(pair).transpose()?, into.map(pair).transpose()?);
    if let Some(out) = out
        && Readings::of(session)?.read.contains(&out)
    {
        return Err(Failure::new("already-read", "the review of this reader is here"));
    }
    let barred = session.together(|acts| {
        if let Some(into) = into {
            let back = acts.staged()?.iter().any(|one| one.pair == into && one.take_back);
            let place = acts.next_places()?.get(&(into.member, round)).copied().unwrap_or(1);
            let staging = match back {
                // Nothing is taken back after all.
                true => {
                    acts.unstage(into)?;
                    Staging::Staged
                }
                false => acts.stage(&programme, into, place, None)?,
            };
            if let Staging::Barred(bar) = staging {
                return Ok(Some(bar));
            }
        }
        match out {
            Some(out) if acts.is_assigned(out)? => drop(acts.stage_taking_back(out, reason)?),
            Some(out) => acts.unstage(out)?,
            None => {}
        }
        Ok(None)
    })?;
    match barred {
        Some(bar) => Err(Failure::new(bar.code(), table::bar_words(&bar))),
        None => Ok(()),
    }
}

/// Drafts that everything a reader has not read is taken back; gives how much that is.
///
/// # Errors
/// [`Failure`].
pub fn take_back_unread(
    session: &mut Session,
    round: &str,
    member: &str,
    reason: &str,
) -> Result<u32, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let round = round_id(round_of(&programme, Some(round))?.key.as_str());
    let member: MemberId = id(member)?;
    let readings = Readings::of(session)?;
    let unread =
        |pair: &&Pair| pair.member == member && pair.round == round && !readings.read.contains(*pair);
    let unread: Vec<Pair> = readings.then().iter().filter(unread).copied().collect();
    session.together(|acts| {
        for pair in &unread {
            if acts.is_assigned(*pair)? {
                acts.stage_taking_back(*pair, reason)?;
            } else {
                acts.unstage(*pair)?;
            }
        }
        Ok(())
    })?;
    Ok(count(unread.len()))
}

/// Forgets the draft of every round; gives how much it was.
///
/// # Errors
/// [`Failure`].
pub fn discard(session: &mut Session) -> Result<u32, Failure> {
    must_coordinate(session)?;
    Ok(count(session.together(|acts| acts.unstage_all())?))
}

/// Publishes the draft. Where applications would have fewer readers than wanted, only if `partial` says that this is known.
///
/// # Errors
/// [`Failure`]; `assignment-partial`.
pub fn publish(session: &mut Session, partial: bool) -> Result<AssignmentPublished, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let readings = Readings::of(session)?;
    let short = short(session, &programme, &readings)?;
    if short > 0 && !partial {
        let message = format!("{short} applications would have fewer readers than wanted");
        return Err(Failure::new("assignment-partial", message));
    }
    let done = assigning::publish(session, &programme, |_| {})?;
    Ok(AssignmentPublished {
        assigned: count(done.assigned),
        taken_back: count(done.taken_back),
        barred: count(done.barred),
    })
}

/// Drafts the pairs of a table: application,reviewer[,round].
///
/// # Errors
/// [`Failure`].
pub fn import(
    session: &mut Session,
    round: &str,
    (name, bytes): (&str, &[u8]),
) -> Result<AssignmentTable, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let round = round_of(&programme, Some(round))?.key.to_string();
    let rows = table::read(bytes, name)?;
    let names = Names::of(session)?;
    let called = Called::of(session)?;
    let known = session.together(|acts| acts.application_keys())?;
    let application = |cell: &str| {
        known.keys().copied().find(|id| called.application(*id) == cell || id.to_string() == cell)
    };
    let member = |cell: &str| {
        let mut meant = names.members().filter(|member| names.is(*member, cell));
        meant.next().filter(|_| meant.next().is_none())
    };
    let way = table::Way { round: Some(&round), ..table::Way::default() };
    let taken = table::take(session, &programme, &rows, &way, application, member)?;
    let row = |one: table::RefusedRow| TableRow {
        row: u32::try_from(one.row).unwrap_or(u32::MAX),
        column: one.column.to_owned(),
        code: one.code.to_owned(),
        message: one.message,
        about: one.about,
    };
    Ok(AssignmentTable {
        file: name.to_owned(),
        drafted: count(taken.staged.len()),
        already: count(taken.already),
        refused: taken.refused.into_iter().map(row).collect(),
        undecided: taken.undecided.into_iter().collect(),
    })
}
