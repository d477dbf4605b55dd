//! One value has one encoding, whatever the value and whatever was done to the bytes.

use std::time::Instant;

use proptest::prelude::*;
use tessera_protocol::access::Refusal;
use tessera_protocol::bundle::{BundleHead, Entry};
use tessera_protocol::charter::{Change, Link};
use tessera_protocol::codec::{Bytes, List, Problem, Set, Wire};
use tessera_protocol::device::Device;
use tessera_protocol::exchange::{AnswerHead, Frames, Request, RequestHead, Segment, frame};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::header::Header;
use tessera_protocol::limits;
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::PublicKey;
use tessera_protocol::statement::Statement;

use super::any;
use super::kit::Key;
use super::samples::{full_header, samples};

#[test]
fn samples_are_read_as_they_were_written() {
    for sample in samples() {
        let again = (sample.again)(&sample.bytes);
        assert_eq!(again.as_deref(), Ok(&sample.bytes[..]), "{} {}", sample.of, sample.name);
        assert!(sample.fits.is_none_or(|fits| fits(&sample.bytes)), "{} {}", sample.of, sample.name);
    }
}

#[test]
fn k11_every_truncation_and_extension_is_refused() {
    let (mut kinds, mut tried) = (0_u32, 0);
    for sample in samples() {
        kinds += 1;
        tried += sample.bytes.len() + 4;
        for length in 0..sample.bytes.len() {
            let cut = (sample.again)(&sample.bytes[..length]);
            assert!(cut.is_err(), "{} {} cut to {length} bytes", sample.of, sample.name);
        }
        for byte in [0, 1, 0x80, 0xff] {
            let mut longer = sample.bytes.clone();
            longer.push(byte);
            assert!((sample.again)(&longer).is_err(), "{} {} with {byte}", sample.of, sample.name);
        }
    }
    println!("figure: K11 {kinds} encodings cut and extended: {tried} tried, 0 accepted");
}

#[test]
fn k17_every_mutation_is_refused_or_another_value_in_its_own_encoding() {
    let mut tried = 0_u32;
    for sample in samples() {
        let mut check = |mutated: &[u8]| {
            if let Ok(again) = (sample.again)(mutated) {
                assert_eq!(again, mutated, "{} {}", sample.of, sample.name);
            }
            tried += 1;
        };
        // What is long is made of what is short.
        if sample.bytes.len() <= 256 {
            for_each_mutation(&sample.bytes, &mut check);
        } else {
            for_each_flip(&sample.bytes, &mut check);
        }
    }
    println!(
        "figure: K17 every encoding mutated: {tried} mutations, 0 read in another encoding than their own"
    );
    assert!(tried > 500_000, "{tried} mutations");
}

#[test]
fn k11_no_mutation_of_anything_signed_fits() {
    let (mut tried, begun) = (0_u32, Instant::now());
    for sample in samples() {
        let Some(fits) = sample.fits else { continue };
        let check = |mutated: &[u8]| {
            tried += 1;
            assert!(!fits(mutated), "{} {}", sample.of, sample.name);
        };
        // Of packs the vault, which makes them, tries every value.
        if sample.of == "pack" {
            for_each_flip(&sample.bytes, check);
        } else {
            for_each_mutation(&sample.bytes, check);
        }
    }
    println!(
        "figure: K11 everything signed, every value of every byte, of packs each bit: {tried} mutations, \
         0 accepted, {:.1} s",
        begun.elapsed().as_secs_f64()
    );
}

/// Every other value of every byte.
fn for_each_mutation(bytes: &[u8], mut check: impl FnMut(&[u8])) {
    let mut mutated = bytes.to_vec();
    for at in 0..bytes.len() {
        for difference in 1..=255 {
            mutated[at] = bytes[at] ^ difference;
            check(&mutated);
        }
        mutated[at] = bytes[at];
    }
}

