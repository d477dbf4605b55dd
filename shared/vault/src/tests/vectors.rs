//! Our own vectors: every encoding, valid and invalid, as committed bytes under `vectors/`. What is a
//! function of its inputs is computed again and compared; what holds fresh randomness (age files) or a
//! compressor's choices is opened. `TESSERA_WRITE_VECTORS=1` writes them, to be looked at before a commit.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};
use tessera_protocol::charter::{Link, Roles};
use tessera_protocol::codec::{Set, Wire};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::ids::{ApplicationId, InvitationId, PackId, RoundId};
use tessera_protocol::statement::Statement;
use tessera_protocol::stream::Stream;

use super::*;
use crate::attachment::{self, AttachmentKey, Manifest};
use crate::content::{Path, Seed, leaf_hash, root};
use crate::enrol::{About, Invitation, Nonce, OneTimeSecret, Relay, answer, open_answer};
use crate::identity::{Cost, open_identity, seal_identity};
use crate::ids::{IdKey, document};
use crate::items::{Acknowledgement, Decision, Matter, Outcome, Release, Verdict};
use crate::passphrase::Passphrase;
use crate::recovery::{Paper, open_envelope, seal_envelope};
use crate::secret::{derive, keyed_hash};
use crate::sign::Clear;
use crate::welcome::{open_welcome, recipients_hash, seal_welcome};
use crate::words;

fn hex(bytes: impl AsRef<[u8]>) -> String {
    data_encoding::HEXLOWER.encode(bytes.as_ref())
}

fn unhex(value: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name)
}

fn writing() -> bool {
    std::env::var_os("TESSERA_WRITE_VECTORS").is_some()
}

fn write(name: &str, value: &Value) {
    std::fs::create_dir_all(file("")).unwrap();
    std::fs::write(file(name), serde_json::to_string_pretty(value).unwrap() + "\n").unwrap();
}

fn read(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(file(name)).unwrap()).unwrap()
}

fn compare(name: &str, computed: &Value) {
    if writing() {
        write(name, computed);
    }
    assert_eq!(read(name), *computed, "{name}");
}

#[test]
fn primitives() {
    let of = |fill| [fill; 32];
    let keyed = |fields: &[&[u8]]| hex(keyed_hash(&of(1), "name", fields));
    compare(
        "primitives.json",
        &json!({
            "key_id": [
                {"key": hex(of(0)), "id": hex(key(0).id().0)},
                {"key": hex(of(1)), "id": hex(key(1).id().0)},
            ],
            "derive": [
                {"ikm": hex(of(1)), "salt": "", "purpose": "attachment", "key": hex(*derive(&of(1), &[], "attachment"))},
                {"ikm": hex(of(1)), "salt": hex([2; 24]), "purpose": "items", "key": hex(*derive(&of(1), &[2; 24], "items"))},
            ],
            "keyed_hash": [
                {"key": hex(of(1)), "name": "name", "fields": [], "tag": keyed(&[])},
                {"key": hex(of(1)), "name": "name", "fields": ["", "ab"], "tag": keyed(&[b"", &[0xab]])},
                {"key": hex(of(1)), "name": "name", "fields": ["ab", ""], "tag": keyed(&[&[0xab], b""])},
            ],
            "padme": ([0_u64, 1, 2, 9, 100, 1000, 1025, 100_000, 1 << 30].map(|n| [n, crate::seal::padme(n)])),
            "words": ([of(0), of(1), of(255)].map(|hash| json!({"hash": hex(hash), "words": words::from_hash::<6>(&hash).join(" ")}))),
        }),
    );
}

#[test]
fn ids() {
    let id_key = IdKey::from_bytes(&[3; 32]);
    let (member, application) = (MemberId([4; 16]), ApplicationId([5; 16]));
    let audiences = [
        Audience::Programme,
        Audience::Intake,
        Audience::To(member),
        Audience::Reviews(member),
        Audience::Desk(member),
        Audience::File(application),
        Audience::Dossier(application, 1),
        Audience::Panel(application, RoundId([6; 16])),
        Audience::People,
        Audience::Office,
        Audience::Keys,
    ];
    let mut seen = BTreeSet::new();
    let streams: Vec<Value> = audiences
        .iter()
        .map(|audience| {
            let id = audience.id(PROGRAMME, &id_key);
            assert!(seen.insert(id));
            assert_eq!(Audience::parse(audience.kind(), &audience.subject()), Some(*audience));
            json!({"kind": audience.kind(), "subject": hex(audience.subject()), "stream": hex(id.0)})
        })
        .collect();
    for (kind, subject) in
        [(1, 0), (2, 1), (4, 15), (4, 17), (7, 17), (8, 16), (8, 18), (9, 31), (12, 1), (13, 0)]
    {
        assert_eq!(Audience::parse(kind, &vec![0; subject]), None, "{kind} {subject}");
    }
    compare(
        "ids.json",
        &json!({
            "id_key": hex([3; 32]),
            "programme": hex(PROGRAMME.0),
            "streams": streams,
            "application": {"key_column": "2026-017", "id": hex(id_key.application(PROGRAMME, " 2026-017\n").0)},
            "document": {"stream": hex(STREAM.0), "kind": 3, "subject": "0102", "id": hex(document(PROGRAMME, STREAM, 3, &[1, 2]).0)},
        }),
    );
}

