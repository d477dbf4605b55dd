//! A programme in memory: keys from fixed seeds, signed packs, and what permission makes of them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ed25519_dalek::{Signer, SigningKey};
use tessera_protocol::charter::{Change, Link, Roles, Threshold};
use tessera_protocol::codec::Wire;
use tessera_protocol::device::{Device, Form, Recipient};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, NONE, PackKind, SUITE};
use tessera_protocol::ids::{
    DeviceId, Incarnation, InvitationId, KeyId, LinkId, MemberId, PackId, ProgrammeId,
};
use tessera_protocol::pack::Pack;
use tessera_protocol::permission::{Permission, Standing, Verdict, Why};
use tessera_protocol::signature::{Context, PublicKey, Signature, signed_bytes};
use tessera_protocol::statement::{Statement, Target};
use tessera_protocol::stream::Stream;

/// A device with its private key. `Key(n)` is the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(pub(crate) u32);

thread_local! {
    /// Devices, made once: a walk through a model asks for them all the time.
    static DEVICES: RefCell<BTreeMap<Key, Device>> = const { RefCell::new(BTreeMap::new()) };
}

impl Key {
    fn signing(self) -> SigningKey {
        SigningKey::from_bytes(&hash("test key", &[&self.0.to_le_bytes()]).0)
    }

    pub(crate) fn public(self) -> PublicKey {
        self.device().signing
    }

    pub(crate) fn device(self) -> Device {
        DEVICES.with_borrow_mut(|made| made.entry(self).or_insert_with(|| self.make()).clone())
    }

    fn make(self) -> Device {
        let key = hash("test recipient", &[&self.0.to_le_bytes()]).0.to_vec().try_into().unwrap();
        let recipients = vec![Recipient { algorithm: Recipient::X25519, key }].try_into().unwrap();
        let signing = PublicKey::from_bytes(&self.signing().verifying_key().to_bytes()).unwrap();
        Device { form: Form::Computer, signing, recipients }
    }

    pub(crate) fn id(self) -> DeviceId {
        self.device().id()
    }

    /// The member whose first device this is.
    pub(crate) fn member(self) -> MemberId {
        self.device().first_member()
    }

    pub(crate) fn sign(self, context: Context, payload: &[u8]) -> Signature {
        Signature(self.signing().sign(&signed_bytes(context, payload)).to_bytes())
    }
}

pub(crate) const ADMIN: Roles = Roles { admin: true, coordinator: false };
pub(crate) const COORDINATOR: Roles = Roles { admin: false, coordinator: true };
pub(crate) const BOTH: Roles = Roles { admin: true, coordinator: true };

pub(crate) fn add(key: Key, roles: Roles) -> Change {
    Change::Add { member: key.member(), roles, devices: vec![key.device()].try_into().unwrap() }
}

pub(crate) fn drop_roles(key: Key, roles: Roles, cut: Frontier) -> Change {
    Change::Drop { member: key.member(), roles, cut }
}

pub(crate) fn removal_threshold(count: u16) -> Change {
    Change::Set { threshold: Threshold::Remove, count }
}

/// A header with nothing in it but its place.
pub(crate) fn header(programme: ProgrammeId, stream: Stream, kind: PackKind, key: Key) -> Header {
    let sealed = matches!(kind, PackKind::Items | PackKind::Archive);
    Header {
        suite: SUITE,
        kind,
        programme,
        stream: stream.id(programme),
        key: KeyId(if sealed { [7; 32] } else { NONE }),
        device: key.id(),
        incarnation: Incarnation([1; 8]),
        number: 1,
        previous: Default::default(),
        seen: None,
        opened: Default::default(),
        closed: Default::default(),
        recipients: (kind == PackKind::Welcome).then_some(Hash([8; 32])),
        padded_bytes: 0,
        content_root: Hash(NONE),
        body: Hash(NONE),
    }
}

pub(crate) fn seal(mut header: Header, body: Vec<u8>, key: Key) -> Pack {
    header.padded_bytes = u32::try_from(body.len()).unwrap();
    header.body = hash("body", &[&body]);
    let signature = key.sign(Context::Pack, &header.to_bytes());
    Pack::new(header, signature, body).unwrap()
}

/// Where a device's public chain ends.
#[derive(Debug, Clone, Default)]
struct Tip {
    number: u64,
    previous: Option<PackId>,
}

/// The public packs of one programme.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) programme: ProgrammeId,
    pub(crate) genesis: LinkId,
    pub(crate) packs: Vec<Pack>,
    tips: BTreeMap<Key, Tip>,
}

impl World {
    /// A programme whose genesis makes these changes, signed by these keys.
    pub(crate) fn found(changes: Vec<Change>, signers: &[Key]) -> Self {
        let genesis = Link {
            parents: Default::default(),
            nonce: [9; 16],
            demo: true,
            changes: changes.try_into().unwrap(),
        };
        let mut world = Self {
            programme: genesis.programme(),
            genesis: genesis.id(),
            packs: Vec::new(),
            tips: BTreeMap::new(),
        };
        world.sign(&genesis, signers);
        world
    }

    /// Admins 1 to `admins`, coordinators 11 and 12.
    pub(crate) fn usual(admins: u32) -> Self {
        let admins: Vec<Key> = (1..=admins).map(Key).collect();
        let mut changes: Vec<Change> = admins.iter().map(|key| add(*key, ADMIN)).collect();
        changes.extend([add(Key(11), COORDINATOR), add(Key(12), COORDINATOR)]);
        Self::found(changes, &admins)
    }

