//! Committed bytes for every encoding, under `vectors/`: what is read, what is refused, and what is derived.
//! They are computed again and compared; `TESSERA_WRITE_VECTORS=1` writes them, to be looked at before a
//! commit. A second reader, in another language and from `FORMAT.md` alone, reads the same files
//! (`tests/format/`).

use std::path::PathBuf;

use serde_json::{Value, json};
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{
    attachment_path, attachment_range, frame, nothing_new_bytes, request_bytes,
};
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::Header;
use tessera_protocol::ids::{AttachmentId, PackId, StreamId};
use tessera_protocol::receipt::next_head;
use tessera_protocol::signature::{Context, PublicKey, signed_bytes};
use tessera_protocol::stream::Stream;

use super::samples::{self, AUTHOR, PROGRAMME, RELAY, full_header, items_pack, samples};

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Compares with the committed file, or writes it.
fn compare(name: &str, computed: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    if std::env::var_os("TESSERA_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, serde_json::to_string_pretty(computed).unwrap() + "\n").unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let committed: Value = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(
        committed, *computed,
        "vectors/{name}: another encoding, or TESSERA_WRITE_VECTORS=1 was forgotten"
    );
}

#[test]
fn what_is_read() {
    let rows: Vec<Value> = samples()
        .iter()
        .map(|sample| json!({ "type": sample.of, "name": sample.name, "hex": hex(&sample.bytes) }))
        .collect();
    compare("read.json", &json!(rows));
}

/// Bytes that are no value of the type, and why.
fn refused() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let of = |of: &str, name: &str| {
        let samples = samples();
        samples.into_iter().find(|sample| sample.of == of && sample.name == name).unwrap().bytes
    };
    let header = |change: fn(&mut Header)| {
        let mut header = full_header();
        change(&mut header);
        header.to_bytes()
    };
    let changed = |mut bytes: Vec<u8>, at: usize, value: u8| {
        bytes[at] = value;
        bytes
    };
    let mut swapped = of("frontier", "two chains");
    for at in 0..32 {
        swapped.swap(34 + at, 66 + at);
    }
    let pack = of("pack", "items");
    let last = pack.len() - 1;
    vec![
        ("u64", "a longer form than the shortest", vec![0x80, 0x00]),
        ("u64", "above 64 bits", vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]),
        ("u64", "no end", vec![0xff; 10]),
        ("u16", "above 16 bits", 65_536_u64.to_bytes()),
        ("bool", "neither", vec![2]),
        ("set of u16", "not in order", vec![2, 2, 1]),
        ("set of u16", "one entry twice", vec![2, 1, 1]),
        ("bytes", "a count above what follows", vec![3, 1, 2]),
        ("list of u64", "a count above the limit", vec![9, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        ("frontier", "tips not in order", swapped),
        ("frontier", "a chain without a tip", [vec![1], vec![7; 32], vec![0]].concat()),
        ("public key", "a point of small order", [vec![1], vec![0; 31]].concat()),
        (
            "public key",
            "not the canonical encoding of a point",
            [vec![0xed], vec![0xff; 30], vec![0x7f]].concat(),
        ),
        ("device", "a form that is none", changed(AUTHOR.device().to_bytes(), 0, 2)),
        ("roles", "a third flag", vec![4]),
        ("classes", "a seventh class", vec![64]),
        ("refusal", "zero", vec![0]),
        ("refusal", "above the last", vec![12]),
        ("header", "an older version", changed(full_header().to_bytes(), 0, 0)),
        ("header", "a newer version", changed(full_header().to_bytes(), 0, 2)),
        ("header", "number 0", header(|header| header.number = 0)),
        ("header", "a first pack that follows something", header(|header| header.number = 1)),
        (
            "header",
            "a later pack that follows nothing",
            header(|header| header.previous = Default::default()),
        ),
        ("header", "a sealed pack without a key", header(|header| header.key.0 = [0; 32])),
        (
            "header",
            "recipients of what is no welcome",
            header(|header| header.recipients = Some(header.body)),
        ),
        ("header", "a padded length above the limit", header(|header| header.padded_bytes = 262_145)),
        (
            "header",
            "its last byte missing",
            full_header().to_bytes()[..full_header().to_bytes().len() - 1].to_vec(),
        ),
        ("pack", "a body that the header does not name", changed(pack.clone(), last, pack[last] ^ 1)),
        ("pack", "a byte after the end", [pack, vec![0]].concat()),
        ("statement", "contents longer than the statement", {
            let mut lift = of("statement", "lift");
            lift[1] += 1;
            lift.push(0);
            lift
        }),
        ("bundle head", "part 0", {
            let mut head = of("bundle head", "the first of two");
            head[1 + 16 + 16] = 0;
            head
        }),
        ("bundle head", "a part above their number", {
            let mut head = of("bundle head", "the first of two");
            head[1 + 16 + 16] = 3;
            head
        }),
        ("entry", "a kind that is none", vec![6]),
        ("request", "a newer version", changed(of("request", "with everything"), 0, 2)),
    ]
}