fn all_items() -> Vec<Item> {
    let secret = device(1);
    let mut frontier = Frontier::default();
    frontier.insert((STREAM, secret.id()), PackId([1; 32]));
    let pack = items_pack(&secret, &key(2), vec![own("one"), own("two")]);
    let content = crate::seal::open(&key(2), &pack).unwrap().check(|change| Some(leaf(change))).unwrap();
    let (salt, path) = content.proof(0).unwrap();
    vec![
        Item::Change(change("text")),
        Item::Grant(grant(5)),
        Item::Acknowledgement(Acknowledgement {
            frontier: frontier.clone(),
            outcomes: vec![
                (PackId([1; 32]), Outcome::Counted),
                (PackId([2; 32]), Outcome::Waits(7)),
                (PackId([3; 32]), Outcome::SetAside(300)),
            ]
            .try_into()
            .unwrap(),
            documents: vec![(DocumentId([6; 16]), Outcome::Waits(5))].try_into().unwrap(),
        }),
        Item::Release(Box::new(Release {
            header: pack.header().clone(),
            signature: *pack.signature(),
            salt,
            path,
            change: change("one"),
        })),
        Item::Decision(Decision {
            matter: Matter::Pack(PackId([1; 32])),
            verdict: Verdict::Accept,
            reason: "came by post, in time".try_into().unwrap(),
            by: MemberId([4; 16]),
            over: Set::default(),
        }),
        Item::Decision(Decision {
            matter: Matter::Frontier(frontier),
            verdict: Verdict::Ask,
            reason: "".try_into().unwrap(),
            by: MemberId([4; 16]),
            over: Set::default(),
        }),
        Item::Decision(Decision {
            matter: Matter::Part(PackId([1; 32]), DocumentId([6; 16])),
            verdict: Verdict::SetAside,
            reason: "she confirmed the other one".try_into().unwrap(),
            by: MemberId([4; 16]),
            over: BTreeSet::from([hash("test", &[])]).try_into().unwrap(),
        }),
        Item::Unknown { code: 200, body: vec![1, 2, 3].try_into().unwrap() },
    ]
}

