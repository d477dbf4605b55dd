//! Further readers of a round: whom its rule asks for at present, and why. The search for them is in [`super::search`], and who is asked in
//! the end is drafted and published as any assignment.

use serde::Serialize;
use specta::Type;
use tessera_driver::assigning;
use tessera_driver::session::Session;
use tessera_model::programme::Programme;
use tessera_model::programme::calendar::Round;
use tessera_protocol::ids::ApplicationId;

use super::ReadBy;
use crate::failure::Failure;
use crate::moderation::said;
use crate::words::{Labels, Sentence, count, id};

/// What a round says of further readers, and whom it asks for.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FurtherView {
    /// Readers of every application.
    pub first: u32,
    /// The most readers of one.
    pub most: u32,
    /// Who needs one more reader, best first; whoever was asked for already and has not read is not among them.
    pub needed: Vec<FurtherLine>,
    /// Applications with fewer reviews than read first: the line of seats may move yet.
    pub early: u32,
}

/// An application that needs one more reader.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FurtherLine {
    /// Its id.
    pub application: String,
    /// Its key.
    pub key: String,
    /// Its place in the order of the moment.
    pub rank: Option<u32>,
    /// Reviews of it that count.
    pub reads: u32,
    /// Why.
    pub reasons: Vec<Sentence>,
}

/// Whom a round asks for; none where it asks for no further readers. `rows` are the applications of the round.
pub(crate) fn view(
    session: &mut Session,
    programme: &Programme,
    in_round: &Round,
    labels: Labels<'_>,
    rows: &[ReadBy],
) -> Result<Option<FurtherView>, Failure> {
    let Some(found) = assigning::further::reads(session, programme, in_round)? else { return Ok(None) };
    let read = rows.iter().filter(|row| row.left_out.is_none());
    let ids = read.filter_map(|row| id::<ApplicationId>(&row.application).ok());
    Ok(Some(FurtherView {
        first: count(found.rule.first),
        most: count(found.rule.most),
        early: count(found.early(ids)),
        needed: found
            .needed
            .iter()
            .map(|(application, needed)| FurtherLine {
                application: application.to_string(),
                key: needed.application.clone(),
                rank: needed.rank.map(count),
                reads: count(needed.reads),
                reasons: needed
                    .verdict()
                    .iter()
                    .map(Sentence::from)
                    .chain(needed.reasons.iter().map(|reason| said(labels, reason)))
                    .collect(),
            })
            .collect(),
    }))
}