#[test]
fn what_is_refused() {
    let rows: Vec<Value> = refused()
        .iter()
        .map(|(of, why, bytes)| json!({ "type": of, "why": why, "hex": hex(bytes) }))
        .collect();
    for (of, why, bytes) in refused() {
        let sample = samples().into_iter().find(|sample| sample.of == of).unwrap();
        assert!((sample.again)(&bytes).is_err(), "{of}: {why}");
    }
    compare("refused.json", &json!(rows));
}

fn hashes() -> Value {
    let of = |name: &str, fields: &[&[u8]]| {
        let shown: Vec<String> = fields.iter().map(hex).collect();
        json!({ "name": name, "fields": shown, "hash": hex(hash(name, fields).0) })
    };
    json!([of("pack", &[]), of("name", &[b""]), of("name", &[b"ab", b""]), of("name", &[b"a", b"b"])])
}

fn streams() -> Value {
    let member = AUTHOR.member();
    let all = [
        ("public", Stream::Public),
        ("programme", Stream::Programme),
        ("intake", Stream::Intake),
        ("to", Stream::To(member)),
        ("reviews", Stream::Reviews(member)),
        ("desk", Stream::Desk(member)),
    ];
    all.map(|(kind, stream)| {
        let whose = matches!(kind, "to" | "reviews" | "desk").then(|| member.to_string());
        json!({
            "programme": PROGRAMME.to_string(),
            "kind": kind,
            "member": whose,
            "id": stream.id(PROGRAMME).to_string(),
        })
    })
    .into_iter()
    .collect()
}

fn signatures() -> Value {
    let payload = b"payload";
    let contexts = [
        ("pack", Context::Pack),
        ("receipt", Context::Receipt),
        ("request", Context::Request),
        ("answer", Context::Answer),
        ("segment", Context::Segment),
        ("witness", Context::Witness),
        ("ballot", Context::Ballot),
        ("enrolment", Context::Enrolment),
    ];
    let key = hex(AUTHOR.public().to_bytes());
    let signed = |name: &str, context| {
        json!({
            "context": name,
            "payload": hex(payload),
            "signed": hex(signed_bytes(context, payload)),
            "key": key,
            "signature": hex(AUTHOR.sign(context, payload).0),
        })
    };
    contexts.map(|(name, context)| signed(name, context)).into_iter().collect()
}

/// What the bytes of `read.json` are signed with: payloads under the relay's and the devices' keys.
fn payloads() -> Value {
    let request = samples::request();
    let body = request.head.to_bytes();
    let relay = samples::relay_key();
    let path = attachment_path(StreamId([0x51; 16]), AttachmentId([0x52; 32]));
    let range = attachment_range(65_536, 0);
    json!({
        "relay": hex(relay.0),
        "device": hex(samples::ASKS.public().to_bytes()),
        "author": hex(AUTHOR.public().to_bytes()),
        "request": hex(request_bytes(relay, &request.head.caller, "POST", "/v1/exchange", &body)),
        "request_id": hex(request.id().0),
        "authorisation": hex(request_bytes(relay, &request.head.caller, "GET", &path, &range)),
        "attachment_path": path,
        "nothing_new": hex(nothing_new_bytes(&request.id(), &samples::position())),
        "segment": hex(samples::segment().signed(&request.id())),
    })
}

#[test]
fn what_is_derived() {
    let device = AUTHOR.device();
    let genesis = samples::genesis();
    let receipt = samples::receipt();
    compare(
        "derived.json",
        &json!({
            "hashes": hashes(),
            "streams": streams(),
            "signatures": signatures(),
            "payloads": payloads(),
            "pack_id": hex(items_pack().id().0),
            "associated_data_bytes": full_header().associated_data().len(),
            "device": { "hex": hex(device.to_bytes()), "id": hex(device.id().0), "member": hex(device.first_member().0) },
            "genesis": { "hex": hex(genesis.to_bytes()), "id": hex(genesis.id().0), "programme": hex(genesis.programme().0) },
            "log": [
                { "head": hex([0; 32]), "pack": hex([1; 32]), "received_ms": 0, "next": hex(next_head(&Hash([0; 32]), PackId([1; 32]), 0).0) },
                { "head": hex([0x44; 32]), "pack": hex(receipt.pack.0), "received_ms": receipt.received_ms, "next": hex(receipt.head.0) },
            ],
            "commitment": { "nonce": hex([3; 32]), "hash": hex(hash("invitation nonce", &[&[3; 32]]).0) },
            "frame": hex(frame(b"abc")),
        }),
    );
    assert_eq!(receipt.head, next_head(&Hash([0x44; 32]), receipt.pack, receipt.received_ms));
    assert!(PublicKey::from_bytes(&RELAY.public().to_bytes()).is_ok());
}

/// The committed bytes themselves are read, not only compared with what this version writes.
#[test]
fn committed_bytes_are_read() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/read.json");
    let Ok(text) = std::fs::read_to_string(path) else { panic!("vectors/read.json is missing") };
    let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(rows.len() > 60, "{} rows", rows.len());
    for row in rows {
        let text = |field: &str| row[field].as_str().unwrap().to_owned();
        let all = samples();
        let sample = all.iter().find(|sample| sample.of == text("type")).unwrap();
        let bytes = unhex(&text("hex"));
        assert_eq!((sample.again)(&bytes).unwrap(), bytes, "{} {}", text("type"), text("name"));
    }
}
