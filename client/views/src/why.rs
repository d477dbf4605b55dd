//! Why something of an application is not here, or does not count: what is known of it, and of each reader's review.

use std::collections::BTreeSet;

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::explain::Fact;
use tessera_model::documents::AssignmentState;
use tessera_protocol::ids::{ApplicationId, MemberId};

use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::words::id;

/// What is known of an application and its reviews.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyView {
    /// Of the application, and of what whoever looks is to read of it.
    pub application: Vec<WhyLine>,
    /// Of each reader's review.
    pub readers: Vec<WhyReader>,
}

/// What is known of one reader's review.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyReader {
    /// The member's id.
    pub member: String,
    /// The name.
    pub name: String,
    /// True where nothing of the review is here, or it does not count.
    pub lacks: bool,
    /// What is known.
    pub lines: Vec<WhyLine>,
}

/// One thing that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyLine {
    /// Which.
    pub code: String,
    /// The same in English.
    pub text: String,
    /// Why, as a code, where there is a reason.
    pub reason: Option<String>,
    /// How many, where it counts something.
    pub count: Option<u32>,
    /// When, by the relay's clock, where it is about a time.
    pub at_ms: Option<u64>,
}

/// Reads why something of an application is not here, or does not count.
///
/// # Errors
/// [`Failure`].
pub fn why(session: &mut Session, application: &str) -> Result<WhyView, Failure> {
    must_coordinate(session)?;
    let application: ApplicationId = id(application)?;
    let names = Names::of(session)?;
    let (facts, assignments) = session
        .together(|acts| Ok((acts.explain_application(application)?, acts.assignments_of(application)?)))?;
    // What is said of a reader is said below, of all of them.
    let of_itself = facts.iter().filter(|fact| fact.member.is_none() && fact.code != "not-read");
    let lines = of_itself.map(line).collect();
    let assigned = assignments.into_iter().filter(|(_, one)| one.state == Some(AssignmentState::Assigned));
    let mut members: BTreeSet<MemberId> = assigned.map(|(pair, _)| pair.member).collect();
    members.extend(facts.iter().filter_map(|fact| fact.member));
    let mut readers = Vec::new();
    for member in members {
        let facts = session.together(|acts| acts.explain_review(application, member))?;
        readers.push(WhyReader {
            member: member.to_string(),
            name: names.handle(member),
            lacks: facts.iter().all(|fact| fact.code != "review-counts"),
            lines: facts.iter().map(line).collect(),
        });
    }
    readers.sort_by_cached_key(|reader| (!reader.lacks, reader.name.to_lowercase()));
    Ok(WhyView { application: lines, readers })
}

fn line(fact: &Fact) -> WhyLine {
    let plain = WhyLine {
        code: fact.code.to_owned(),
        text: fact.sentence().to_owned(),
        reason: None,
        count: None,
        at_ms: None,
    };
    let detail = fact.detail.as_str();
    match fact.code {
        "review-does-not-count" => WhyLine { reason: Some(detail.to_owned()), ..plain },
        "question" => match detail.split_once(": ") {
            Some((code, sentence)) => {
                WhyLine { reason: Some(code.to_owned()), text: sentence.to_owned(), ..plain }
            }
            None => plain,
        },
        "heard-last" => WhyLine { at_ms: detail.parse().ok(), ..plain },
        _ => WhyLine { count: detail.parse().ok(), ..plain },
    }
}