#[test]
fn items() {
    let items = all_items();
    let decision = items[4].to_bytes();
    let mut bad_text = decision.clone();
    let at = bad_text.windows(4).position(|window| window == b"came").unwrap();
    bad_text[at] = 0xff;
    let mut verdict = decision.clone();
    verdict[2 + 33] = 9;
    let invalid = vec![
        ("empty", Vec::new()),
        ("length beyond the end", vec![200, 4, 1, 2, 3]),
        ("length in a longer form", vec![200, 0x83, 0, 1, 2, 3]),
        ("length above the limit", vec![200, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ("bytes after the item", vec![200, 1, 1, 0]),
        ("bytes after the contents", [&[5, decision[1] + 1], &decision[2..], &[0]].concat()),
        ("text that is no UTF-8", bad_text),
        ("a verdict that there is not", verdict),
        ("a grant cut short", items[1].to_bytes()[..20].to_vec()),
    ];
    for (name, bytes) in &invalid {
        assert!(Item::from_bytes(bytes).is_err(), "{name}");
    }
    for item in &items {
        assert!(Item::from_bytes(&item.to_bytes()).unwrap() == *item);
    }
    let named = |(name, bytes): (&str, Vec<u8>)| json!({"problem": name, "bytes": hex(bytes)});
    compare(
        "items.json",
        &json!({
            "valid": items.iter().map(|item| hex(item.to_bytes())).collect::<Vec<_>>(),
            "invalid": invalid.into_iter().map(named).collect::<Vec<_>>(),
        }),
    );
}

#[test]
fn content_roots() {
    let seed = Seed::from_bytes(&[1; 32]);
    let leaves: Vec<Hash> = (0..5_u32)
        .map(|i| {
            let leaf = Leaf { document: DocumentId([4; 16]), hash: hash("test", &[&i.to_le_bytes()]).0 };
            leaf_hash(&seed.salt(i), PROGRAMME, &leaf)
        })
        .collect();
    let path = Path::new(&leaves, 3).unwrap();
    let short = Path { beside: path.beside[1..].to_vec().try_into().unwrap(), ..path.clone() };
    assert_eq!(short.root(leaves[3]), None);
    compare(
        "content.json",
        &json!({
            "seed": hex([1; 32]),
            "salts": ([0, 1, 256].map(|i| hex(seed.salt(i)))),
            "leaves": leaves.iter().map(|leaf| hex(leaf.0)).collect::<Vec<_>>(),
            "roots": (1..=5).map(|n| hex(root(&leaves[..n]).unwrap().0)).collect::<Vec<_>>(),
            "path": {"index": 3, "bytes": hex(path.to_bytes())},
            "invalid": [{"problem": "one hash too few", "index": 3, "bytes": hex(short.to_bytes())}],
        }),
    );
}

#[test]
fn packs() {
    let secret = device(1);
    let public = || Draft { stream: Stream::Public.id(PROGRAMME), ..draft(&secret) };
    let link = Link { parents: Default::default(), nonce: [1; 16], demo: true, changes: Default::default() };
    let statement = Statement::Lift { suspension: PackId([5; 32]) };
    let sealed = items_pack(&secret, &key(2), vec![own("text"), Entry::Other(Item::Grant(grant(5)))]);
    let mut other_key = sealed.to_bytes();
    let at = other_key.windows(32).position(|window| window == key(2).id().0).unwrap();
    other_key[at] ^= 1;
    let mut cut = sealed.to_bytes();
    cut.pop();
    let mut unsigned = sealed.to_bytes();
    let start = sealed.header().to_bytes().len();
    unsigned[start..start + 64].fill(0);
    let invalid =
        [("another key id", other_key), ("the last byte missing", cut), ("a signature of zeros", unsigned)];
    for (name, bytes) in &invalid {
        let verified = Pack::from_bytes(bytes).ok().and_then(|pack| pack.verify(&secret.public_key()).ok());
        assert!(verified.is_none(), "{name}");
    }
    compare(
        "packs.json",
        &json!({
            "author": hex(secret.device().to_bytes()),
            "author_id": hex(secret.id().0),
            "stream_key": hex(key(2).expose()),
            "items": hex(sealed.to_bytes()),
            "link": hex(secret.sign_clear(public(), &Clear::Link(&link)).unwrap().to_bytes()),
            "statement": hex(secret.sign_clear(public(), &Clear::Statement(&statement)).unwrap().to_bytes()),
            "request": {"bytes": "0102", "signature": hex(secret.sign_request(&[1, 2]).0)},
            "recipients": {"devices": [hex(device(1).device().to_bytes()), hex(device(2).device().to_bytes())],
                "hash": hex(recipients_hash(&BTreeSet::from([device(1).device(), device(2).device()])).0)},
            "invalid": invalid.map(|(name, bytes)| json!({"problem": name, "bytes": hex(bytes)})),
        }),
    );
}

#[test]
fn attachments() {
    let contents: Vec<u8> = (0..70_000_u32).map(|i| (i % 251) as u8).collect();
    let (large, sealed_large) = attachment::seal(
        AttachmentKey::from_bytes(&[6; 32]),
        &contents,
        "application/pdf".try_into().unwrap(),
        "scan.pdf".try_into().unwrap(),
    )
    .unwrap();
    let key = AttachmentKey::from_bytes(&[7; 32]);
    let (small, sealed) = attachment::seal(key, b"a letter", Default::default(), Default::default()).unwrap();
    let mut changed = sealed.clone();
    changed[0] ^= 1;
    let mut size = small.clone();
    size.size_bytes += 1;
    assert!(attachment::open(&small, &changed).is_err() && attachment::open(&size, &sealed).is_err());
    compare(
        "attachments.json",
        &json!({
            "small": {"contents": hex("a letter"), "manifest": hex(small.to_bytes()), "sealed": hex(&sealed)},
            "large": {"contents": "70,000 bytes, the i-th is i mod 251", "manifest": hex(large.to_bytes()),
                "sealed_sha256": hex(<sha2::Sha256 as sha2::Digest>::digest(&sealed_large))},
            "invalid": [
                {"problem": "a byte changed", "manifest": hex(small.to_bytes()), "sealed": hex(&changed)},
                {"problem": "another size", "manifest": hex(size.to_bytes()), "sealed": hex(&sealed)},
            ],
        }),
    );
}

fn invitation() -> (Invitation, Nonce) {
    let nonce = Nonce::from_bytes(&[9; 32]);
    let invitation = Invitation {
        programme: PROGRAMME,
        id: InvitationId([1; 16]),
        secret: OneTimeSecret::from_bytes(&[6; 32]),
        commitment: nonce.commitment(),
        inviter: MemberId([5; 16]),
        roles: Roles { admin: false, coordinator: true },
        recipients: vec![device(1).device()].try_into().unwrap(),
        relays: vec![Relay {
            url: "https://relay.example".try_into().unwrap(),
            key: device(90).public_key(),
        }]
        .try_into()
        .unwrap(),
        name: "Fellowship".try_into().unwrap(),
        demo: true,
    };
    (invitation, nonce)
}

#[test]
fn people() {
    let (invitation, nonce) = invitation();
    let paper = Paper::from_bytes(&[8; 32]);
    compare(
        "people.json",
        &json!({
            "invitation": {"bytes": hex(invitation.to_bytes()), "link": *invitation.to_link()},
            "nonce": hex(nonce.expose()),
            "commitment": hex(nonce.commitment().0),
            "device": hex(device(2).device().to_bytes()),
            "check_words": invitation.check_words(nonce.expose(), &device(2).device()).unwrap().join(" "),
            "paper": {"secret": hex(paper.expose()), "words": *paper.words(), "code": *paper.code(),
                "device": hex(paper.device_secret().device().to_bytes())},
            "identity": hex(crate::secret::encode("tessera/1 identity", &device(2))),
        }),
    );
}

/// Written once, opened for ever: what these bytes hold cannot be made the same again.
#[test]
fn opened() {
    let (author, reader, paper) = (device(1), device(2), Paper::from_bytes(&[8; 32]));
    let (invitation, _) = invitation();
    let passphrase = Passphrase::new("correct horse battery staple");
    let essay = "An essay with words that come again, words that come again. ".repeat(40);
    if writing() {
        let to = BTreeSet::from([reader.device(), author.device()]);
        let welcome = seal_welcome(draft(&author), to, vec![grant(5), grant(6)]).unwrap();
        let entries = vec![own(&essay), outside(&essay), Entry::Other(Item::Grant(grant(5)))];
        let value = json!({
            "identity": {"passphrase": passphrase.expose(), "file": hex(seal_identity(&reader, &passphrase, Cost::Demo)),
                "device": hex(reader.device().to_bytes())},
            "envelope": {"paper": hex(paper.expose()), "file": hex(seal_envelope(&reader, &paper.device_secret().device()).unwrap())},
            "welcome": {"reader": hex(crate::secret::encode("tessera/1 identity", &reader)),
                "pack": hex(author.sign_sealed(welcome).unwrap().to_bytes())},
            "answer": {"file": hex(answer(&invitation, &reader, About::default()).unwrap())},
            "compressed": {"stream_key": hex(key(2).expose()), "essay": essay,
                "pack": hex(items_pack(&author, &key(2), entries).to_bytes())},
        });
        write("opened.json", &value);
    }
    let value = read("opened.json");
    let identity = unhex(&value["identity"]["file"]);
    assert_eq!(open_identity(&identity, &passphrase, Cost::Demo).unwrap().device(), reader.device());
    let envelope = unhex(&value["envelope"]["file"]);
    assert_eq!(open_envelope(&envelope, &paper, reader.id()).unwrap().device(), reader.device());
    let verified =
        |bytes: &Value| Pack::from_bytes(&unhex(bytes)).unwrap().verify(&author.public_key()).unwrap();
    let welcome = open_welcome(&reader, &verified(&value["welcome"]["pack"])).unwrap();
    assert!(welcome.grants == [grant(5), grant(6)]);
    let reply = open_answer(&unhex(&value["answer"]["file"]), &invitation, &author).unwrap();
    assert_eq!(reply.device, reader.device());
    let pack = verified(&value["compressed"]["pack"]);
    assert_eq!(texts(&key(2), &pack).unwrap(), [essay.clone(), essay]);
    assert!(pack.body().len() < 700, "both are compressed");
    let manifest = read("attachments.json");
    let small = Manifest::from_bytes(&unhex(&manifest["small"]["manifest"])).unwrap();
    assert_eq!(attachment::open(&small, &unhex(&manifest["small"]["sealed"])).unwrap(), b"a letter");
}
