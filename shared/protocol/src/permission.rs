//! Who may do what: a pure function of the set of public packs. Whoever has the same set reaches the same
//! answer, in any order and with any duplicates; nothing here depends on a relay, a clock or a log.
//!
//! Not here: what a relay takes and gives ([`crate::access`]), and what becomes of sealed work under a cut
//! (the engine's quarantine).
//!
//! # The charter
//!
//! The *genesis* is the link without parents whose id begins with the programme's id. It counts when a
//! majority of the admins that it names itself signed it. A link is *signed* by an admin where a pack with
//! that body by one of the admin's charter devices exists; it is *completed* when a majority of the admins
//! signed it whom the links that it builds on give. The walk starts at the level {genesis}:
//!
//! - *Siblings* are the completed links that name exactly the level. They count all together: what is taken
//!   beats what is given and is gone for ever, of several thresholds the highest counts, the suite floor
//!   only rises, cuts unite.
//! - *Builders* are completed links that name some of the siblings. Where all builders name the same ones,
//!   these become the level, and siblings left out are void: nothing hidden comes back later.
//! - Where builders name different ones, the charter is *frozen* at all siblings together; likewise where no
//!   admin is left. Other work goes on.
//!
//! A change gives roles to a member whose id follows from the first device given, or that the charter knows
//! already, or that some admission names; any other has no effect and is recorded.
//!
//! # Statements
//!
//! Statements are a set in layers: charter > admins > coordinators > a member's own devices. Each is judged
//! only by the layers above it. Admins invite, admit, suspend, lift, remove, add a device to anybody who
//! is no admin, and remove one; coordinators invite, admit, close, erase, put forward final lists; a
//! member's devices add and remove devices of the same member. Admins have no power over admins: only
//! the charter has. Only devices that the charter names act with a role.
//!
//! - *Removing* a member needs as many different admins as the charter says, at least one, at most all. It is
//!   final. A *suspension* is a removal that a lift by any admin undoes.
//! - With a member go all its devices. With a device go those that only it added, unless every removal of it
//!   keeps them; a device that something else holds up stays.
//! - An *admission* counts where a counting invitation committed to its nonce. Two members admitted on one
//!   invitation are both suspended until all but one are removed; the charter's people are not.
//! - A *cut* says what of a removed signer's work is accepted: the ancestors of its tips in the signer's
//!   own chain; of several cuts the union. Statements outside have no effect. A statement that adds a device
//!   counts all the same where every removal keeps that device.
//! - *Doubled* statements (one device, incarnation and number) end the power of that device to state
//!   anything from that number on. Of one device the first 4,096 count, by number, then id. Both rules look
//!   only at what lies inside the cut, so that a stolen key cannot undo what its owner did.
//! - A device belongs to one member: by the charter, else by its admission, else by an admin's word, else by
//!   another device of the member. Where two members claim one on the same footing it is neither's.
//! - A later kind of change, or of statement or pack by an admin or coordinator, or a suite that is too new,
//!   makes a device *read-only* ([`Permission::unjudged`]); what is known is judged all the same. A plain
//!   member can make nobody read-only.

mod chain;
pub mod charter;
pub mod gather;
mod hit;
mod household;
mod judge;
pub mod member;
pub mod powers;
pub mod public;
pub mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use tessera_defence::{defence, defended};

use crate::frontier::Frontier;
use crate::header::SUITE;
use crate::ids::{DeviceId, InvitationId, LinkId, MemberId, PackId, ProgrammeId, RoundId};
use crate::signature::PublicKey;
use crate::statement::Statement;
use crate::stream::Stream;

pub use chain::Doubled;
pub use charter::{Charter, Pending};
pub use gather::Gathering;
pub use judge::{Erased, FinalList};
pub use member::{AddedBy, DeviceState, InvitationState, MemberState, Progress, Standing};
pub use powers::{Fault, Lost, Named, Powers};
pub use public::{Act, PublicPack};
pub use verdict::{Unjudged, Verdict, Why};

