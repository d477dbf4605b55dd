//! Many invitations from a table, looked at before any is made; and withdrawing one that nobody answered yet.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;
use specta::Type;
use tessera_driver::inviting::{self, Guest, Guests};
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_protocol::charter::Roles;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::InvitationId;

use crate::failure::Failure;
use crate::me::{Role, roles};
use crate::words::{Sentence, count, id};

/// The largest table of people, in bytes.
pub const TABLE_BYTES: u64 = 8 << 20;

/// Whom a table names.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GuestTable {
    /// The file, to be named when the invitations are made.
    pub path: String,
    /// What the file holds, in short: what was looked at is what is taken.
    pub seal: String,
    /// Those who can be invited.
    pub guests: Vec<GuestRow>,
    /// The rows that are wrong.
    pub refused: Vec<RefusedGuest>,
}

/// Somebody who is to be invited.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GuestRow {
    /// The row of the table.
    pub row: u32,
    /// Whom.
    pub name: String,
    /// As what.
    pub roles: Vec<Role>,
    /// The mail address, where the table has one.
    pub email: String,
    /// Where somebody of this name is already: `member`, `invited`, `table`; none: nowhere.
    pub known: Option<String>,
}

/// A row of which nobody can be invited.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RefusedGuest {
    /// The row of the table.
    pub row: u32,
    /// The column that it is about.
    pub column: Option<String>,
    /// Why.
    pub sentence: Sentence,
}

/// Invitations that were made.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GuestsInvited {
    /// Where their files are.
    pub folder: String,
    /// Each with whom it is for.
    pub files: Vec<GuestFile>,
    /// Why the rest was not made.
    pub failure: Option<Failure>,
}

/// The file of an invitation.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GuestFile {
    /// Whom it is for.
    pub name: String,
    /// The file's name.
    pub file: String,
}

/// Looks at a table; nobody is invited.
///
/// # Errors
/// [`Failure`] where it is no table of people.
pub fn read(session: &mut Session, path: &Path, bytes: &[u8]) -> Result<GuestTable, Failure> {
    let (guests, refused) = checked(session, path, bytes)?;
    let names = Names::of(session)?;
    let plain = |name: &str| name.trim().to_lowercase();
    let members: BTreeSet<String> = names.members().map(|member| plain(&names.name(member))).collect();
    let open = session.together(|acts| acts.open_invitations())?;
    let invited: BTreeSet<String> = open.iter().map(|(_, invited)| plain(&invited.name)).collect();
    let mut before = BTreeSet::new();
    let guests = guests.into_iter().map(|guest| {
        let name = plain(&guest.invited.name);
        let known = if members.contains(&name) {
            Some("member")
        } else if invited.contains(&name) {
            Some("invited")
        } else {
            before.contains(&name).then_some("table")
        };
        before.insert(name);
        let email = guest.invited.fields.iter().find(|(key, _)| &**key == "email");
        GuestRow {
            row: row(guest.row),
            name: guest.invited.name.to_string(),
            roles: roles(guest.roles),
            email: email.map(|(_, value)| value.to_string()).unwrap_or_default(),
            known: known.map(str::to_owned),
        }
    });
    Ok(GuestTable { path: path.display().to_string(), seal: seal(bytes), guests: guests.collect(), refused })
}

/// Invites everybody whom a table names, each by a file of its own in a folder. What was made before a failure stays.
///
/// # Errors
/// [`Failure`] `file-changed` where the file is another than the one that was looked at.
pub fn invite_all(
    session: &mut Session,
    path: &Path,
    bytes: &[u8],
    seen: &str,
    folder: &Path,
) -> Result<GuestsInvited, Failure> {
    if seal(bytes) != seen {
        return Err(Failure::new("file-changed", "this file is not what was looked at"));
    }
    let (guests, _) = checked(session, path, bytes)?;
    inviting::make_folder(folder)?;
    let mut made = GuestsInvited { folder: folder.display().to_string(), files: Vec::new(), failure: None };
    for guest in guests {
        match inviting::invite(session, &guest.invited, guest.roles, folder) {
            Ok(written) => made.files.push(GuestFile {
                name: guest.invited.name.to_string(),
                file: written.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            }),
            Err(error) => {
                made.failure = Some(error.into());
                break;
            }
        }
    }
    Ok(made)
}

/// Withdraws an invitation of this device that nobody answered yet.
///
/// # Errors
/// [`Failure`].
pub fn withdraw(session: &mut Session, invitation: &str) -> Result<(), Failure> {
    let invitation: InvitationId = id(invitation)?;
    Ok(session.together(|acts| acts.withdraw_invitation(invitation))?)
}

/// The people of a table whom this member may invite, and the rows that are wrong.
fn checked(
    session: &mut Session,
    path: &Path,
    bytes: &[u8],
) -> Result<(Vec<Guest>, Vec<RefusedGuest>), Failure> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Guests { guests, refused } = inviting::read(bytes, &file, Roles::default())?;
    let admin = session.engine().is_admin();
    let (may, may_not): (Vec<Guest>, Vec<Guest>) =
        guests.into_iter().partition(|guest| admin || guest.roles == Roles::default());
    let mut rows: Vec<RefusedGuest> = refused
        .into_iter()
        .map(|one| RefusedGuest {
            row: row(one.row),
            column: one.column,
            sentence: Sentence::plain(&format!("guest-{}", one.code), one.message),
        })
        .collect();
    rows.extend(may_not.into_iter().map(|guest| RefusedGuest {
        row: row(guest.row),
        column: Some("role".to_owned()),
        sentence: Sentence::plain("guest-role-not-yours", "an admin alone invites admins and coordinators"),
    }));
    rows.sort_by_key(|one| one.row);
    Ok((may, rows))
}

fn row(number: u64) -> u32 {
    count(usize::try_from(number).unwrap_or(usize::MAX))
}

/// What a file holds, in short.
fn seal(bytes: &[u8]) -> String {
    hash("table of guests", &[bytes]).to_string()
}