    /// Appends a pack to the device's public chain.
    pub(crate) fn publish(&mut self, key: Key, kind: PackKind, body: Vec<u8>) -> PackId {
        let tip = self.tips.get(&key).cloned().unwrap_or_default();
        let mut header = header(self.programme, Stream::Public, kind, key);
        header.number = tip.number + 1;
        header.previous =
            tip.previous.into_iter().collect::<std::collections::BTreeSet<_>>().try_into().unwrap();
        let pack = seal(header, body, key);
        let id = pack.id();
        self.tips.insert(key, Tip { number: tip.number + 1, previous: Some(id) });
        self.packs.push(pack);
        id
    }

    pub(crate) fn state(&mut self, key: Key, statement: &Statement) -> PackId {
        self.publish(key, PackKind::Statement, statement.to_bytes())
    }

    pub(crate) fn sign(&mut self, link: &Link, signers: &[Key]) -> LinkId {
        for key in signers {
            self.publish(*key, PackKind::Link, link.to_bytes());
        }
        link.id()
    }

    /// A link on these parents, signed.
    pub(crate) fn link(&mut self, parents: &[LinkId], changes: Vec<Change>, signers: &[Key]) -> LinkId {
        self.sign(&link(parents, changes), signers)
    }

    /// The device's chain goes on from an earlier pack, as after a restore.
    pub(crate) fn rewind(&mut self, key: Key, to: Option<PackId>) {
        let number =
            to.map_or(0, |id| self.packs.iter().find(|pack| pack.id() == id).unwrap().header().number);
        self.tips.insert(key, Tip { number, previous: to });
    }

    /// What of these devices' public chains is known.
    pub(crate) fn cut(&self, keys: &[Key]) -> Frontier {
        let mut cut = Frontier::default();
        for key in keys {
            if let Some(tip) = self.tips.get(key).and_then(|tip| tip.previous) {
                cut.insert((Stream::Public.id(self.programme), key.id()), tip);
            }
        }
        cut
    }

    pub(crate) fn invite(&mut self, by: Key, number: u8) -> PackId {
        let commitment = hash("invitation nonce", &[&[number; 32]]);
        self.state(by, &Statement::Invite { invitation: InvitationId([number; 16]), commitment })
    }

    pub(crate) fn admit(&mut self, by: Key, number: u8, who: Key) -> PackId {
        let invitation = InvitationId([number; 16]);
        self.state(by, &Statement::Admit { invitation, device: who.device(), nonce: [number; 32] })
    }

    /// Invites and admits in one go; the invitation has the number of the key.
    pub(crate) fn enrol(&mut self, by: Key, who: Key) {
        let number = u8::try_from(who.0).unwrap();
        self.invite(by, number);
        self.admit(by, number, who);
    }

    pub(crate) fn add_device(&mut self, by: Key, member: Key, device: Key) -> PackId {
        self.state(by, &Statement::AddDevice { member: member.member(), device: device.device() })
    }

    pub(crate) fn remove(&mut self, by: Key, who: Key, cut: Frontier) -> PackId {
        self.state(by, &Statement::Remove { member: who.member(), cut })
    }

    pub(crate) fn remove_device(&mut self, by: Key, device: Key, cut: Frontier, keep: &[Key]) -> PackId {
        let keep: std::collections::BTreeSet<_> = keep.iter().map(|key| key.id()).collect();
        let keep = keep.try_into().unwrap();
        self.state(by, &Statement::RemoveDevice { device: device.id(), cut, keep })
    }

    pub(crate) fn suspend(&mut self, by: Key, who: Key, cut: Frontier) -> PackId {
        self.state(by, &Statement::Suspend { target: Target::Member(who.member()), cut })
    }

    pub(crate) fn lift(&mut self, by: Key, suspension: PackId) -> PackId {
        self.state(by, &Statement::Lift { suspension })
    }

    pub(crate) fn permission(&self) -> Permission {
        Permission::gather(self.programme, self.packs.clone()).0
    }

    /// What both know together.
    pub(crate) fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        union.packs.extend(other.packs.iter().cloned());
        union
    }
}

pub(crate) fn link(parents: &[LinkId], changes: Vec<Change>) -> Link {
    let parents: std::collections::BTreeSet<LinkId> = parents.iter().copied().collect();
    Link {
        parents: parents.try_into().unwrap(),
        nonce: [9; 16],
        demo: false,
        changes: changes.try_into().unwrap(),
    }
}

/// The member's standing; `None` where it never belonged.
pub(crate) fn standing(permission: &Permission, key: Key) -> Option<Standing> {
    permission.members.get(&key.member()).map(|state| state.standing)
}

pub(crate) fn is_active(permission: &Permission, device: Key) -> bool {
    permission.device(device.id()).is_some_and(|(_, state)| state.active)
}

pub(crate) fn verdict(permission: &Permission, pack: PackId) -> Verdict {
    permission.verdicts[&pack]
}

pub(crate) fn ignored(why: Why) -> Verdict {
    Verdict::Ignored(why)
}

pub(crate) use tessera_protocol::permission::Verdict::Counted;
