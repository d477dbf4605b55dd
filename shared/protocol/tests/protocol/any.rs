//! Values of every structure, by chance.

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use tessera_protocol::access::{Classes, Refusal};
use tessera_protocol::bundle::{BundleHead, Entry, Witness};
use tessera_protocol::charter::{Change, Link, Roles, Threshold};
use tessera_protocol::codec::{Bytes, List, Set};
use tessera_protocol::device::{Device, Form, Recipient};
use tessera_protocol::exchange::{
    AnswerHead, Authorisation, Caller, Cursor, NothingNew, Pulled, Request, RequestHead, Segment,
    SignedAnswer,
};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, NONE, Opening, PackKind, Position};
use tessera_protocol::ids::{
    AttachmentId, DeviceId, Incarnation, InvitationId, KeyId, LinkId, MemberId, PackId, ProgrammeId, RoundId,
    StreamId,
};
use tessera_protocol::limits;
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::Receipt;
use tessera_protocol::signature::Signature;
use tessera_protocol::statement::{Ballot, Statement, Target};

use super::kit::Key;

macro_rules! ids {
    ($($name:ident: $id:ident($length:literal);)*) => {$(
        fn $name() -> impl Strategy<Value = $id> + Clone { any::<[u8; $length]>().prop_map($id) }
    )*};
}
ids! {
    programme: ProgrammeId(16);
    member: MemberId(16);
    device_id: DeviceId(16);
    stream: StreamId(16);
    invitation: InvitationId(16);
    round: RoundId(16);
    incarnation: Incarnation(8);
    pack_id: PackId(32);
    link_id: LinkId(32);
    key_id: KeyId(32);
    attachment_id: AttachmentId(32);
    any_hash: Hash(32);
}

fn signature() -> impl Strategy<Value = Signature> {
    vec(any::<u8>(), 64).prop_map(|bytes| Signature(bytes.try_into().unwrap()))
}

fn list<T: std::fmt::Debug, const MAX: usize>(
    of: impl Strategy<Value = T>,
    most: usize,
) -> impl Strategy<Value = List<T, MAX>> {
    vec(of, 0..=most).prop_map(|values| values.try_into().unwrap())
}

fn set<T: Ord + std::fmt::Debug, const MAX: usize>(
    of: impl Strategy<Value = T>,
    most: usize,
) -> impl Strategy<Value = Set<T, MAX>> {
    btree_set(of, 0..=most).prop_map(|values| values.try_into().unwrap())
}

fn bytes<const MAX: usize>(most: usize) -> impl Strategy<Value = Bytes<MAX>> {
    vec(any::<u8>(), 0..=most).prop_map(|values| values.try_into().unwrap())
}

fn position() -> impl Strategy<Value = Position> {
    (incarnation(), any::<u64>(), any_hash()).prop_map(|(incarnation, sequence, head)| Position {
        incarnation,
        sequence,
        head,
    })
}

pub(crate) fn frontier() -> impl Strategy<Value = Frontier> {
    vec((stream(), device_id(), btree_set(pack_id(), 1..4)), 0..4).prop_map(|chains| {
        let mut frontier = Frontier::default();
        for (stream, device, tips) in chains {
            tips.into_iter().for_each(|tip| frontier.insert((stream, device), tip));
        }
        frontier
    })
}

fn recipient() -> impl Strategy<Value = Recipient> {
    (any::<u8>(), bytes(100)).prop_map(|(algorithm, key)| Recipient { algorithm, key })
}

pub(crate) fn device() -> impl Strategy<Value = Device> {
    let recipients = list(recipient(), limits::RECIPIENTS_PER_DEVICE);
    (any::<bool>(), 0_u32..1000, recipients).prop_map(|(paper, key, recipients)| Device {
        form: if paper { Form::Paper } else { Form::Computer },
        signing: Key(key).public(),
        recipients,
    })
}

fn opening() -> impl Strategy<Value = Opening> {
    (stream(), set(pack_id(), 3)).prop_map(|(stream, despite)| Opening { stream, despite })
}

fn kind() -> impl Strategy<Value = PackKind> {
    prop_oneof![
        Just(PackKind::Items),
        Just(PackKind::Welcome),
        Just(PackKind::Link),
        Just(PackKind::Statement),
        Just(PackKind::Archive),
        Just(PackKind::Unknown(0)),
        (6_u8..).prop_map(PackKind::Unknown),
    ]
}