use chain::Chains;
use charter::{Links, Signed};
use judge::Judge;

/// Who may do what in one programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// The programme.
    pub programme: ProgrammeId,
    /// The charter.
    pub charter: Charter,
    /// Everybody who ever belonged.
    pub members: BTreeMap<MemberId, MemberState>,
    /// Invitations that count.
    pub invitations: BTreeMap<InvitationId, InvitationState>,
    /// What came in time, by round; several closes of a round unite.
    pub closes: BTreeMap<RoundId, Frontier>,
    /// Final lists that coordinators put forward, by pack.
    pub final_lists: BTreeMap<PackId, FinalList>,
    /// What is erased.
    pub erased: Erased,
    /// What became of every pack.
    pub verdicts: BTreeMap<PackId, Verdict>,
    /// What this version cannot judge: while there is any, a device writes nothing.
    pub unjudged: BTreeSet<Unjudged>,
    /// Proofs that a device signed two statements with one number.
    pub doubled: BTreeSet<Doubled>,
    owners: BTreeMap<DeviceId, MemberId>,
}

impl Permission {
    /// Derives permission from the public packs of a programme.
    #[must_use]
    pub fn derive<'a>(programme: ProgrammeId, public: impl IntoIterator<Item = &'a PublicPack>) -> Self {
        let (chains, misplaced) = Chains::new(programme, public);
        let links = links(&chains);
        let charter = charter::walk(programme, &links, &ever_admitted(&chains));
        let mut judge = Judge::new(&chains, &charter.powers);
        let settled = household::settle(&chains, &charter.powers, &mut judge);
        let mut unjudged = std::mem::take(&mut judge.unjudged);
        unjudged.extend(unjudged_charter(&charter));
        let mut verdicts = judge.verdicts;
        verdicts.extend(misplaced.into_iter().map(|(pack, why)| (pack, Verdict::Ignored(why))));
        for pack in chains.packs() {
            let verdict = match &pack.act {
                Act::Link(link) => link_verdict(&charter, link.id(), pack.header.device),
                Act::Unknown => Verdict::Ignored(Why::UnknownKind),
                Act::Malformed => Verdict::Ignored(Why::Malformed),
                Act::Statement(_) => Verdict::Ignored(Why::NoAuthority),
            };
            verdicts.entry(pack.id).or_insert(verdict);
        }
        let devices = |(member, state): (&MemberId, &MemberState)| {
            state.devices.keys().map(|device| (*device, *member)).collect::<Vec<_>>()
        };
        Self {
            programme,
            owners: settled.members.iter().flat_map(devices).collect(),
            members: settled.members,
            invitations: settled.invitations,
            closes: judge.closes,
            final_lists: judge.final_lists,
            erased: judge.erased,
            verdicts,
            unjudged,
            doubled: chains.doubled(),
            charter,
        }
    }

    /// True where something came that this version cannot judge.
    #[must_use]
    pub fn read_only(&self) -> bool {
        !defence!(F14, self.unjudged.is_empty())
    }

    /// Whose a device is, and its state.
    #[must_use]
    pub fn device(&self, device: DeviceId) -> Option<(MemberId, &DeviceState)> {
        let member = *self.owners.get(&device)?;
        Some((member, self.members.get(&member)?.devices.get(&device)?))
    }

    /// The key that checks a device's signatures, also of one that is out.
    #[must_use]
    pub fn signing_key(&self, device: DeviceId) -> Option<&PublicKey> {
        self.device(device).map(|(_, state)| &state.device.signing)
    }

    /// True for an active coordinator.
    #[must_use]
    pub fn is_coordinator(&self, member: MemberId) -> bool {
        self.active(member).is_some_and(|state| state.roles.coordinator)
    }

    /// True for an admin.
    #[must_use]
    pub fn is_admin(&self, member: MemberId) -> bool {
        self.active(member).is_some_and(|state| state.roles.admin)
    }

    /// The members that belong.
    pub fn active_members(&self) -> impl Iterator<Item = (MemberId, &MemberState)> {
        let members = self.members.iter().map(|(member, state)| (*member, state));
        members.filter(|(_, state)| state.standing == Standing::Active)
    }

    /// The devices that act as coordinators'.
    pub fn coordinators_devices(&self) -> impl Iterator<Item = (DeviceId, MemberId, &DeviceState)> {
        let devices = self.members.iter().flat_map(|(member, state)| {
            state.devices.iter().map(|(device, state)| (*device, *member, state))
        });
        devices.filter(|(_, _, state)| state.roles.coordinator)
    }

    /// What of a device's work is accepted; `None` where nothing is cut.
    #[must_use]
    pub fn cut(&self, device: DeviceId) -> Option<&Frontier> {
        self.device(device)?.1.cut.as_ref()
    }

    /// The same for one stream: what coordinators share has a cut of its own where only that role was lost.
    #[must_use]
    pub fn cut_in(&self, device: DeviceId, stream: Stream) -> Option<&Frontier> {
        let state = self.device(device)?.1;
        match stream {
            Stream::Programme | Stream::To(_) | Stream::Other(_) => {
                state.shared_cut.as_ref().or(state.cut.as_ref())
            }
            Stream::Public | Stream::Intake | Stream::Reviews(_) | Stream::Desk(_) => state.cut.as_ref(),
        }
    }

    /// True where something is drawn through chains: a round is closed, or somebody was taken out.
    #[must_use]
    pub fn draws_lines(&self) -> bool {
        let cut = |state: &MemberState| {
            state.devices.values().any(|device| device.cut.is_some() || device.shared_cut.is_some())
        };
        !self.closes.is_empty() || self.members.values().any(cut)
    }

    fn active(&self, member: MemberId) -> Option<&MemberState> {
        self.members.get(&member).filter(|state| state.standing == Standing::Active)
    }
}

