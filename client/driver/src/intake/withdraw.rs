//! Withdrawals: what an applicant takes back is taken back from readers who did not submit yet.

use tessera_model::documents::form::Route;
use tessera_protocol::ids::ApplicationId;

use crate::session::{Session, SessionError};

/// What a withdrawal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawn {
    /// False where it was noted just so before.
    pub changed: bool,
    /// From how many readers it was taken back.
    pub taken_back: usize,
}

/// Notes that an application was withdrawn, or that this was a mistake.
///
/// # Errors
/// [`SessionError`].
pub fn withdraw(
    session: &mut Session,
    application: ApplicationId,
    withdrawn: bool,
    route: Option<Route>,
    reason: &str,
) -> Result<Withdrawn, SessionError> {
    let (_, programme) = session.together(|acts| acts.programme())?;
    session.together(|acts| {
        let changed = acts.withdraw(application, withdrawn, route, reason)?;
        let taken_back = match withdrawn {
            true => acts.take_back_unread(&programme, application, "the applicant withdrew")?,
            false => 0,
        };
        acts.hand_over()?;
        Ok(Withdrawn { changed, taken_back })
    })
}