prop_compose! {
    pub(crate) fn header()(
        (suite, kind, programme, stream) in (any::<u8>(), kind(), programme(), stream()),
        (key, device, incarnation) in (key_id(), device_id(), incarnation()),
        (number, previous) in (2_u64.., btree_set(pack_id(), 0..4)),
        (seen, opened, closed) in (option::of(position()), list(opening(), 3), set(stream(), 3)),
        (recipients, padded_bytes) in (any_hash(), 0..=u32::try_from(limits::BODY_BYTES).unwrap()),
        (content_root, body) in (any_hash(), any_hash()),
    ) -> Header {
        let clear = matches!(kind, PackKind::Link | PackKind::Statement | PackKind::Welcome);
        Header {
            suite,
            kind,
            programme,
            stream,
            key: if clear { KeyId(NONE) } else { key },
            device,
            incarnation,
            number: if previous.is_empty() { 1 } else { number },
            previous: previous.try_into().unwrap(),
            seen,
            opened,
            closed,
            recipients: (kind == PackKind::Welcome).then_some(recipients),
            padded_bytes,
            content_root: if clear { Hash(NONE) } else { content_root },
            body,
        }
    }
}

pub(crate) fn pack() -> impl Strategy<Value = Pack> {
    (header(), signature(), vec(any::<u8>(), 0..200)).prop_map(|(mut header, signature, body)| {
        header.body = hash("body", &[&body]);
        Pack::new(header, signature, body).unwrap()
    })
}

fn roles() -> impl Strategy<Value = Roles> {
    any::<(bool, bool)>().prop_map(|(admin, coordinator)| Roles { admin, coordinator })
}

fn threshold() -> impl Strategy<Value = Threshold> {
    prop_oneof![Just(Threshold::Remove), Just(Threshold::FinalList), (3_u8..).prop_map(Threshold::Unknown),]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (member(), roles(), list(device(), 2)).prop_map(|(member, roles, devices)| Change::Add {
            member,
            roles,
            devices
        }),
        (member(), roles(), frontier()).prop_map(|(member, roles, cut)| Change::Drop { member, roles, cut }),
        (member(), device()).prop_map(|(member, device)| Change::AddDevice { member, device }),
        (device_id(), frontier()).prop_map(|(device, cut)| Change::DropDevice { device, cut }),
        (device(), any::<bool>()).prop_map(|(of, spare)| Change::AddRelay { key: of.signing, spare }),
        device().prop_map(|of| Change::DropRelay { key: of.signing }),
        (threshold(), any::<u16>()).prop_map(|(threshold, count)| Change::Set { threshold, count }),
        member().prop_map(|member| Change::AddSigner { member }),
        member().prop_map(|member| Change::DropSigner { member }),
        any::<u8>().prop_map(|floor| Change::RaiseSuite { floor }),
        (11_u8.., bytes(50)).prop_map(|(code, body)| Change::Unknown { code, body }),
    ]
}

pub(crate) fn link() -> impl Strategy<Value = Link> {
    (set(link_id(), 3), any::<[u8; 16]>(), any::<bool>(), list(change(), 4))
        .prop_map(|(parents, nonce, demo, changes)| Link { parents, nonce, demo, changes })
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![member().prop_map(Target::Member), device_id().prop_map(Target::Device)]
}

fn ballot() -> impl Strategy<Value = Ballot> {
    (device_id(), signature()).prop_map(|(device, signature)| Ballot { device, signature })
}

pub(crate) fn statement() -> impl Strategy<Value = Statement> {
    prop_oneof![
        (invitation(), any_hash())
            .prop_map(|(invitation, commitment)| Statement::Invite { invitation, commitment }),
        (invitation(), device(), any::<[u8; 32]>())
            .prop_map(|(invitation, device, nonce)| Statement::Admit { invitation, device, nonce }),
        (target(), frontier()).prop_map(|(target, cut)| Statement::Suspend { target, cut }),
        pack_id().prop_map(|suspension| Statement::Lift { suspension }),
        (member(), frontier()).prop_map(|(member, cut)| Statement::Remove { member, cut }),
        (member(), device()).prop_map(|(member, device)| Statement::AddDevice { member, device }),
        (device_id(), frontier(), set(device_id(), 3))
            .prop_map(|(device, cut, keep)| Statement::RemoveDevice { device, cut, keep }),
        (round(), frontier()).prop_map(|(round, frontier)| Statement::Close { round, frontier }),
        (any_hash(), option::of(pack_id()), device_id(), list(ballot(), 2)).prop_map(
            |(list, predecessor, holder, ballots)| Statement::FinalList {
                list,
                predecessor,
                holder,
                ballots
            }
        ),
        (set(stream(), 3), set(attachment_id(), 3))
            .prop_map(|(streams, attachments)| Statement::Erase { streams, attachments }),
        (11_u8.., bytes(50)).prop_map(|(code, body)| Statement::Unknown { code, body }),
    ]
}

