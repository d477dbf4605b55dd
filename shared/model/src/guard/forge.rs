//! Hand-made chunks for tests: what an attacker writes, byte by byte.

use sha2::{Digest, Sha256};

use super::ActorBytes;

/// Unsigned LEB128 in its shortest form.
pub(crate) fn uleb(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

/// Signed LEB128 in its shortest form.
pub(crate) fn sleb(mut value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

/// A chunk of any type around any body, with the right checksum.
pub(crate) fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut hashed = vec![kind];
    hashed.extend(uleb(body.len() as u64));
    hashed.extend(body);
    let digest = Sha256::digest(&hashed);
    let mut out = vec![0x85, 0x6f, 0x4a, 0x83];
    out.extend(&digest[..4]);
    out.extend(hashed);
    out
}

/// The bytes with the checksum made right again.
pub(crate) fn reseal(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() > 8 {
        let digest = Sha256::digest(&bytes[8..]);
        bytes[4..8].copy_from_slice(&digest[..4]);
    }
    bytes
}

/// A change put together from its parts.
#[derive(Clone)]
pub(crate) struct Change {
    pub(crate) deps: Vec<[u8; 32]>,
    pub(crate) actor: Vec<u8>,
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) time: i64,
    pub(crate) message: Vec<u8>,
    pub(crate) others: Vec<ActorBytes>,
    pub(crate) columns: Vec<(u32, Vec<u8>)>,
    pub(crate) extra: Vec<u8>,
}

impl Change {
    /// `n` operations that put null under the key `k`, as runs.
    pub(crate) fn puts(n: u64) -> Self {
        let run = |value: u8| [sleb(n as i64), vec![value]].concat();
        Self {
            deps: Vec::new(),
            actor: vec![5; 16],
            seq: 1,
            start_op: 1,
            time: 0,
            message: Vec::new(),
            others: Vec::new(),
            columns: vec![
                (0x15, [sleb(n as i64), vec![1, b'k']].concat()),
                (0x34, uleb(n)),
                (0x42, run(1)),
                (0x56, run(0)),
                (0x70, run(0)),
            ],
            extra: Vec::new(),
        }
    }

    /// One operation that puts null under the key `k`, in canonical form.
    pub(crate) fn put() -> Self {
        let one = |value: u8| vec![0x7f, value];
        Self {
            columns: vec![
                (0x15, vec![0x7f, 1, b'k']),
                (0x34, vec![1]),
                (0x42, one(1)),
                (0x56, one(0)),
                (0x70, one(0)),
            ],
            ..Self::puts(1)
        }
    }

    pub(crate) fn with(mut self, spec: u32, bytes: &[u8]) -> Self {
        self.columns.retain(|(other, _)| *other != spec);
        self.columns.push((spec, bytes.to_vec()));
        self.columns.sort_by_key(|(spec, _)| *spec);
        self
    }

    pub(crate) fn without(mut self, spec: u32) -> Self {
        self.columns.retain(|(other, _)| *other != spec);
        self
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = uleb(self.deps.len() as u64);
        self.deps.iter().for_each(|dep| body.extend(dep));
        body.extend(uleb(self.actor.len() as u64));
        body.extend(&self.actor);
        body.extend(uleb(self.seq));
        body.extend(uleb(self.start_op));
        body.extend(sleb(self.time));
        body.extend(uleb(self.message.len() as u64));
        body.extend(&self.message);
        body.extend(uleb(self.others.len() as u64));
        for actor in &self.others {
            body.push(16);
            body.extend(actor);
        }
        body.extend(uleb(self.columns.len() as u64));
        for (spec, bytes) in &self.columns {
            body.extend(uleb(u64::from(*spec)));
            body.extend(uleb(bytes.len() as u64));
        }
        self.columns.iter().for_each(|(_, bytes)| body.extend(bytes));
        body.extend(&self.extra);
        body
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        chunk(1, &self.body())
    }
}

/// One operation as an attacker writes it; ids are (number, index into the actor table).
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) object: Option<(u64, u64)>,
    pub(crate) key: OpKey,
    pub(crate) insert: bool,
    pub(crate) action: u64,
    /// Value type and bytes.
    pub(crate) value: (u8, Vec<u8>),
    pub(crate) preds: Vec<(u64, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) enum OpKey {
    Map(String),
    Head,
    Element(u64, u64),
}

