//! Every object of the protocol on its own: the first byte says which, the others are it.

use tessera_protocol::bundle::{BundleHead, Entry};
use tessera_protocol::charter::Link;
use tessera_protocol::codec::Wire;
use tessera_protocol::device::Device;
use tessera_protocol::exchange::{Authorisation, Cursor, Frames, NothingNew, Request, Segment, SignedAnswer};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::Header;
use tessera_protocol::ids::RelayKey;
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::Receipt;
use tessera_protocol::statement::Statement;

use crate::forge;

/// The longest frame that is taken here.
const FRAME_BYTES: usize = 1 << 16;

pub(crate) fn feed(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let key = forge::public(&forge::key(1));
    let forged = Hash([3; 32]);
    match which % 16 {
        0 => drop(read::<Header>(bytes)),
        1 => {
            // Nobody's signature fits by chance.
            if let Some(pack) = read::<Pack>(bytes) {
                assert_eq!(hash("body", &[pack.body()]), pack.header().body);
                assert!(pack.verify(&key).is_err());
            }
        }
        2 => assert!(read::<Receipt>(bytes).is_none_or(|receipt| receipt.verify(&key).is_err())),
        3 => drop(read::<Frontier>(bytes)),
        4 => {
            let relay = RelayKey(key.to_bytes());
            assert!(read::<Request>(bytes).is_none_or(|request| request.verify(relay, &key).is_err()));
        }
        5 => assert!(read::<SignedAnswer>(bytes).is_none_or(|answer| answer.verify(&key, &forged).is_err())),
        6 => assert!(read::<Segment>(bytes).is_none_or(|segment| segment.verify(&key, &forged).is_err())),
        7 => assert!(read::<NothingNew>(bytes).is_none_or(|answer| answer.verify(&key, &forged).is_err())),
        8 => drop(read::<Authorisation>(bytes)),
        9 => drop(read::<Device>(bytes).map(|device| (device.id(), device.first_member()))),
        10 => drop(read::<Cursor>(bytes)),
        11 => drop(read::<Link>(bytes).map(|link| link.programme())),
        12 => drop(read::<Statement>(bytes)),
        13 => drop(read::<Entry>(bytes)),
        14 => drop(read::<BundleHead>(bytes)),
        _ => frames(bytes),
    }
}

/// Reads bytes; what is read has no other encoding.
fn read<T: Wire>(bytes: &[u8]) -> Option<T> {
    match T::from_bytes(bytes) {
        Ok(value) => {
            assert!(value.to_bytes() == bytes, "read in another encoding than its own");
            Some(value)
        }
        Err(error) => {
            assert!(error.at <= bytes.len(), "a place beyond the end");
            drop(error.to_string());
            None
        }
    }
}

/// Frames that come in pieces are those that come at once.
fn frames(bytes: &[u8]) {
    let cut = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let (mut frames, mut cut) = (Frames::default(), Vec::new());
        for piece in pieces {
            frames.push(piece);
            loop {
                match frames.next(FRAME_BYTES) {
                    Ok(Some(frame)) => cut.push(frame),
                    Ok(None) => break,
                    Err(_) => return (cut, None),
                }
            }
        }
        let waiting = frames.waiting();
        (cut, Some(waiting))
    };
    let whole = cut(&mut std::iter::once(bytes));
    assert_eq!(cut(&mut bytes.chunks(7)), whole);
}
