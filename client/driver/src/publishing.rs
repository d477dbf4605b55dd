//! Publishing a definition and amending it: what stands against it, and the loss of it that somebody must have thought of.
//! What a definition lacks the model says; how a person is told is the shell's.

use tessera_engine::EngineError;
use tessera_model::programme::{Finding, Programme};

use crate::session::{Session, SessionError};

/// What a person types to publish without a rehearsed recovery.
pub const ACCEPTED: &str = "I accept the loss";

/// Why a definition was not published.
#[derive(Debug, thiserror::Error)]
pub enum NotPublished {
    /// Something is missing or undecided.
    #[error("{} things are missing or undecided", .0.len())]
    Undecided(Vec<Finding>),
    /// Another definition is published already.
    #[error("revision {0} is published, and this definition is another")]
    AlreadyPublished(u32),
    /// Nobody has tried the recovery words, and nobody accepted the loss.
    #[error("if this laptop dies, the programme dies with it: nobody has tried the recovery words yet")]
    NotRehearsed,
    /// An amendment has no reason.
    #[error("an amendment needs a reason")]
    ReasonMissing,
    /// The home refused.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<EngineError> for NotPublished {
    fn from(error: EngineError) -> Self {
        Self::Session(error.into())
    }
}

/// What was published, and what was passed over because it is a demonstration.
#[derive(Debug)]
pub struct PublishedCall {
    /// The revision's number.
    pub number: u32,
    /// What is missing or undecided all the same.
    pub open: Vec<Finding>,
}

/// Publishes a definition for the first time, or the same once more. `accepted` is what somebody typed instead of rehearsing
/// the recovery.
///
/// # Errors
/// [`NotPublished`].
pub fn publish(
    session: &mut Session,
    programme: &Programme,
    accepted: Option<&str>,
) -> Result<PublishedCall, NotPublished> {
    let open = settled(session, programme)?;
    if let Ok((number, current)) = session.together(|acts| acts.programme())
        && current.definition_sha256() != programme.definition_sha256()
    {
        return Err(NotPublished::AlreadyPublished(number));
    }
    if !session.together(|acts| acts.is_rehearsed())? {
        if !accepted.is_some_and(accepts) {
            return Err(NotPublished::NotRehearsed);
        }
        session.together(|acts| acts.set("loss-accepted", &[1]))?;
    }
    let number = put(session, programme, "")?;
    Ok(PublishedCall { number, open })
}

/// Publishes another definition in place of the published one.
///
/// # Errors
/// [`NotPublished`].
pub fn amend(
    session: &mut Session,
    programme: &Programme,
    reason: &str,
) -> Result<PublishedCall, NotPublished> {
    if reason.trim().is_empty() {
        return Err(NotPublished::ReasonMissing);
    }
    let open = settled(session, programme)?;
    session.together(|acts| acts.programme())?;
    let number = put(session, programme, reason.trim())?;
    Ok(PublishedCall { number, open })
}

/// True where somebody typed that the loss is accepted.
#[must_use]
pub fn accepts(typed: &str) -> bool {
    typed.trim().trim_end_matches('.').eq_ignore_ascii_case(ACCEPTED)
}

/// What the programme is called.
#[must_use]
pub fn title(programme: &Programme) -> String {
    let language = programme.languages.first().map_or("en", |language| language.as_str());
    let name = programme.name.as_ref().map(|name| name.in_language(language).to_owned());
    name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "a programme".to_owned())
}

/// What stands against publishing. In a demonstration it is only said.
fn settled(session: &Session, programme: &Programme) -> Result<Vec<Finding>, NotPublished> {
    let open: Vec<Finding> = programme.check().into_iter().filter(Finding::blocks).collect();
    if open.is_empty() || session.is_demo() { Ok(open) } else { Err(NotPublished::Undecided(open)) }
}

fn put(session: &mut Session, programme: &Programme, reason: &str) -> Result<u32, SessionError> {
    session.together(|acts| {
        let number = acts.publish(programme, reason)?;
        acts.set("title", title(programme).as_bytes())?;
        acts.hand_over()?;
        Ok(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_is_accepted_in_these_words_alone() {
        fn check(typed: &str, expected: bool) {
            assert_eq!(accepts(typed), expected, "{typed}");
        }
        check("I accept the loss", true);
        check("  i accept the loss. ", true);
        check("yes", false);
        check("", false);
        check("I accept", false);
    }
}