/// Every bit the other way, and every byte at its least and its most.
fn for_each_flip(bytes: &[u8], mut check: impl FnMut(&[u8])) {
    let mut mutated = bytes.to_vec();
    for at in 0..bytes.len() {
        let flips = (0..8).map(|bit| bytes[at] ^ (1 << bit)).chain([0, 0xff]);
        for value in flips.filter(|value| *value != bytes[at]) {
            mutated[at] = value;
            check(&mutated);
        }
        mutated[at] = bytes[at];
    }
}

/// A value is read as it was written, and the bytes cut anywhere are none.
fn round_trip<T: Wire + PartialEq + std::fmt::Debug>(value: &T, cut: usize) -> Result<(), TestCaseError> {
    let bytes = value.to_bytes();
    prop_assert_eq!(&T::from_bytes(&bytes).unwrap(), value);
    prop_assert!(T::from_bytes(&bytes[..cut % bytes.len()]).is_err());
    Ok(())
}

/// Any bytes are refused or are the one encoding of what they are read as.
fn canonical<T: Wire>(bytes: &[u8]) -> bool {
    T::from_bytes(bytes).is_ok_and(|value| value.to_bytes() == bytes)
        || T::from_bytes(bytes).is_err_and(|error| error.at <= bytes.len())
}

proptest! {
    #[test]
    fn numbers(value: u64, small: u16, cut: usize) {
        round_trip(&value, cut)?;
        round_trip(&small, cut)?;
        round_trip(&(value >> (small % 64)), cut)?;
    }

    #[test]
    fn headers(header in any::header(), cut: usize) {
        round_trip(&header, cut)?;
        let bytes = header.to_bytes();
        prop_assert!(bytes.len() <= limits::HEADER_BYTES);
        prop_assert_eq!(&bytes[..bytes.len() - 32], &header.associated_data()[..]);
    }

    #[test]
    fn packs(pack in any::pack(), cut: usize) { round_trip(&pack, cut)?; }

    #[test]
    fn frontiers(frontier in any::frontier(), cut: usize) { round_trip(&frontier, cut)?; }

    #[test]
    fn devices(device in any::device(), cut: usize) { round_trip(&device, cut)?; }

    #[test]
    fn links(link in any::link(), cut: usize) { round_trip(&link, cut)?; }

    #[test]
    fn statements(statement in any::statement(), cut: usize) { round_trip(&statement, cut)?; }

    #[test]
    fn requests(request in any::request(), cut: usize) { round_trip(&request, cut)?; }

    #[test]
    fn answers(answer in any::answer(), cut: usize) { round_trip(&answer, cut)?; }

    #[test]
    fn nothings(nothing in any::nothing_new(), cut: usize) { round_trip(&nothing, cut)?; }

    #[test]
    fn segments(segment in any::segment(), cut: usize) { round_trip(&segment, cut)?; }

    #[test]
    fn authorisations(authorisation in any::authorisation(), cut: usize) { round_trip(&authorisation, cut)?; }

    #[test]
    fn bundle_heads(head in any::bundle_head(), cut: usize) { round_trip(&head, cut)?; }

    #[test]
    fn entries(entry in any::entry(), cut: usize) { round_trip(&entry, cut)?; }

    #[test]
    fn receipts(receipt in any::receipt(), cut: usize) { round_trip(&receipt, cut)?; }

    #[test]
    fn any_bytes_are_refused_or_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(canonical::<u64>(&bytes));
        prop_assert!(canonical::<Header>(&bytes));
        prop_assert!(canonical::<Pack>(&bytes));
        prop_assert!(canonical::<Device>(&bytes));
        prop_assert!(canonical::<Frontier>(&bytes));
        prop_assert!(canonical::<Change>(&bytes));
        prop_assert!(canonical::<Link>(&bytes));
        prop_assert!(canonical::<Statement>(&bytes));
        prop_assert!(canonical::<Request>(&bytes));
        prop_assert!(canonical::<AnswerHead>(&bytes));
        prop_assert!(canonical::<Segment>(&bytes));
        prop_assert!(canonical::<BundleHead>(&bytes));
        prop_assert!(canonical::<Entry>(&bytes));
    }

    /// Bytes that begin well reach further into a reader than bytes that are all by chance.
    #[test]
    fn any_splice_of_two_samples_is_refused_or_canonical(one: usize, other: usize, at: usize, from: usize) {
        let samples = samples();
        let (one, other) = (&samples[one % samples.len()], &samples[other % samples.len()]);
        let head = &one.bytes[..at % (one.bytes.len() + 1)];
        let spliced = [head, &other.bytes[from % (other.bytes.len() + 1)..]].concat();
        for reader in [one.again, other.again] {
            if let Ok(again) = reader(&spliced) {
                prop_assert_eq!(&again, &spliced);
            }
        }
    }

    #[test]
    fn frames_come_out_whole_however_they_are_cut(
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..8),
        pieces in proptest::collection::vec(1_usize..20, 1..40),
    ) {
        let stream: Vec<u8> = contents.iter().flat_map(|bytes| frame(bytes)).collect();
        let (mut frames, mut out, mut at) = (Frames::default(), Vec::new(), 0);
        for size in pieces.iter().cycle() {
            let end = (at + size).min(stream.len());
            frames.push(&stream[at..end]);
            while let Some(whole) = frames.next(50).unwrap() {
                out.push(whole);
            }
            at = end;
            if at == stream.len() { break }
        }
        prop_assert_eq!(out, contents);
        prop_assert_eq!(frames.waiting(), 0);
    }
}

