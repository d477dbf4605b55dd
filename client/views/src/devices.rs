//! One's own devices, and what several admins must sign. A further device joins with a pass that it answers; it is added after
//! its six words were compared.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::devices::PASS_BYTES;
use tessera_protocol::charter::{Change, Roles, Threshold};
use tessera_protocol::device::Form;
use tessera_protocol::ids::{DeviceId, LinkId, MemberId};
use tessera_protocol::permission::AddedBy;
use tessera_protocol::signature::PublicKey;
use tessera_vault::enrol::ANSWER_BYTES;
use tessera_vault::words::normalise;

use crate::failure::Failure;
use crate::me::{Role, roles};
use crate::relays;
use crate::words::{Sentence, count, id};

/// The longest request of a device, in bytes.
pub const REQUEST_BYTES: usize = ANSWER_BYTES + 128;
/// What a pass begins with where it is a link.
const LINK: &str = "tessera://pass/";

/// A computer's home, or a recovery sheet.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeviceLine {
    /// Its id.
    pub device: String,
    /// True for a recovery sheet.
    pub paper: bool,
    /// False once it was taken out.
    pub active: bool,
    /// How it came: `charter`, `invitation`, `admin`, `own`.
    pub added_by: String,
    /// True for the one that somebody sits at.
    pub here: bool,
    /// When a relay received what made it the member's; none where that is not known here.
    pub since_ms: Option<u64>,
    /// When a relay received the newest parcel of it that is here.
    pub last_ms: Option<u64>,
    /// How many parcels of it are here.
    pub parcels: u32,
}

/// The devices of the member at this one.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DevicesView {
    /// The devices, this one first.
    pub devices: Vec<DeviceLine>,
    /// False where an admin adds devices for this member.
    pub may_add: bool,
}

/// A device that asks to be added.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeviceRequest {
    /// The file that it asked with, to be named when it is added.
    pub path: String,
    /// Whose it will be.
    pub name: String,
    /// The words that its screen must show.
    pub check_words: Vec<String>,
}

/// Something that several admins must sign.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProposalLine {
    /// Its id.
    pub id: String,
    /// What it changes.
    pub changes: Vec<Sentence>,
    /// Who has signed.
    pub signed: Vec<String>,
    /// Admins who have not.
    pub missing: Vec<String>,
    /// How many must; none where it builds on something that does not count itself.
    pub needed: Option<u32>,
    /// True where this member has signed.
    pub by_me: bool,
    /// True where this member's signature would count.
    pub may_sign: bool,
}

/// Reads one's own devices.
///
/// # Errors
/// [`Failure`].
pub fn devices(session: &mut Session) -> Result<DevicesView, Failure> {
    let me = session.engine().member();
    let may_add = session.together(|acts| acts.may_add_device(me)).is_ok();
    let known = session.engine().permission().members.contains_key(&me);
    // Before the admission came there is none.
    let devices = if known { lines(session, me)? } else { Vec::new() };
    Ok(DevicesView { devices, may_add })
}

/// Reads the devices of a member: the one that somebody sits at, then those that act.
pub(crate) fn lines(session: &mut Session, member: MemberId) -> Result<Vec<DeviceLine>, Failure> {
    let here = session.engine().device();
    let seen = session.together(|acts| acts.seen(member))?;
    let state = session.engine().permission().members.get(&member);
    let devices = state.into_iter().flat_map(|state| &state.devices);
    let mut lines: Vec<DeviceLine> = devices
        .map(|(id, device)| {
            let seen = seen.get(id).copied().unwrap_or_default();
            DeviceLine {
                device: id.to_string(),
                paper: device.device.form == Form::Paper,
                active: device.active,
                added_by: match device.added_by {
                    AddedBy::Charter => "charter",
                    AddedBy::Admission(_) => "invitation",
                    AddedBy::Admin(_) => "admin",
                    AddedBy::Own(_) => "own",
                }
                .to_owned(),
                here: *id == here,
                since_ms: seen.since_ms,
                last_ms: seen.last_ms,
                parcels: u32::try_from(seen.packs).unwrap_or(u32::MAX),
            }
        })
        .collect();
    lines.sort_by_key(|device| (!device.here, !device.active, device.paper));
    Ok(lines)
}

