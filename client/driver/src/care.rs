//! Looking after a home: checking it against its packs, putting right what differs, and what may be mailed to support.

use std::collections::BTreeMap;

use tessera_engine::home::Continuity;
use tessera_engine::notices::Notice;
use tessera_engine::verify::{Repaired, Report, Tell};
use tessera_protocol::permission::Standing;

use crate::session::{Session, SessionError};

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// What was worked out again, and what is not as the packs say.
    pub report: Report,
    /// Packs that others build on and that are not here yet.
    pub missing: u64,
}

/// Works everything out from the packs again and compares; `tell` hears how far it is and may end it.
///
/// # Errors
/// [`SessionError`].
pub fn check(session: &mut Session, tell: Tell<'_>) -> Result<Checked, SessionError> {
    let report = session.work(|engine| engine.verify_told(tell))?;
    Ok(Checked { report, missing: missing(session)? })
}

/// Puts what follows from the packs in the place of what is wrong; what is missing is asked for with the next exchange, or
/// comes in a bundle.
///
/// # Errors
/// [`SessionError`].
pub fn repair(session: &mut Session, tell: Tell<'_>) -> Result<Repaired, SessionError> {
    session.work(|engine| engine.repair_told(tell))
}

/// How many packs that others build on are not here.
///
/// # Errors
/// [`SessionError`].
pub fn missing(session: &mut Session) -> Result<u64, SessionError> {
    Ok(session.together(|acts| acts.gaps())?.iter().map(|gap| gap.missing).sum())
}

/// One thing that support is told. No content, no names, no keys, and no ids that outsiders could follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Which.
    pub name: String,
    /// What it is.
    pub worth: Worth,
}

/// What a fact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worth {
    /// A word.
    Word(String),
    /// A number.
    Count(u64),
    /// Yes or no.
    Yes(bool),
    /// A time of a relay's clock, in milliseconds since 1970; none: never.
    Time(Option<u64>),
}

/// What may be mailed to support: versions, counts and states.
///
/// # Errors
/// [`SessionError`].
pub fn facts(session: &mut Session) -> Result<Vec<Fact>, SessionError> {
    let mut facts = Vec::new();
    let mut say = |name: &str, worth: Worth| facts.push(Fact { name: name.to_owned(), worth });
    let count = |n: usize| Worth::Count(n as u64);
    say("version", Worth::Word(env!("CARGO_PKG_VERSION").to_owned()));
    say("system", Worth::Word(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)));
    say("demonstration", Worth::Yes(session.is_demo()));
    let continuity = match session.continuity() {
        Continuity::First | Continuity::Continues => "continues",
        Continuity::RolledBack { .. } => "rolled-back",
        Continuity::Replaced => "replaced",
        Continuity::AnchorBehind => "anchor-behind",
        Continuity::NoAnchor => "no-anchor",
    };
    say("continuity", Worth::Word(continuity.to_owned()));
    let engine = session.engine();
    say("synchronous", Worth::Word(engine.store().synchronous()?.to_owned()));
    say("active", Worth::Yes(engine.is_active()));
    say("coordinator", Worth::Yes(engine.is_coordinator()));
    say("admin", Worth::Yes(engine.is_admin()));
    let permission = engine.permission();
    say("read-only", Worth::Yes(permission.read_only()));
    let standing =
        |wanted: Standing| permission.members.values().filter(|state| state.standing == wanted).count();
    say("members active", count(standing(Standing::Active)));
    say("members suspended", count(standing(Standing::Suspended)));
    say("members removed", count(standing(Standing::Removed)));
    say("devices", count(permission.members.values().map(|state| state.devices.len()).sum()));
    say("rounds closed", count(permission.closes.len()));
    say("unsealed", Worth::Count(engine.pending()?));
    say("outbox", Worth::Count(engine.outbox()?));
    let mut notices: BTreeMap<String, usize> = BTreeMap::new();
    for notice in engine.notices()? {
        *notices.entry(word(&notice)).or_default() += 1;
    }
    for (stage, packs) in session.together(|acts| acts.stages())? {
        say(&format!("packs {stage}"), count(packs));
    }
    for (notice, times) in notices {
        say(&format!("notice {notice}"), count(times));
    }
    let mut work: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in session.together(|acts| acts.work())? {
        *work.entry((one.kind.as_str(), one.state.as_str())).or_default() += 1;
    }
    for ((kind, state), pieces) in work {
        say(&format!("{kind} {state}"), count(pieces));
    }
    let mut queue: BTreeMap<&str, usize> = BTreeMap::new();
    if session.engine().is_coordinator() {
        for one in session.together(|acts| acts.queue())? {
            *queue.entry(one.code).or_default() += 1;
        }
    }
    for (code, items) in queue {
        say(&format!("queue {code}"), count(items));
    }
    say("packs missing", Worth::Count(missing(session)?));
    say("anchored", Worth::Yes(session.is_anchored()));
    say("last exchange", Worth::Time(session.together(|acts| acts.last_evidence_ms())?));
    Ok(facts)
}

fn word(notice: &Notice) -> String {
    match notice {
        Notice::Refused { code, .. } => format!("refused {code}"),
        Notice::Forked { .. } => "copied-laptop".to_owned(),
        Notice::Doubled { .. } => "equivocation".to_owned(),
        Notice::RelayLied { .. } => "relay-contradicts-itself".to_owned(),
        Notice::RelayRestored { .. } => "relay-restored".to_owned(),
    }
}