fn refused<T: Wire + std::fmt::Debug>(bytes: &[u8], expected: &Problem) {
    let error = T::from_bytes(bytes).unwrap_err();
    assert_eq!(&error.problem, expected, "{bytes:02x?}");
}

#[test]
fn k17_longer_forms_of_a_number_are_refused() {
    for bytes in [&[0x80, 0x00][..], &[0x81, 0x00], &[0xff, 0x80, 0x00], &[0x80, 0x80, 0x80, 0x00]] {
        refused::<u64>(bytes, &Problem::NotCanonical);
    }
    let largest = u64::MAX.to_bytes();
    assert_eq!(largest.len(), 10);
    let mut larger = largest.clone();
    larger[9] = 2;
    refused::<u64>(&larger, &Problem::NotCanonical);
    let mut longer = largest;
    longer[9] = 0x81;
    longer.push(0);
    refused::<u64>(&longer, &Problem::NotCanonical);
    refused::<u16>(&65_536_u64.to_bytes(), &Problem::TooLarge { value: 65_536, limit: 65_535 });
}

#[test]
fn k17_sets_in_another_order_and_doubled_entries_are_refused() {
    refused::<Set<u16, 8>>(&[2, 2, 1], &Problem::NotCanonical);
    refused::<Set<u16, 8>>(&[2, 1, 1], &Problem::NotCanonical);
    refused::<bool>(&[2], &Problem::Invalid("yes or no"));
    refused::<u8>(&[1, 0], &Problem::Trailing { extra: 1 });
    let mut frontier = super::samples::frontier().to_bytes();
    // Two chains, the first with two tips of 32 bytes behind 33 bytes: swapping the tips is no encoding.
    let (first, second) = (1 + 32 + 1, 1 + 32 + 1 + 32);
    assert!(Frontier::from_bytes(&frontier).is_ok());
    for at in 0..32 {
        frontier.swap(first + at, second + at);
    }
    refused::<Frontier>(&frontier, &Problem::NotCanonical);
}

