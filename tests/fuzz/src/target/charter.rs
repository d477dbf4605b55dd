//! Charter and statements, signed by whoever likes: permission follows from the set alone.
//!
//! The input is a list of packs: signer (one byte), builds on (one byte, a bit for each of the first eight links), kind
//! (one byte), length (two bytes), body. The first link without parents founds the programme.

use std::collections::BTreeMap;

use tessera_protocol::charter::{Change, Link, Roles, Threshold};
use tessera_protocol::codec::Wire;
use tessera_protocol::device::{Device, Form, Recipient};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, NONE, PackKind, SUITE};
use tessera_protocol::ids::{Incarnation, InvitationId, KeyId, LinkId, PackId, ProgrammeId};
use tessera_protocol::permission::{Act, Permission, PublicPack};
use tessera_protocol::statement::{Statement, Target};
use tessera_protocol::stream::Stream;

use crate::forge;

/// People whose devices may sign.
const PEOPLE: u8 = 8;
const PACKS: usize = 48;

/// The device of somebody.
fn device(number: u8) -> Device {
    let key = [number + 100; 32].to_vec().try_into().expect("32 bytes fit");
    let recipients = vec![Recipient { algorithm: Recipient::X25519, key }];
    Device {
        form: Form::Computer,
        signing: forge::public(&forge::key(number)),
        recipients: recipients.try_into().expect("one fits"),
    }
}

/// A pack as the input says it.
struct Said {
    signer: u8,
    link: bool,
    number: u64,
    act: Act,
}

pub(crate) fn feed(bytes: &[u8]) {
    let said = read(bytes);
    let first = said.iter().find_map(|one| match &one.act {
        Act::Link(link) if link.parents.is_empty() => Some(link.programme()),
        _ => None,
    });
    let Some(programme) = first else { return };
    let packs = packs(programme, said);
    let permission = Permission::derive(programme, &packs);
    let again = Permission::derive(programme, packs.iter().rev().chain(&packs));
    assert!(permission == again, "the order or a double decides");
    for pack in &packs {
        assert!(permission.verdicts.contains_key(&pack.id), "a pack without a verdict");
    }
    for (member, state) in permission.active_members() {
        assert!(permission.is_admin(member) == state.roles.admin);
        for device in state.devices.keys() {
            assert_eq!(permission.device(*device).map(|(owner, _)| owner), Some(member), "two owners");
        }
    }
}

fn read(mut bytes: &[u8]) -> Vec<Said> {
    let mut links: Vec<LinkId> = Vec::new();
    let mut said = Vec::new();
    let mut numbers: BTreeMap<u8, u64> = BTreeMap::new();
    while let Some((&[signer, parents, kind, low, high], rest)) = bytes.split_first_chunk::<5>() {
        let length = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
        let (body, rest) = rest.split_at(length);
        bytes = rest;
        let signer = signer % PEOPLE;
        let act = match kind % 4 {
            0 => Link::from_bytes(body).map_or(Act::Malformed, |mut link| {
                if !links.is_empty() {
                    let named = (0..8).filter(|bit| parents & (1 << bit) != 0);
                    let named: std::collections::BTreeSet<_> =
                        named.filter_map(|at| links.get(at)).copied().collect();
                    link.parents = named.try_into().unwrap_or_default();
                }
                links.push(link.id());
                Act::Link(link)
            }),
            3 => Act::Unknown,
            _ => Statement::from_bytes(body).map_or(Act::Malformed, Act::Statement),
        };
        // Now and then a number is used twice or left out.
        let number = numbers.entry(signer).or_default();
        *number += u64::from(kind / 4 % 8 != 7) + u64::from(kind / 4 % 8 == 6);
        let link = matches!(act, Act::Link(_));
        said.push(Said { signer, link, number: *number, act });
        if said.len() == PACKS {
            break;
        }
    }
    said
}