impl Op {
    pub(crate) fn put(key: &str, value: &str) -> Self {
        Self {
            object: None,
            key: OpKey::Map(key.to_owned()),
            insert: false,
            action: 1,
            value: (6, value.as_bytes().to_vec()),
            preds: Vec::new(),
        }
    }
}

impl Change {
    /// Operations in the columns that an honest encoder would write for them.
    pub(crate) fn of(ops: &[Op]) -> Self {
        let object = |pick: fn((u64, u64)) -> u64| -> Vec<Option<Vec<u8>>> {
            ops.iter().map(|op| op.object.map(|id| uleb(pick(id)))).collect()
        };
        let key_actor = ops.iter().map(|op| match op.key {
            OpKey::Element(_, actor) => Some(uleb(actor)),
            _ => None,
        });
        let key_counter = ops.iter().map(|op| match op.key {
            OpKey::Element(counter, _) => Some(counter),
            OpKey::Head => Some(0),
            OpKey::Map(_) => None,
        });
        let key_string = ops.iter().map(|op| match &op.key {
            OpKey::Map(key) => Some([uleb(key.len() as u64), key.as_bytes().to_vec()].concat()),
            _ => None,
        });
        let meta = |op: &Op| uleb(((op.value.1.len() as u64) << 4) | u64::from(op.value.0));
        let preds = || ops.iter().flat_map(|op| &op.preds);
        let columns = vec![
            (0x01, rle(&object(|id| id.1))),
            (0x02, rle(&object(|id| id.0))),
            (0x11, rle(&key_actor.collect::<Vec<_>>())),
            (0x13, rle(&deltas(key_counter))),
            (0x15, rle(&key_string.collect::<Vec<_>>())),
            (0x34, booleans(ops.iter().map(|op| op.insert))),
            (0x42, rle(&ops.iter().map(|op| Some(uleb(op.action))).collect::<Vec<_>>())),
            (0x56, rle(&ops.iter().map(|op| Some(meta(op))).collect::<Vec<_>>())),
            (0x57, ops.iter().flat_map(|op| op.value.1.clone()).collect()),
            (0x70, rle(&ops.iter().map(|op| Some(uleb(op.preds.len() as u64))).collect::<Vec<_>>())),
            (0x71, rle(&preds().map(|id| Some(uleb(id.1))).collect::<Vec<_>>())),
            (0x73, rle(&deltas(preds().map(|id| Some(id.0))))),
        ];
        Self { columns: columns.into_iter().filter(|(_, bytes)| !bytes.is_empty()).collect(), ..Self::put() }
    }
}

fn deltas(values: impl Iterator<Item = Option<u64>>) -> Vec<Option<Vec<u8>>> {
    let mut last = 0_i64;
    values
        .map(|value| {
            let value = i64::try_from(value?).unwrap();
            let difference = value - std::mem::replace(&mut last, value);
            Some(sleb(difference))
        })
        .collect()
}

/// The canonical run-length form of values that are encoded already; empty if all are null.
pub(crate) fn rle(values: &[Option<Vec<u8>>]) -> Vec<u8> {
    if values.iter().all(Option::is_none) {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut literal: Vec<&Vec<u8>> = Vec::new();
    let mut at = 0;
    while at < values.len() {
        let same = values[at..].iter().take_while(|value| **value == values[at]).count();
        match &values[at] {
            Some(value) if same == 1 => literal.push(value),
            run => {
                flush(&mut out, &mut literal);
                match run {
                    Some(value) => {
                        out.extend(sleb(same as i64));
                        out.extend(value);
                    }
                    None => {
                        out.push(0);
                        out.extend(uleb(same as u64));
                    }
                }
            }
        }
        at += same;
    }
    flush(&mut out, &mut literal);
    out
}

fn flush(out: &mut Vec<u8>, literal: &mut Vec<&Vec<u8>>) {
    if !literal.is_empty() {
        out.extend(sleb(-(literal.len() as i64)));
        literal.drain(..).for_each(|value| out.extend(value));
    }
}

fn booleans(values: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut last, mut count) = (false, 0_u64);
    for value in values {
        if value != last {
            out.extend(uleb(count));
            (last, count) = (value, 0);
        }
        count += 1;
    }
    out.extend(uleb(count));
    out
}
