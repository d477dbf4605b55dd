//! Real objects, from which the search for hostile ones begins: the committed vectors, the golden bundle, and what honest
//! people write. Once they are in `corpus/` they stay as they are.

use serde_json::Value;
use tessera_protocol::access::Classes;
use tessera_protocol::exchange::frame;
use tessera_protocol::ids::Incarnation;
use tessera_tests::sim::relay::{Answer, Relay};

use crate::forge;
use crate::target::{charter, guard, inside, kept, pages, scores, table};
use crate::world::{RELAY, world};

const READ: &str = include_str!("../../../shared/protocol/vectors/read.json");
const ITEMS: &str = include_str!("../../../shared/vault/vectors/items.json");
const PEOPLE: &str = include_str!("../../../shared/vault/vectors/people.json");
const OPENED: &str = include_str!("../../../shared/vault/vectors/opened.json");
const GOLDEN: &[u8] = include_bytes!("../../golden/0.1.0/reviews.tessera");
const PROGRAMMES: [&str; 3] = [
    include_str!("../../../shared/model/programmes/seminar.toml"),
    include_str!("../../../shared/model/programmes/fellowship.toml"),
    include_str!("../../../shared/model/programmes/grant.toml"),
];
const MAPPING: &str = "sheet = \"S\"\nignore = [\"Timestamp\"]\nattachments = [\"Files\"]\n[columns]\n\"Name\" = \"full-name\"\n[values.country]\n\"Kenia\" = \"Kenya\"\n[files]\n\"zeugnis\" = \"cv\"\n";

/// Target, name and bytes of each.
///
/// # Panics
/// Where a committed vector is none.
#[must_use]
pub fn all() -> Vec<(&'static str, String, Vec<u8>)> {
    let of = |target, inputs: Vec<Vec<u8>>| {
        (1..).zip(inputs).map(move |(number, bytes)| (target, format!("real-{number:02}"), bytes))
    };
    of("wire", wire())
        .chain(of("charter", charter::seeds()))
        .chain(of("bundle", bundles()))
        .chain(of("answer", answers()))
        .chain(of("items", items()))
        .chain(of("people", people()))
        .chain(of("inside", inside::seeds()))
        .chain(of("kept", kept::seeds()))
        .chain(of("pages", pages::seeds()))
        .chain(of("guard", guard::seeds()))
        .chain(of("table", table::seeds()))
        .chain(of(
            "programme",
            PROGRAMMES.iter().chain([&MAPPING]).map(|text| text.as_bytes().to_vec()).collect(),
        ))
        .chain(of("scores", scores::seeds()))
        .collect()
}

fn with(which: u8, bytes: &[u8]) -> Vec<u8> {
    [&[which], bytes].concat()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("a committed vector")
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("a committed vector");
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("a committed vector"))
        .collect()
}

fn wire() -> Vec<Vec<u8>> {
    let types = [
        "header",
        "pack",
        "receipt",
        "frontier",
        "request",
        "answer",
        "segment",
        "nothing new",
        "authorisation",
        "device",
        "cursor",
        "link",
        "statement",
        "entry",
        "bundle head",
    ];
    let rows = json(READ);
    let mut inputs: Vec<Vec<u8>> = rows
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| {
            let which = types.iter().position(|of| row["type"] == *of)?;
            Some(with(u8::try_from(which).ok()?, &unhex(&row["hex"])))
        })
        .collect();
    inputs.push(with(15, &[frame(b"one"), frame(b""), frame(&[7; 300])].concat()));
    inputs
}

fn bundles() -> Vec<Vec<u8>> {
    let world = world();
    vec![with(0, GOLDEN), with(0, &world.bundle), with(1, &world.bundle), with(1, &world.everything)]
}

/// What an honest relay answers to the coordinator, before and after the reader was there.
fn answers() -> Vec<Vec<u8>> {
    let key = forge::key(RELAY);
    let (mut alice, mut bob) = (world().alice(), world().reader());
    let mut relay = Relay::new(key.clone(), Incarnation([1; 8]), alice.programme());
    let mut inputs = Vec::new();
    for reader in [false, true, false, false] {
        let home = if reader { &mut bob } else { &mut alice };
        let sending = home.prepare(forge::public(&key), u64::MAX, Classes::ALL).expect("a request");
        let answer = relay.exchange(&sending.frames);
        match answer {
            _ if reader => {}
            Answer::Frames(frames) => {
                home.answer_head(&sending, &frames[0]).expect("an honest answer");
                for (index, frame) in (0..).zip(&frames[1..]) {
                    home.segment(&sending, frame, index).expect("an honest answer");
                }
                inputs.push(with(1, &frames.iter().flat_map(|bytes| frame(bytes)).collect::<Vec<u8>>()));
            }
            Answer::NothingNew(bytes) => inputs.push(with(1, &bytes)),
            Answer::Silence | Answer::NotAuthorised => {}
        }
    }
    inputs
}

fn items() -> Vec<Vec<u8>> {
    let items = json(ITEMS);
    let valid: Vec<Vec<u8>> = items["valid"].as_array().into_iter().flatten().map(unhex).collect();
    let mut inputs: Vec<Vec<u8>> = valid.iter().map(|item| with(0, item)).collect();
    // The seed of the salts, then one section that is stored.
    for some in [&valid[..1], &valid[..]] {
        let section = some.concat();
        let mut content = vec![8; 32];
        content.push(0);
        let mut length = section.len();
        while length > 127 {
            content.push(u8::try_from(length & 127).unwrap_or_default() | 128);
            length >>= 7;
        }
        content.push(u8::try_from(length).unwrap_or_default());
        content.extend(section);
        let padded = tessera_vault::seal::padme(4 + content.len() as u64);
        let mut bytes = u32::try_from(content.len()).unwrap_or_default().to_le_bytes().to_vec();
        bytes.extend(content);
        bytes.resize(usize::try_from(padded).unwrap_or_default(), 0);
        inputs.push(with(1, &bytes));
    }
    inputs
}

fn people() -> Vec<Vec<u8>> {
    let (people, opened) = (json(PEOPLE), json(OPENED));
    let text = |value: &Value| value.as_str().unwrap_or_default().as_bytes().to_vec();
    vec![
        with(0, &unhex(&people["invitation"]["bytes"])),
        with(1, &text(&people["invitation"]["link"])),
        with(2, &unhex(&opened["answer"]["file"])),
        with(3, &text(&people["paper"]["words"])),
        with(4, &text(&people["paper"]["code"])),
        with(5, &unhex(&opened["identity"]["file"])),
        with(6, &unhex(&opened["envelope"]["file"])),
        with(7, b"https://relay.example.org:8443/under/here"),
        with(7, b"http://[::1]:8470"),
    ]
}