fn packs(programme: ProgrammeId, said: Vec<Said>) -> Vec<PublicPack> {
    let mut tips: BTreeMap<u8, PackId> = BTreeMap::new();
    let mut packs = Vec::new();
    for Said { signer, link, number, act } in said {
        let kind = match (&act, link) {
            (Act::Unknown, _) => PackKind::Unknown(77),
            (_, true) => PackKind::Link,
            (_, false) => PackKind::Statement,
        };
        let body = match &act {
            Act::Link(link) => link.to_bytes(),
            Act::Statement(statement) => statement.to_bytes(),
            _ => Vec::new(),
        };
        let previous: std::collections::BTreeSet<_> = tips.get(&signer).copied().into_iter().collect();
        let header = Header {
            suite: SUITE,
            kind,
            programme,
            stream: Stream::Public.id(programme),
            key: KeyId(NONE),
            device: device(signer).id(),
            incarnation: Incarnation([1; 8]),
            number,
            previous: previous.try_into().unwrap_or_default(),
            seen: None,
            opened: Default::default(),
            closed: Default::default(),
            recipients: None,
            padded_bytes: u32::try_from(body.len()).unwrap_or(u32::MAX),
            content_root: Hash(NONE),
            body: hash("body", &[&body]),
        };
        let id = header.id();
        tips.insert(signer, id);
        packs.push(PublicPack { id, header, act });
    }
    packs
}

/// Real charters and statements in the input's form: one admin, and three of whom two change it.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let admin = Roles { admin: true, coordinator: false };
    let genesis = |admins: u8| {
        let mut changes: Vec<Change> = (0..admins).map(|number| add(number, admin)).collect();
        changes.push(add(3, Roles { admin: false, coordinator: true }));
        link(changes)
    };
    let member = |number| device(number).first_member();
    let invitation = InvitationId([1; 16]);
    let nonce = [9; 32];
    let statements = [
        Statement::Invite { invitation, commitment: hash("invitation nonce", &[&nonce]) },
        Statement::Admit { invitation, device: device(5), nonce },
        Statement::AddDevice { member: member(5), device: device(6) },
        Statement::Suspend { target: Target::Member(member(5)), cut: Frontier::default() },
        Statement::Lift { suspension: PackId([7; 32]) },
        Statement::Remove { member: member(5), cut: Frontier::default() },
    ];
    let mut alone = said(0, 0, 0, &genesis(1).to_bytes());
    for (signer, statement) in [0, 0, 0, 0, 0, 3].into_iter().zip(&statements) {
        alone.extend(said(signer, 0, 1, &statement.to_bytes()));
    }
    let change = link(vec![
        Change::Set { threshold: Threshold::Remove, count: 2 },
        Change::Drop { member: member(2), roles: admin, cut: Frontier::default() },
        add(4, admin),
    ]);
    let mut three = Vec::new();
    for signer in 0..3 {
        three.extend(said(signer, 0, 0, &genesis(3).to_bytes()));
    }
    for signer in 0..2 {
        three.extend(said(signer, 1, 0, &change.to_bytes()));
        three.extend(said(signer, 0, 1, &statements[5].to_bytes()));
    }
    let many = statements
        .iter()
        .map(|one| [said(0, 0, 0, &genesis(2).to_bytes()), said(1, 0, 1, &one.to_bytes())].concat());
    [alone, three].into_iter().chain(many).collect()
}

fn link(changes: Vec<Change>) -> Link {
    let changes = changes.try_into().expect("a few fit");
    Link { parents: Default::default(), nonce: [9; 16], demo: true, changes }
}

fn said(signer: u8, parents: u8, kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes();
    [&[signer, parents, kind, length[0], length[1]], body].concat()
}

fn add(number: u8, roles: Roles) -> Change {
    let device = device(number);
    let member = device.first_member();
    Change::Add { member, roles, devices: vec![device].try_into().expect("one fits") }
}