/// Writes a pass for a further device of one's own: as a link.
///
/// # Errors
/// [`Failure`].
pub fn pass(session: &mut Session) -> Result<String, Failure> {
    let me = session.engine().member();
    let pass = session.together(|acts| acts.device_pass(me))?;
    Ok(link(&pass.to_file()))
}

/// A pass as a link, which keyboards and pictures carry where a file cannot.
#[must_use]
pub fn link(file: &[u8]) -> String {
    format!("{LINK}{}", URL_SAFE_NO_PAD.encode(file))
}

/// The file of a pass that is a link; none where the text is something else.
#[must_use]
pub fn file(text: &str) -> Option<Vec<u8>> {
    let text = text.trim().strip_prefix(LINK)?;
    (text.len() <= PASS_BYTES * 2).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten()
}

/// Opens the request of a device; nothing is added.
///
/// # Errors
/// [`Failure`].
pub fn request(session: &mut Session, path: &str, request: &[u8]) -> Result<DeviceRequest, Failure> {
    let names = Names::of(session)?;
    let asked = session.together(|acts| acts.read_request(request))?;
    let check_words = asked.check_words.iter().map(|word| (*word).to_owned()).collect();
    Ok(DeviceRequest { path: path.to_owned(), name: names.name(asked.member), check_words })
}

/// Adds a device whose words somebody compared; gives whether it acts already, or other admins must sign first.
///
/// # Errors
/// [`Failure`] `words-differ`.
pub fn add(session: &mut Session, request: &[u8], words: &str) -> Result<bool, Failure> {
    let asked = session.together(|acts| acts.read_request(request))?;
    if normalise(words) != normalise(&asked.check_words.join(" ")) {
        return Err(Failure::new("words-differ", "these are not the words of the device that asks"));
    }
    let device = session.together(|acts| acts.add_requested(request))?;
    Ok(session.engine().permission().device(device).is_some_and(|(_, state)| state.active))
}

/// Takes a device out for ever; its work up to now stays. Gives whether it is out already.
///
/// # Errors
/// [`Failure`] `this-device`.
pub fn remove(session: &mut Session, device: &str) -> Result<bool, Failure> {
    let device: DeviceId = id(device)?;
    if device == session.engine().device() {
        return Err(Failure::new("this-device", "this is the device you are working on"));
    }
    session.work(|engine| engine.remove_device(device))?;
    Ok(session.engine().permission().device(device).is_none_or(|(_, state)| !state.active))
}

/// Reads what several admins must sign.
///
/// # Errors
/// [`Failure`].
pub fn proposals(session: &mut Session) -> Result<Vec<ProposalLine>, Failure> {
    let names = Names::of(session)?;
    proposals_about(session, &names, |_| true)
}

/// Reads proposals of which a change is about something.
pub(crate) fn proposals_about(
    session: &mut Session,
    names: &Names,
    about: impl Fn(&Change) -> bool,
) -> Result<Vec<ProposalLine>, Failure> {
    let me = session.engine().member();
    let charter = session.engine().permission().charter.clone();
    let admins: Vec<MemberId> = charter.powers.admins().collect();
    let links = session.engine().links();
    let lines = links
        .iter()
        .filter(|link| link.changes.iter().any(&about))
        .filter_map(|link| Some((link, charter.pending.get(&link.id())?)));
    Ok(lines
        .map(|(link, pending)| ProposalLine {
            id: link.id().to_string(),
            changes: link.changes.iter().map(|change| words(change, names)).collect(),
            signed: pending.signed.iter().map(|member| names.name(*member)).collect(),
            missing: admins
                .iter()
                .filter(|admin| !pending.signed.contains(admin))
                .map(|admin| names.name(*admin))
                .collect(),
            needed: pending.needed.map(count),
            by_me: pending.signed.contains(&me),
            may_sign: admins.contains(&me) && !pending.signed.contains(&me) && !charter.frozen,
        })
        .collect())
}

