//! Looking after this device: a check of everything on it, putting right what differs, what may be mailed to support, and
//! deleting a home for ever.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::Serialize;
use specta::Type;
use tessera_driver::care::{self, Fact, Worth};
use tessera_driver::session::Session;
use tessera_engine::verify::Difference;
use tessera_engine::work::WorkKind;
use tessera_protocol::device::Form;
use unicode_normalization::UnicodeNormalization as _;

use crate::exchange;
use crate::failure::Failure;
use crate::words::count;

/// The longest report that is saved, in bytes.
pub const REPORT_BYTES: usize = 64 << 10;

/// How far a check or a repair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CareProgress {
    /// Parcels that were read again.
    pub done: u32,
    /// Of so many.
    pub of: u32,
}

/// What a check found.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    /// Parcels that were read again.
    pub packs: u32,
    /// Documents that followed from them.
    pub documents: u32,
    /// What is not as it should be, by kind; empty: everything is whole.
    pub found: Vec<FoundLine>,
    /// Parcels of others that are known and not here yet.
    pub missing: u32,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundLine {
    /// What it is of: `parcels`, `access`, `texts`, `lists`.
    pub kind: String,
    /// How many.
    pub count: u32,
}

/// What a repair did.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RepairView {
    /// How many things were not as they should be.
    pub found: u32,
    /// What still is not.
    pub left: Vec<FoundLine>,
    /// Damaged parcels that were put away, so that whole ones can take their place.
    pub put_away: u32,
    /// Of these, parcels of this device that nobody else is known to have.
    pub lost: u32,
    /// True where the next exchange asks for what is missing.
    pub asks_again: bool,
}

/// What deleting the home would mean.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WipeView {
    /// The name that has to be typed.
    pub name: String,
    /// Drafts that were not submitted.
    pub drafts: u32,
    /// Changes that are not sealed yet.
    pub unsealed: u32,
    /// Parcels that no relay is known to have.
    pub outbox: u32,
    /// Other computers of this member that belong.
    pub computers: u32,
    /// Recovery sheets of this member.
    pub papers: u32,
    /// True where no other computer acts as a coordinator's.
    pub last_coordinator: bool,
}

/// Works everything out again and compares.
///
/// # Errors
/// [`Failure`]; `cancelled` where `tell` ended it, and nothing was changed.
pub fn check(
    session: &mut Session,
    tell: &mut dyn FnMut(CareProgress) -> ControlFlow<()>,
) -> Result<CheckView, Failure> {
    let checked = care::check(session, &mut |done, of| tell(progress(done, of)))?;
    Ok(CheckView {
        packs: count(checked.report.packs),
        documents: count(checked.report.documents),
        found: lines(&checked.report.differences),
        missing: u32::try_from(checked.missing).unwrap_or(u32::MAX),
    })
}

/// Puts right what differs.
///
/// # Errors
/// [`Failure`]; `cancelled` where `tell` ended it, and nothing was changed.
pub fn repair(
    session: &mut Session,
    tell: &mut dyn FnMut(CareProgress) -> ControlFlow<()>,
) -> Result<RepairView, Failure> {
    let repaired = care::repair(session, &mut |done, of| tell(progress(done, of)))?;
    Ok(RepairView {
        found: count(repaired.found.differences.len()),
        left: lines(&repaired.left),
        put_away: count(repaired.put_away.len()),
        lost: count(repaired.lost.len()),
        asks_again: repaired.asks_again,
    })
}

fn progress(done: usize, of: usize) -> CareProgress {
    CareProgress { done: count(done), of: count(of) }
}

fn lines(differences: &[Difference]) -> Vec<FoundLine> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for difference in differences {
        *kinds.entry(kind(difference.code)).or_default() += 1;
    }
    kinds.into_iter().map(|(kind, n)| FoundLine { kind: kind.to_owned(), count: count(n) }).collect()
}

/// What a difference is of, to people.
fn kind(code: &str) -> &'static str {
    match code {
        "chain" => "parcels",
        "opening" | "permission" | "id-key" => "access",
        _ if code.starts_with("pack-") => "parcels",
        _ if code.starts_with("key-") => "access",
        _ if code.starts_with("index-") => "lists",
        _ => "texts",
    }
}

/// What may be mailed to support, as a text: no content, no names, no keys. In English, for whoever reads it.
///
/// # Errors
/// [`Failure`].
pub fn report(session: &mut Session) -> Result<String, Failure> {
    let facts = care::facts(session)?;
    let width = facts.iter().map(|fact| fact.name.len()).max().unwrap_or_default();
    let line = |Fact { name, worth }: Fact| format!("{name:<width$}  {}\n", said(worth));
    Ok(facts.into_iter().map(line).collect())
}

fn said(worth: Worth) -> String {
    match worth {
        Worth::Word(word) => word,
        Worth::Count(count) => count.to_string(),
        Worth::Yes(true) => "yes".to_owned(),
        Worth::Yes(false) => "no".to_owned(),
        Worth::Time(None) => "never".to_owned(),
        Worth::Time(Some(ms)) => {
            let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
            time.map_or_else(|| "an impossible time".to_owned(), |time| time.to_string())
        }
    }
}

