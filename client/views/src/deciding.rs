//! Who decides: admins and coordinators, how many must agree, and the proposals that change it. Whether a proposal has an effect
//! the engine says; the others sign it ([`crate::devices::sign`]).

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::proposals::Proposed;
use tessera_engine::{Acts, EngineError};
use tessera_protocol::charter::{Change, Roles};
use tessera_protocol::ids::MemberId;

use crate::failure::Failure;
use crate::me::Role;
use crate::words::{count, id};

/// Who decides.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DecidingView {
    /// The admins.
    pub admins: Vec<String>,
    /// The coordinators.
    pub coordinators: Vec<String>,
    /// How many admins must sign what changes roles, relays and this.
    pub majority: u32,
    /// How many admins must agree to a removal.
    pub removal_needs: u32,
    /// True where two lines of decisions contradict each other, and nothing can be decided any more.
    pub frozen: bool,
    /// True where this member may propose.
    pub may_propose: bool,
}

/// Reads who decides.
///
/// # Errors
/// [`Failure`].
pub fn deciding(session: &mut Session) -> Result<DecidingView, Failure> {
    let names = Names::of(session)?;
    let admin = session.engine().is_admin();
    let charter = &session.engine().permission().charter;
    let powers = &charter.powers;
    Ok(DecidingView {
        admins: powers.admins().map(|member| names.name(member)).collect(),
        coordinators: powers.coordinators().map(|member| names.name(member)).collect(),
        majority: count(powers.majority()),
        removal_needs: count(powers.removal_threshold()),
        frozen: charter.frozen,
        may_propose: admin && !charter.frozen,
    })
}

/// The roles of the charter among some.
pub(crate) fn charter_roles(roles: &[Role]) -> Roles {
    Roles { admin: roles.contains(&Role::Admin), coordinator: roles.contains(&Role::Coordinator) }
}

/// Proposes to give a member roles; gives whether it counts already.
///
/// # Errors
/// [`Failure`] `role-held`, `role-lost` and others.
pub fn give_roles(session: &mut Session, member: &str, roles: &[Role]) -> Result<bool, Failure> {
    let (member, roles) = named(session, member, roles)?;
    propose(session, |acts| acts.giving(member, roles))
}

/// Proposes to take roles from a member for ever; gives whether it counts already.
///
/// # Errors
/// [`Failure`] `last-admin`, `last-coordinator` and others.
pub fn take_roles(session: &mut Session, member: &str, roles: &[Role]) -> Result<bool, Failure> {
    let (member, roles) = named(session, member, roles)?;
    propose(session, |acts| acts.taking(member, roles))
}

/// Proposes how many admins must agree to a removal; gives whether it counts already.
///
/// # Errors
/// [`Failure`] `no-such-threshold`.
pub fn set_removal_needs(session: &mut Session, needed: u16) -> Result<bool, Failure> {
    propose(session, |acts| acts.removal_needing(needed, 0))
}

fn named(session: &mut Session, member: &str, roles: &[Role]) -> Result<(MemberId, Roles), Failure> {
    let member: MemberId = id(member)?;
    if !session.engine().permission().members.contains_key(&member) {
        return Err(Failure::not_found("this member"));
    }
    let roles = charter_roles(roles);
    if roles == Roles::default() { Err(Failure::bad_input("the roles")) } else { Ok((member, roles)) }
}

fn propose(
    session: &mut Session,
    change: impl FnOnce(&mut Acts<'_>) -> Result<Change, EngineError>,
) -> Result<bool, Failure> {
    let proposed: Proposed = session.together(|acts| {
        let change = change(acts)?;
        let proposed = acts.propose(vec![change])?;
        acts.hand_over()?;
        Ok(proposed)
    })?;
    Ok(proposed.counts)
}
