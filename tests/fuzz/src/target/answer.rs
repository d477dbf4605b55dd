//! A relay that answers what it likes, under its own key: frames of a head, then of segments. The first byte says whether it
//! signs them (an odd one) or leaves what stands there.

use tessera_protocol::access::Classes;
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{AnswerHead, Frames, NothingNew, Request, Segment, SignedAnswer};
use tessera_protocol::hash::Hash;
use tessera_protocol::signature::{Context, Signature};

use crate::forge;
use crate::world::{RELAY, world};

/// The longest frame that is taken here.
const FRAME_BYTES: usize = 1 << 20;

pub(crate) fn feed(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let signs = which % 2 == 1;
    let mut home = world().alice();
    let relay = forge::public(&forge::key(RELAY));
    let sending = home.prepare(relay, u64::MAX, Classes::ALL).expect("a request");
    let asked = Request::from_bytes(&sending.frames[0]).expect("a request of this version").id();
    let mut frames = Frames::default();
    frames.push(bytes);
    let Ok(Some(first)) = frames.next(FRAME_BYTES) else {
        drop(home.nothing_new(&sending, &nothing_new(bytes, asked, signs)));
        return;
    };
    if home.answer_head(&sending, &head(first, asked, signs)).is_ok() {
        for index in 0.. {
            let Ok(Some(frame)) = frames.next(FRAME_BYTES) else { break };
            if home.segment(&sending, &segment(frame, asked, signs), index).is_err() {
                break;
            }
        }
    }
    drop(home.digest());
    let verified = home.verify().expect("a home that can be read");
    assert_eq!(verified.differences, [], "what is shown does not follow from the packs");
}

fn sign(context: Context, payload: &[u8]) -> Signature {
    forge::sign(&forge::key(RELAY), context, payload)
}

fn nothing_new(bytes: &[u8], asked: Hash, signs: bool) -> Vec<u8> {
    match NothingNew::from_bytes(bytes) {
        Ok(answer) if signs => {
            let bytes = tessera_protocol::exchange::nothing_new_bytes(&asked, &answer.newest);
            NothingNew { signature: sign(Context::Answer, &bytes), ..answer }.to_bytes()
        }
        _ => bytes.to_vec(),
    }
}

fn head(bytes: Vec<u8>, asked: Hash, signs: bool) -> Vec<u8> {
    match SignedAnswer::from_bytes(&bytes) {
        Ok(answer) if signs => {
            let head = AnswerHead { request: asked, ..answer.head };
            SignedAnswer { signature: sign(Context::Answer, &head.to_bytes()), head }.to_bytes()
        }
        _ => bytes,
    }
}

fn segment(bytes: Vec<u8>, asked: Hash, signs: bool) -> Vec<u8> {
    match Segment::from_bytes(&bytes) {
        Ok(segment) if signs => {
            let bytes = segment.signed(&asked);
            Segment { signature: sign(Context::Segment, &bytes), ..segment }.to_bytes()
        }
        _ => bytes,
    }
}
