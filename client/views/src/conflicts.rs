//! What readers declared about conflicts of interest, on every application, and what coordinators made of it; ruling on one of
//! them. Not declaring ([`crate::declaring`]), and not the merge desk, where those wait that keep somebody from a reading
//! ([`crate::queue`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::conflicts::Declared;
use tessera_model::documents::{Declaration, Ruling};
use tessera_protocol::ids::{ApplicationId, MemberId};

use crate::board::{AppStage, Searched, Whole, must_coordinate};
use crate::failure::Failure;
use crate::tasks;
use crate::words::{hex, id};

/// What stands where two of a reader's laptops contradict one another.
const CONTESTED: &str = "contested";
/// What is declared where an application was handed back without any conflict of interest.
const HANDED_BACK: &str = "handed-back";

/// What a reader declared about an application.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConflictRow {
    /// The application's id.
    pub application: String,
    /// Its key.
    pub key: String,
    /// Its title; empty where it has none.
    pub title: String,
    /// The reader's id.
    pub member: String,
    /// The reader's name.
    pub name: String,
    /// `none`, `conflict`, `unsure`, `recused`, `handed-back` or `contested`.
    pub declaration: String,
    /// What kind of conflict.
    pub kind: String,
    /// What a coordinator should know.
    pub note: String,
    /// `lifted` or `upheld`; none where nobody ruled on exactly this declaration.
    pub ruling: Option<String>,
    /// Why.
    pub reason: String,
    /// True where it keeps the reader from reading.
    pub bars: bool,
    /// True where the reader is to read it.
    pub reads: bool,
    /// True where a ruling is waited for.
    pub waits: bool,
    /// Which declaration it is: a ruling is on exactly this one.
    pub on: String,
}

/// A ruling on a declared conflict of interest.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RulingForm {
    /// The application's id.
    pub application: String,
    /// The reader's id.
    pub member: String,
    /// Which declaration it is.
    pub on: String,
    /// True where the reader may read; false where not.
    pub lift: bool,
    /// Why.
    pub reason: String,
}

/// Reads every declaration that is here, by application and name.
///
/// # Errors
/// [`Failure`].
pub fn conflicts(session: &mut Session, whole: &Whole) -> Result<Vec<ConflictRow>, Failure> {
    must_coordinate(session)?;
    let names = Names::of(session)?;
    let declared = session.together(|acts| acts.declarations())?;
    let board: BTreeMap<&str, &Searched> =
        whole.rows.iter().map(|one| (one.row.application.as_str(), one)).collect();
    let mut rows: Vec<ConflictRow> = declared
        .into_iter()
        .map(|one| {
            let application = one.application.to_string();
            let on_board = board.get(application.as_str()).copied();
            row(one, application, on_board, &names)
        })
        .collect();
    rows.sort_by(|one, other| {
        let order = |row: &ConflictRow| (row.key.clone().into_bytes(), row.name.clone());
        order(one).cmp(&order(other))
    });
    Ok(rows)
}

fn row(one: Declared, application: String, on_board: Option<&Searched>, names: &Names) -> ConflictRow {
    let bars = one.bars();
    let conflict = one.read.value;
    let reads = on_board.is_some_and(|board| board.is_to_read(one.member));
    let withdrawn = on_board.is_some_and(|board| board.row.stage == AppStage::Withdrawn);
    let unsure = conflict.declaration == Some(Declaration::Unsure);
    let declaration = match conflict.declaration {
        None => CONTESTED,
        Some(_) if conflict.is_handed_back() => HANDED_BACK,
        Some(declaration) => declaration.as_str(),
    };
    ConflictRow {
        key: on_board.map_or_else(|| application.clone(), |board| board.row.key.clone()),
        title: on_board.map(|board| board.row.title.clone()).unwrap_or_default(),
        application,
        member: one.member.to_string(),
        name: names.name(one.member),
        declaration: declaration.to_owned(),
        on: hex(&conflict.fingerprint()),
        // That it was handed back is said already.
        kind: if conflict.is_handed_back() { String::new() } else { conflict.kind },
        note: conflict.note,
        ruling: one.ruling.map(|ruling| ruling.as_str().to_owned()),
        reason: one.reason,
        bars,
        reads,
        waits: bars && one.ruling.is_none() && (reads || unsure) && !withdrawn,
    }
}

/// Rules on what a reader declared.
///
/// # Errors
/// [`Failure`] `reason-needed`; `declared-anew` where something else is declared by now.
pub fn rule(session: &mut Session, form: &RulingForm) -> Result<(), Failure> {
    must_coordinate(session)?;
    let reason = form.reason.trim();
    if reason.is_empty() {
        return Err(Failure::new("reason-needed", "a ruling needs a reason").at("reason"));
    }
    let application: ApplicationId = id(&form.application)?;
    let member: MemberId = id(&form.member)?;
    let ruling = if form.lift { Ruling::Lifted } else { Ruling::Upheld };
    let programme = tasks::programme(session)?;
    let ruled = session.together(|acts| {
        let declared = acts.declaration(application, member)?.map(|declared| declared.read.value);
        let same = declared.is_some_and(|one| !one.is_clear() && hex(&one.fingerprint()) == form.on);
        if same {
            let answers = acts.answers(&programme, application)?;
            acts.rule_on(application, member, &answers, ruling, reason)?;
            acts.hand_over()?;
        }
        Ok(same)
    })?;
    if !ruled {
        return Err(Failure::new("declared-anew", "the reader declared something else meanwhile"));
    }
    Ok(())
}