#[test]
fn h08_a_count_is_checked_before_anything_is_allocated() {
    let over = |count: u64, limit: u64| Problem::TooLarge { value: count, limit };
    refused::<Bytes<8>>(&9_u64.to_bytes(), &over(9, 8));
    refused::<List<u8, 8>>(&u64::MAX.to_bytes(), &over(u64::MAX, 8));
    refused::<Bytes<{ usize::MAX }>>(&(1_u64 << 60).to_bytes(), &Problem::Truncated { missing: 1 << 60 });
    let chains = limits::FRONTIER as u64;
    refused::<Frontier>(&(chains + 1).to_bytes(), &over(chains + 1, chains));
    refused::<Frontier>(&chains.to_bytes(), &Problem::Truncated { missing: limits::FRONTIER });
    let mut frames = Frames::default();
    frames.push(&u32::MAX.to_le_bytes());
    assert_eq!(frames.next(100).unwrap_err().problem, over(u64::from(u32::MAX), 100));
}

#[test]
fn k07_other_versions_are_named_and_refused() {
    for (name, mut bytes) in
        [("header", full_header().to_bytes()), ("request", super::samples::request().to_bytes())]
    {
        for version in (0..=255).filter(|version| *version != 1) {
            bytes[0] = version;
            let again: fn(&[u8]) -> bool = match name {
                "header" => {
                    |bytes| Header::from_bytes(bytes).is_err_and(|error| error.problem == newer(bytes[0]))
                }
                _ => |bytes| {
                    RequestHead::from_bytes(bytes).is_err_and(|error| error.problem == newer(bytes[0]))
                },
            };
            assert!(again(&bytes), "{name} of version {version}");
        }
    }
}

fn newer(found: u8) -> Problem {
    Problem::Newer { found, known: 1 }
}

#[test]
fn headers_that_contradict_themselves_are_refused() {
    let check = |change: fn(&mut Header)| {
        let mut header = full_header();
        change(&mut header);
        let error = Header::from_bytes(&header.to_bytes()).unwrap_err();
        assert!(matches!(error.problem, Problem::Invalid(_)), "{error}");
    };
    assert!(Header::from_bytes(&full_header().to_bytes()).is_ok());
    check(|header| header.number = 0);
    check(|header| header.number = 1);
    check(|header| header.previous = Default::default());
    check(|header| header.padded_bytes = 256 * 1024 + 1);
    check(|header| header.key.0 = [0; 32]);
    check(|header| header.recipients = Some(header.content_root));
    check(|header| header.kind = tessera_protocol::header::PackKind::Welcome);
    check(|header| header.kind = tessera_protocol::header::PackKind::Statement);
}

#[test]
fn k10_weak_and_odd_public_keys_are_refused() {
    // The eight points of small order, in every encoding that a curve point of 32 bytes has.
    let orders = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    ];
    // Encodings that are not the canonical one: y ≥ p, or x = 0 with its sign set.
    let odd = [
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for hex in orders.iter().chain(&odd) {
        let bytes = tessera_protocol::hash::parse_hex::<32>(hex).unwrap();
        assert!(PublicKey::from_bytes(&bytes).is_err(), "{hex}");
        assert!(<PublicKey as Wire>::from_bytes(&bytes).is_err(), "{hex}");
    }
    assert!(PublicKey::from_bytes(&Key(1).public().to_bytes()).is_ok());
}

#[test]
fn errors_name_the_place() {
    let mut bytes = super::samples::request().to_bytes();
    let counter_at = 1 + 16 + 16 + 8;
    bytes[counter_at] = 0x80;
    bytes[counter_at + 1] = 0;
    let error = Request::from_bytes(&bytes).unwrap_err();
    assert_eq!(error.place, ["head", "caller", "counter"]);
    assert_eq!(error.at, counter_at);
    assert_eq!(error.to_string(), "head.caller.counter at byte 41: not the canonical encoding");
}

#[test]
fn the_list_of_refusals_and_the_limits_hold_together() {
    assert!(Refusal::ALL.len() < 256);
    let largest_header =
        limits::OPENINGS * (16 + 2 + 32) + limits::OPENINGS * 16 + limits::PREVIOUS * 32 + 512;
    assert!(largest_header <= limits::HEADER_BYTES, "{largest_header}");
    const { assert!(limits::PACK_BYTES >= limits::BODY_BYTES + limits::HEADER_BYTES + 64) };
}
