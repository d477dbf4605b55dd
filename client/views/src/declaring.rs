//! Declaring a conflict of interest, or that there is none; stepping back; handing back. What was declared, and what can be
//! done about it, as the reader's screen shows it.

use serde::Serialize;
use specta::Type;
use tessera_driver::session::Session;
use tessera_engine::reading::Task;
use tessera_engine::withheld::Bound;
use tessera_model::documents::{Conflict, Declaration};
use tessera_protocol::ids::ApplicationId;

use crate::failure::Failure;
use crate::words::id;

/// What a reviewer declared.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeclarationView {
    /// `none`, `conflict`, `unsure` or `recused`.
    pub declaration: String,
    /// What kind of conflict; `hand-back` where there is none and the application is handed back.
    pub kind: String,
    /// What a coordinator should know.
    pub note: String,
    /// True where the reviewer alone may take it back: nobody else is known to have heard of it.
    pub may_take_back: bool,
    /// Why coordinators lifted it; none where they did not.
    pub lifted: Option<String>,
}

impl DeclarationView {
    /// What was declared of an assignment; none where nothing was, or two laptops contradict one another.
    pub(crate) fn of(session: &mut Session, task: &Task) -> Result<Option<Self>, Failure> {
        let Some((conflict, declaration)) =
            task.conflict.as_ref().and_then(|conflict| Some((conflict, conflict.declaration?)))
        else {
            return Ok(None);
        };
        let may_take_back =
            !conflict.is_clear() && session.together(|acts| acts.bound(task.application))? == Bound::Free;
        Ok(Some(Self {
            declaration: declaration.as_str().to_owned(),
            kind: conflict.kind.clone(),
            note: conflict.note.clone(),
            may_take_back,
            lifted: task.lifted().map(str::to_owned),
        }))
    }
}

/// Declares a conflict of interest, or that there is none.
///
/// # Errors
/// [`Failure`] `not-permitted` where what was declared before waits for a coordinator.
pub fn declare(
    session: &mut Session,
    application: &str,
    declaration: &str,
    kind: &str,
    note: &str,
) -> Result<(), Failure> {
    let application: ApplicationId = id(application)?;
    let declaration = Declaration::parse(declaration).ok_or_else(|| Failure::bad_input("the declaration"))?;
    let conflict = Conflict {
        declaration: Some(declaration),
        kind: kind.trim().to_owned(),
        note: note.trim().to_owned(),
    };
    Ok(session.together(|acts| {
        acts.declare(application, &conflict)?;
        acts.hand_over()
    })?)
}

/// Hands an application back that this reviewer cannot read.
///
/// # Errors
/// [`Failure`] `reason-needed`, `not-permitted` where a review of it was submitted.
pub fn hand_back(session: &mut Session, application: &str, reason: &str) -> Result<(), Failure> {
    let application: ApplicationId = id(application)?;
    if reason.trim().is_empty() {
        return Err(Failure::new("reason-needed", "handing back needs a reason"));
    }
    Ok(session.together(|acts| {
        acts.hand_back(application, reason)?;
        acts.hand_over()
    })?)
}