/// Signs a proposal; gives whether it counts by now.
///
/// # Errors
/// [`Failure`].
pub fn sign(session: &mut Session, proposal: &str) -> Result<bool, Failure> {
    let link: LinkId = id(proposal)?;
    if !session.engine().permission().charter.pending.contains_key(&link) {
        return Err(Failure::not_found("this proposal"));
    }
    session.work(|engine| engine.sign_link(link))?;
    Ok(session.engine().permission().charter.counted.contains_key(&link))
}

/// The beginning of a relay's key, as people name it.
fn short(key: PublicKey) -> String {
    relays::digits(key)[..8].to_owned()
}

/// A change, as a sentence.
fn words(change: &Change, names: &Names) -> Sentence {
    let said = |code: &str, text: String| Sentence::plain(&format!("change-{code}"), text);
    let roles_of = |given: Roles| -> String {
        let word = |role: &Role| match role {
            Role::Admin => "admin",
            Role::Coordinator => "coordinator",
            Role::Reviewer => "reviewer",
        };
        roles(given).iter().map(word).collect::<Vec<_>>().join(" and ")
    };
    match change {
        Change::Add { member, roles, .. } => {
            let name = names.name(*member);
            let kind = if roles.admin { "add-admin" } else { "add-coordinator" };
            said(kind, format!("{name} becomes {}", roles_of(*roles))).with("name", name)
        }
        Change::Drop { member, roles, .. } => {
            let name = names.name(*member);
            let kind = if roles.admin { "drop-admin" } else { "drop-coordinator" };
            said(kind, format!("{name} is no {} any more", roles_of(*roles))).with("name", name)
        }
        Change::AddDevice { member, .. } => {
            let name = names.name(*member);
            said("add-device", format!("one more device of {name}")).with("name", name)
        }
        Change::DropDevice { .. } => said("drop-device", "a device is taken out".to_owned()),
        Change::AddRelay { key, spare } => {
            let key = short(*key);
            let kind = if *spare { "add-spare-relay" } else { "add-relay" };
            let text = if *spare { "a spare key of a relay" } else { "one more relay" };
            said(kind, format!("{text}: {key}")).with("key", key)
        }
        Change::DropRelay { key } => {
            let key = short(*key);
            said("drop-relay", format!("a relay is taken out: {key}")).with("key", key)
        }
        Change::Set { threshold: Threshold::Remove, count } => {
            said("removal-needs", format!("a removal needs {count} admins")).with("count", count)
        }
        Change::Set { threshold: Threshold::FinalList, count } => {
            said("list-needs", format!("a final list needs {count} signers")).with("count", count)
        }
        Change::AddSigner { member } => {
            let name = names.name(*member);
            said("add-signer", format!("{name} signs final lists")).with("name", name)
        }
        Change::DropSigner { member } => {
            let name = names.name(*member);
            said("drop-signer", format!("{name} signs no final list any more")).with("name", name)
        }
        Change::RaiseSuite { .. } | Change::Set { .. } | Change::Unknown { .. } => {
            said("other", "something of a newer version".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_goes_through_a_link_as_it_was() {
        let file_bytes = b"tessera device pass 1\n\x00\xff\x80 and more";
        assert_eq!(file(&link(file_bytes)).unwrap(), file_bytes);
        assert_eq!(file(&format!("  {}\n", link(file_bytes))).unwrap(), file_bytes);
        assert_eq!(file("tessera://invitation/AAAA"), None);
        assert_eq!(file("tessera://pass/!!"), None);
        assert_eq!(file(&format!("{LINK}{}", "A".repeat(PASS_BYTES * 2 + 1))), None);
    }
}