/// Says what deleting the home would mean; `label` names a programme that has no name here yet.
///
/// # Errors
/// [`Failure`].
pub fn wiping(session: &mut Session, label: &str) -> Result<WipeView, Failure> {
    let name = name(session, label)?;
    let drafts = session.together(|acts| acts.work())?;
    let drafts = drafts.iter().filter(|work| work.kind == WorkKind::Draft).count();
    let outbox = exchange::state(session)?.outbox;
    let engine = session.engine();
    let unsealed = engine.pending()?;
    let (me, here) = (engine.member(), engine.device());
    let permission = engine.permission();
    let own = permission.members.get(&me).into_iter().flat_map(|state| &state.devices);
    let others = own.filter(|(device, state)| **device != here && state.active);
    let (papers, computers): (Vec<_>, Vec<_>) =
        others.partition(|(_, state)| state.device.form == Form::Paper);
    let elsewhere = permission
        .coordinators_devices()
        .any(|(device, _, state)| device != here && state.active && state.device.form != Form::Paper);
    Ok(WipeView {
        name,
        drafts: count(drafts),
        unsealed: u32::try_from(unsealed).unwrap_or(u32::MAX),
        outbox,
        computers: count(computers.len()),
        papers: count(papers.len()),
        last_coordinator: engine.is_coordinator() && !elsewhere,
    })
}

/// Makes sure that somebody typed which programme is to be deleted.
///
/// # Errors
/// [`Failure`] `name-differs`.
pub fn must_be_named(session: &mut Session, label: &str, typed: &str) -> Result<(), Failure> {
    let plain = |text: &str| text.trim().nfc().collect::<String>();
    if plain(&name(session, label)?) == plain(typed) {
        return Ok(());
    }
    Err(Failure::new("name-differs", "this is not the name of the programme"))
}

fn name(session: &mut Session, label: &str) -> Result<String, Failure> {
    let title = session.together(|acts| acts.title())?;
    Ok(if title.trim().is_empty() { label.to_owned() } else { title })
}

#[cfg(test)]
mod tests {
    use tessera_vault::passphrase::Passphrase;

    use super::*;
    use crate::rehearsal::rehearse;
    use crate::shelf::Shelf;

    fn quietly(_: CareProgress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn what_differs_is_told_in_kinds_that_people_know() {
        let found =
            ["pack-damaged", "pack-state", "chain", "key-missing", "index-missing", "contents-differ"];
        let found = found.map(|code| Difference { code, about: String::new() });
        let told: Vec<_> = lines(&found).into_iter().map(|line| (line.kind, line.count)).collect();
        let expected = [("access", 1), ("lists", 1), ("parcels", 3), ("texts", 1)];
        assert_eq!(told, expected.map(|(kind, count)| (kind.to_owned(), count)));
    }

    #[test]
    fn a_home_is_checked_repaired_and_reported_without_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned());
        let (_, mut session) = rehearse(&shelf, "Rehearsal", "a quiet valley").unwrap();
        let seen = check(&mut session, &mut quietly).unwrap();
        assert!(seen.packs > 3 && seen.documents > 3 && seen.found.is_empty() && seen.missing == 0);
        let ended = check(&mut session, &mut |_| ControlFlow::Break(())).unwrap_err();
        assert_eq!(ended.code, "cancelled");
        let repaired = repair(&mut session, &mut quietly).unwrap();
        assert_eq!((repaired.found, repaired.lost, repaired.asks_again), (0, 0, false));
        let report = report(&mut session).unwrap();
        assert!(report.contains("members active") && report.len() < REPORT_BYTES, "{report}");
        assert!(report.lines().any(|line| line.starts_with("last exchange") && line.ends_with("never")));
        let title = session.together(|acts| acts.title()).unwrap();
        let member = session.engine().member().to_string();
        for secret in [title.as_str(), &member, "Rehearsal"] {
            assert!(!report.contains(secret), "{secret} is in it:\n{report}");
        }
    }

    #[test]
    fn a_home_is_deleted_by_its_name_alone_and_only_once_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().join("shelf"));
        let (other, left) = rehearse(&shelf, "Other", "a quiet valley").unwrap();
        drop(left);
        let (home, mut session) = rehearse(&shelf, "Rehearsal", "a quiet valley").unwrap();
        let means = wiping(&mut session, "Rehearsal").unwrap();
        assert!(means.last_coordinator && means.outbox > 0 && means.computers + means.papers == 0);
        assert_eq!(must_be_named(&mut session, "", "another").unwrap_err().code, "name-differs");
        must_be_named(&mut session, "", &format!("  {}\n", means.name)).unwrap();
        assert_eq!(shelf.wipe(&home).unwrap_err().code, "home-in-use", "it is open");
        let halves = session.halves(&Passphrase::new("a quiet valley")).unwrap();
        session.keep_half(&halves).unwrap();
        drop(session);
        let in_keychain: Vec<_> = shelf.list().unwrap().into_iter().map(|entry| entry.in_keychain).collect();
        assert_eq!(in_keychain.iter().filter(|held| **held).count(), 1);
        assert_eq!(
            shelf.wipe(&home).unwrap(),
            Some(halves.entry()),
            "the keychain's half is named, to be deleted"
        );
        let listed: Vec<_> = shelf.list().unwrap().into_iter().map(|entry| entry.folder).collect();
        assert_eq!(listed, [other]);
        assert!(!folder.path().join("shelf").join(&home).exists(), "nothing of it is left");
        assert_eq!(shelf.wipe(&home).unwrap_err().code, "no-home");
        assert!(shelf.wipe("../shelf").is_err());
    }
}