pub(crate) fn receipt() -> impl Strategy<Value = Receipt> {
    let fields = (programme(), incarnation(), any::<u64>(), pack_id(), any::<u64>(), any_hash(), signature());
    fields.prop_map(|(programme, incarnation, sequence, pack, received_ms, head, signature)| Receipt {
        programme,
        incarnation,
        sequence,
        pack,
        received_ms,
        head,
        signature,
    })
}

fn caller() -> impl Strategy<Value = Caller> {
    (programme(), device_id(), incarnation(), any::<u64>()).prop_map(
        |(programme, device, incarnation, counter)| Caller { programme, device, incarnation, counter },
    )
}

fn cursor() -> impl Strategy<Value = Cursor> {
    (incarnation(), any::<u64>(), any::<[u8; 16]>(), bytes(limits::PROGRESS_BYTES))
        .prop_map(|(incarnation, sequence, head, progress)| Cursor { incarnation, sequence, head, progress })
}

fn classes() -> impl Strategy<Value = Classes> {
    (0_u8..64).prop_map(Classes)
}

prop_compose! {
    pub(crate) fn request()(
        (caller, cursor, budget_bytes, wanted) in (caller(), cursor(), any::<u64>(), classes()),
        (have, asked) in (option::of(frontier()), list(pack_id(), 3)),
        packs in 0..=u32::try_from(limits::PACKS_PER_REQUEST).unwrap(),
        pack_bytes in 0..=limits::REQUEST_BYTES as u64,
        signature in signature(),
    ) -> Request {
        let head = RequestHead { caller, cursor, budget_bytes, wanted, have, asked, packs, pack_bytes };
        Request { head, signature }
    }
}

fn refusal() -> impl Strategy<Value = Refusal> {
    prop::sample::select(Refusal::ALL)
}

prop_compose! {
    pub(crate) fn answer()(
        (request, newest, cursor_known) in (any_hash(), position(), any::<bool>()),
        receipts in list(receipt(), 3),
        refused in list((pack_id(), refusal()), 3),
        frontier in option::of(frontier()),
        (announced_packs, announced_bytes, left_packs, left_bytes) in any::<(u64, u64, u64, u64)>(),
        signature in signature(),
    ) -> SignedAnswer {
        let head = AnswerHead {
            request, newest, cursor_known, receipts, refused, frontier,
            announced_packs, announced_bytes, left_packs, left_bytes,
        };
        SignedAnswer { head, signature }
    }
}

pub(crate) fn nothing_new() -> impl Strategy<Value = NothingNew> {
    (position(), signature()).prop_map(|(newest, signature)| NothingNew { newest, signature })
}

fn pulled() -> impl Strategy<Value = Pulled> {
    (any::<u64>(), any::<u64>(), pack()).prop_map(|(sequence, received_ms, pack)| Pulled {
        sequence,
        received_ms,
        pack,
    })
}

pub(crate) fn segment() -> impl Strategy<Value = Segment> {
    (any::<u32>(), any::<bool>(), cursor(), list(pulled(), 3), signature()).prop_map(
        |(index, last, cursor, pulled, signature)| Segment { index, last, cursor, pulled, signature },
    )
}

pub(crate) fn authorisation() -> impl Strategy<Value = Authorisation> {
    (caller(), signature()).prop_map(|(caller, signature)| Authorisation { caller, signature })
}

prop_compose! {
    pub(crate) fn bundle_head()(
        (programme, set, parts) in (programme(), any::<[u8; 16]>(), 1..=limits::BUNDLE_PARTS),
        part in any::<u32>(),
        (addressee, from, contents) in (option::of(member()), device_id(), frontier()),
        (packs, pack_bytes) in any::<(u32, u64)>(),
    ) -> BundleHead {
        let part = part % parts + 1;
        BundleHead { programme, set, part, parts, addressee, from, contents, packs, pack_bytes }
    }
}

fn witness() -> impl Strategy<Value = Witness> {
    (device_id(), list(pack_id(), 3), any::<u64>(), option::of(position()), signature()).prop_map(
        |(device, packs, claimed_ms, newest, signature)| Witness {
            device,
            packs,
            claimed_ms,
            newest,
            signature,
        },
    )
}

pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        pack().prop_map(Entry::Pack),
        receipt().prop_map(Entry::Receipt),
        witness().prop_map(Entry::Witness),
        (stream(), attachment_id(), any::<u64>(), any::<u64>(), bytes(100)).prop_map(
            |(stream, attachment, from, total, bytes)| Entry::Chunk {
                stream,
                attachment,
                from,
                total,
                bytes
            }
        ),
        any_hash().prop_map(Entry::End),
    ]
}

/// Any order of so many things.
pub(crate) fn order(count: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..count).collect::<Vec<usize>>()).prop_shuffle()
}
