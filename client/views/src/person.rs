//! One person as an admin looks at it: the devices and when each was there, which roles can be given and taken, and what still
//! waits for others.

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::EngineError;
use tessera_protocol::charter::{Change, Roles};
use tessera_protocol::ids::MemberId;

use crate::devices::{self, DeviceLine, ProposalLine};
use crate::failure::Failure;
use crate::me::{Role, roles};
use crate::words::{count, id};

/// One person.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PersonView {
    /// The devices, those that act first.
    pub devices: Vec<DeviceLine>,
    /// Roles that this member may propose to give.
    pub may_give: Vec<Role>,
    /// Roles that this member may propose to take.
    pub may_take: Vec<Role>,
    /// Roles that were taken, and are never given again.
    pub lost: Vec<Role>,
    /// How many admins must sign a change of roles.
    pub needed: u32,
    /// What is proposed about this person.
    pub proposals: Vec<ProposalLine>,
    /// True of a coordinator whom nobody gave what coordinators read.
    pub lacks_keys: bool,
    /// Admins who removed this person, where more of them must.
    pub removed_by: Vec<String>,
    /// How many must.
    pub removal_needs: u32,
}

/// The roles of the charter, one by one.
const ROLES: [(Role, Roles); 2] = [
    (Role::Coordinator, Roles { admin: false, coordinator: true }),
    (Role::Admin, Roles { admin: true, coordinator: false }),
];

/// Reads one person.
///
/// # Errors
/// [`Failure`].
pub fn person(session: &mut Session, member: &str) -> Result<PersonView, Failure> {
    let member: MemberId = id(member)?;
    let names = Names::of(session)?;
    let devices = devices::lines(session, member)?;
    let (lacks_keys, removed_by) =
        session.together(|acts| Ok((acts.lacks_keys(member), acts.removal_signed(member))))?;
    let proposals = devices::proposals_about(session, &names, |change| concerns(change, member))?;
    let admin = session.engine().is_admin();
    let charter = session.engine().permission().charter.clone();
    let may_propose = admin && !charter.frozen;
    let (mut may_give, mut may_take) = (Vec::new(), Vec::new());
    for (role, flags) in ROLES {
        let can = |change: Result<Change, EngineError>| match change {
            Ok(_) => Ok(true),
            Err(EngineError::Barred(_)) => Ok(false),
            Err(error) => Err(error),
        };
        let (give, take) = session
            .together(|acts| Ok((can(acts.giving(member, flags))?, can(acts.taking(member, flags))?)))?;
        may_give.extend((may_propose && give).then_some(role));
        may_take.extend((may_propose && take).then_some(role));
    }
    let lost = charter
        .powers
        .lost
        .get(&member)
        .map(|lost| Roles { admin: lost.admin.is_some(), coordinator: lost.coordinator.is_some() });
    let belongs = session.engine().permission().active_members().any(|(one, _)| one == member);
    Ok(PersonView {
        devices,
        may_give,
        may_take,
        lost: lost.map(roles).unwrap_or_default(),
        needed: count(charter.powers.majority()),
        proposals,
        lacks_keys,
        removed_by: removed_by.into_iter().filter(|_| belongs).map(|by| names.name(by)).collect(),
        removal_needs: count(charter.powers.removal_threshold()),
    })
}

/// True where a change of the charter is about a member.
fn concerns(change: &Change, member: MemberId) -> bool {
    match change {
        Change::Add { member: whom, .. }
        | Change::Drop { member: whom, .. }
        | Change::AddDevice { member: whom, .. }
        | Change::AddSigner { member: whom }
        | Change::DropSigner { member: whom } => *whom == member,
        _ => false,
    }
}