/// The links with the devices that signed each.
fn links<'a>(chains: &Chains<'a>) -> Links<'a> {
    let mut links = Links::new();
    for pack in chains.packs() {
        if let Act::Link(link) = &pack.act {
            let signed = links.entry(link.id()).or_insert(Signed { link, devices: BTreeSet::new() });
            // By whatever road a signature came: no order and no relay decides which count.
            if defended!(G22) || signed.devices.is_empty() {
                signed.devices.insert(pack.header.device);
            }
        }
    }
    links
}

/// Members that any admission names. Their ids follow from the admitted keys, so naming is no claim.
fn ever_admitted(chains: &Chains<'_>) -> BTreeSet<MemberId> {
    let admitted = |pack: &PublicPack| match &pack.act {
        Act::Statement(Statement::Admit { device, .. }) => Some(device.first_member()),
        _ => None,
    };
    chains.packs().filter_map(admitted).collect()
}

fn unjudged_charter(charter: &Charter) -> impl Iterator<Item = Unjudged> + '_ {
    let unknown = |faults: &BTreeSet<Fault>| faults.iter().any(|fault| matches!(fault, Fault::Unknown(_)));
    let changes = charter.faults.iter().filter(move |(_, faults)| unknown(faults));
    let floor = Some(charter.powers.suite_floor).filter(|floor| *floor > SUITE);
    changes.map(|(link, _)| Unjudged::Change(*link)).chain(floor.map(Unjudged::Suite))
}

fn link_verdict(charter: &Charter, link: LinkId, device: DeviceId) -> Verdict {
    let signer = charter.powers.devices.get(&device).map(|named| named.member);
    if let Some(signed) = charter.counted.get(&link) {
        let counts = signer.is_some_and(|signer| signed.contains(&signer));
        return if counts { Verdict::Counted } else { Verdict::Ignored(Why::NoAuthority) };
    }
    Verdict::Ignored(match charter.pending.get(&link) {
        _ if charter.void.contains(&link) => Why::Void,
        Some(Pending { signed, needed: Some(needed) }) => {
            Why::TooFew { signed: signed.len(), needed: *needed }
        }
        _ => Why::NotReached,
    })
}
