//! Attachments, identity files and recovery.

use std::collections::BTreeMap;

use tessera_protocol::codec::Wire;
use tessera_protocol::device::Form;

use super::*;
use crate::attachment::{
    self, AttachmentError, AttachmentKey, CHUNK_BYTES, Checker, Manifest, Opener, Sealer,
};
use crate::identity::{Cost, IdentityError, WORK_FLOOR, check_cost, open_identity, seal_identity};
use crate::keychain::{DoesNotFit, EntryId, UnlockKey, open_copy, seal_copy};
use crate::passphrase::Passphrase;
use crate::recovery::{EnvelopeError, Paper, PaperError, open_envelope, seal_envelope};
use crate::words;

fn contents(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 % 251) as u8).collect()
}

fn sealed(length: usize) -> (Manifest, Vec<u8>) {
    let key = AttachmentKey::generate(&mut rng(3));
    let name = "scan.pdf".try_into().unwrap();
    attachment::seal(key, &contents(length), "application/pdf".try_into().unwrap(), name).unwrap()
}

const SEALED_CHUNK: usize = CHUNK_BYTES + 16;

#[test]
fn attachments_of_any_length_come_back() {
    for length in [0, 1, 15, 4096, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_001] {
        let (manifest, sealed) = sealed(length);
        assert_eq!(sealed.len() as u64, attachment::sealed_bytes(length as u64).unwrap());
        assert_eq!(attachment::open(&manifest, &sealed).unwrap(), contents(length), "{length}");
        assert!(sealed.len() <= length * 112 / 100 + 16 * (length / CHUNK_BYTES + 2));
        // In pieces of any size, both ways.
        let mut sealer = Sealer::new(&manifest.key, length as u64).unwrap();
        let mut again = Vec::new();
        for piece in contents(length).chunks(997) {
            sealer.push(piece, &mut again).unwrap();
        }
        assert!(sealer.finish(&mut again).unwrap() == manifest.id && again == sealed);
        let mut checker = Checker::new(&manifest).unwrap();
        sealed.chunks(1009).for_each(|piece| checker.push(piece).unwrap());
        let mut opener = Opener::new(&checker.finish().unwrap());
        let mut opened = Vec::new();
        sealed.chunks(70_001).for_each(|piece| opener.push(piece, &mut opened).unwrap());
        opener.finish(&mut opened).unwrap();
        assert_eq!(opened, contents(length));
    }
    let key = AttachmentKey::generate(&mut rng(3));
    assert!(matches!(Sealer::new(&key, 64 << 20).err(), Some(AttachmentError::TooLarge)));
    assert!(matches!(Sealer::new(&key, u64::MAX).err(), Some(AttachmentError::TooLarge)));
    let mut sealer = Sealer::new(&key, 5).unwrap();
    assert_eq!(sealer.push(&[0; 6], &mut Vec::new()), Err(AttachmentError::Length));
    assert_eq!(Sealer::new(&key, 5).unwrap().finish(&mut Vec::new()), Err(AttachmentError::Length));
}

#[test]
fn k12_no_rearrangement_of_chunks_is_accepted() {
    let (manifest, sealed) = sealed(4 * CHUNK_BYTES);
    let chunks: Vec<&[u8]> = sealed.chunks(SEALED_CHUNK).collect();
    let (_, other) = {
        let key = AttachmentKey::generate(&mut rng(4));
        attachment::seal(key, &contents(4 * CHUNK_BYTES), Default::default(), Default::default()).unwrap()
    };
    let mut cases: Vec<Vec<u8>> = (0..=chunks.len())
        .flat_map(|at| [chunks[..at].concat(), chunks[at..].concat()])
        .filter(|case| *case != sealed)
        .collect();
    for a in 0..chunks.len() {
        for b in 0..chunks.len() {
            let mut order = chunks.clone();
            order.swap(a, b);
            cases.push(order.concat());
            order = chunks.clone();
            order.insert(b, chunks[a]);
            cases.push(order.concat());
            order = chunks.clone();
            order[a] = &other[b * SEALED_CHUNK..((b + 1) * SEALED_CHUNK).min(other.len())];
            cases.push(order.concat());
        }
    }
    let mut run = 0;
    for case in cases.into_iter().filter(|case| *case != sealed) {
        run += 1;
        assert_eq!(attachment::open(&manifest, &case), Err(AttachmentError::Failed));
        // Without the hash the chunks themselves refuse it: the second wall.
        let mut opened = Vec::new();
        let whole = {
            let mut checker = Checker::new(&manifest).unwrap();
            checker.push(&sealed).unwrap();
            checker.finish().unwrap()
        };
        let mut opener = Opener::new(&whole);
        let done = opener.push(&case, &mut opened).and_then(|()| opener.finish(&mut opened));
        assert_eq!(done, Err(AttachmentError::Failed));
    }
    assert!(run > 40, "{run}");
}

#[test]
fn k11_every_mutation_of_an_attachment_is_refused() {
    let (manifest, sealed) = sealed(1500);
    no_mutation("attachment", &sealed, |bytes| attachment::open(&manifest, bytes).is_ok());
    let longer = [&sealed[..], &[0]].concat();
    assert!(attachment::open(&manifest, &longer).is_err());
}

#[test]
fn k11_every_mutation_of_what_keeps_an_identity_is_refused() {
    let (secret, paper, passphrase) = (device(1), Paper::generate(&mut rng(6)), Passphrase::new("p"));
    // The cheapest work factor: what is tested is the file.
    let inside = crate::secret::encode("tessera/1 identity", &secret);
    let identity = crate::age_file::encrypt_passphrase(&passphrase, 1, &inside);
    let opens = |file: &[u8]| open_identity(file, &passphrase, Cost::Demo).is_ok();
    assert!(opens(&identity));
    no_mutation("identity", &identity, opens);
    let id = secret.id();
    let envelope = seal_envelope(&secret, &paper.device_secret().device()).unwrap();
    let opens = |file: &[u8]| open_envelope(file, &paper, id).is_ok();
    assert!(opens(&envelope));
    no_mutation("envelope", &envelope, opens);
}

#[test]
fn k13_a_manifest_binds_id_key_and_sizes_together() {
    let (one, sealed_one) = sealed(1000);
    let key = AttachmentKey::generate(&mut rng(5));
    let (two, sealed_two) =
        attachment::seal(key, &contents(1000), Default::default(), Default::default()).unwrap();
    assert!(attachment::open(&one, &sealed_two).is_err() && attachment::open(&two, &sealed_one).is_err());
    let spoil: [fn(&mut Manifest, &Manifest); 6] = [
        |manifest, other| manifest.id = other.id,
        |manifest, other| manifest.key = other.key.clone(),
        |manifest, _| manifest.size_bytes -= 1,
        |manifest, _| manifest.size_bytes += 10,
        |manifest, _| manifest.sealed_bytes += 1,
        |manifest, _| manifest.size_bytes = u64::MAX,
    ];
    for (index, spoil) in spoil.into_iter().enumerate() {
        let mut manifest = one.clone();
        spoil(&mut manifest, &two);
        assert!(attachment::open(&manifest, &sealed_one).is_err(), "{index}");
    }
    // One encoding, so that no merge can take the name of one and the key of another.
    let again = Manifest::from_bytes(&one.to_bytes()).unwrap();
    assert!(again.to_bytes() == one.to_bytes() && &*again.name == "scan.pdf");
}

#[test]
fn identities_open_with_their_passphrase_alone() {
    let secret = device(1);
    let passphrase = Passphrase::new("correct horse");
    let file = seal_identity(&secret, &passphrase, Cost::Demo);
    let opened = open_identity(&file, &Passphrase::new(" correct horse\n"), Cost::Demo).unwrap();
    assert_eq!(opened.device(), secret.device());
    assert_eq!(opened.database_key(), secret.database_key());
    let refused =
        |file: &[u8], passphrase: &str| open_identity(file, &Passphrase::new(passphrase), Cost::Demo).err();
    assert_eq!(refused(&file, "wrong"), Some(IdentityError::WrongPassphrase));
    assert_eq!(refused(&file[..file.len() - 1], "correct horse"), Some(IdentityError::Damaged));
    assert_eq!(refused(b"", "correct horse"), Some(IdentityError::Damaged));
    assert_eq!(refused(&vec![b'a'; 1 << 20], "correct horse"), Some(IdentityError::Damaged));
    let mut newer = crate::secret::encode("tessera/1 identity", &secret).to_vec();
    newer["tessera/1 identity".len() + 1] = 2;
    let newer = crate::age_file::encrypt_passphrase(&passphrase, 1, &newer);
    assert_eq!(refused(&newer, "correct horse"), Some(IdentityError::Newer));
}

#[test]
fn k19_a_cheap_identity_is_refused_outside_demonstrations() {
    let secret = device(1);
    let passphrase = Passphrase::new("p");
    let cheap = seal_identity(&secret, &passphrase, Cost::Demo);
    assert_eq!(
        open_identity(&cheap, &passphrase, Cost::Full).err(),
        Some(IdentityError::TooCheap { found: 10 })
    );
    for found in [1, WORK_FLOOR - 1] {
        let cheap = crate::age_file::encrypt_passphrase(&passphrase, found.min(4), b"x");
        let cheap = String::from_utf8_lossy(&cheap).replacen(
            &format!(" {}\n", found.min(4)),
            &format!(" {found}\n"),
            1,
        );
        let refused = open_identity(cheap.as_bytes(), &passphrase, Cost::Full).err();
        assert_eq!(refused, Some(IdentityError::TooCheap { found }));
    }
    // The floor: at least 256 MiB a guess. It is 512, as half of it stays below a second.
    assert_eq!(128 * 8 * (1_u64 << WORK_FLOOR), 512 << 20);
    let full = seal_identity(&secret, &passphrase, Cost::Full);
    assert!(String::from_utf8_lossy(&full[..100]).contains(" 19\n"));
    assert_eq!(open_identity(&full, &passphrase, Cost::Full).unwrap().id(), secret.id());
}

#[test]
fn k18_a_costly_identity_is_refused() {
    let file = seal_identity(&device(1), &Passphrase::new("p"), Cost::Demo);
    let start = file.windows(4).position(|four| four == b" 10\n").unwrap();
    for (found, text) in [(21, b" 21\n"), (30, b" 30\n"), (63, b" 63\n")] {
        let mut costly = file.clone();
        costly[start..start + 4].copy_from_slice(text);
        for lowest in [Cost::Demo, Cost::Full] {
            let refused = open_identity(&costly, &Passphrase::new("p"), lowest).err();
            assert_eq!(refused, Some(IdentityError::TooCostly { found }));
        }
    }
}

#[test]
fn k19_generated_passphrases_have_77_bits() {
    assert!((words::LIST as f64).log2() * 6.0 > 77.0);
    let mut random = rng(1);
    let mut counts = BTreeMap::new();
    for _ in 0..20_000 {
        for word in words::generate::<6>(&mut random) {
            *counts.entry(word).or_insert(0_u32) += 1;
        }
    }
    // 120,000 draws of 7,776: 15.4 each; a word that never came would be a one in five million chance.
    assert_eq!(counts.len(), words::LIST);
    assert!(counts.values().all(|&count| count < 50));
    let passphrase = Passphrase::generate(&mut rng(2));
    assert_eq!(passphrase.expose().split(' ').count(), 6);
    assert!(passphrase.strength(&[]).is_good());
    for weak in ["", "password", "Tessera2026", "aaaaaaaaaaaaaaaaaaaaaa", "qwertyuiop"] {
        assert!(!Passphrase::new(weak).strength(&["tessera"]).is_good(), "{weak}");
    }
    assert!(Passphrase::new(&"é".repeat(5000)).strength(&[]).bits.is_finite());
}

#[test]
fn words_of_a_hash_are_its_digits() {
    let mut number = [0; 32];
    assert_eq!(words::from_hash::<6>(&number), ["abacus"; 6]);
    number[31] = 1;
    let first = words::from_hash::<2>(&number);
    assert_eq!((first[0], first[1]), (diceware_wordlists::EFF_LONG_WORDLIST[1], "abacus"));
    (number[30], number[31]) = (0x1e, 0x60); // 7,776
    let second = words::from_hash::<2>(&number);
    assert_eq!((second[0], second[1]), ("abacus", diceware_wordlists::EFF_LONG_WORDLIST[1]));
    assert_eq!(words::normalise("  Abacus\n ABDOMEN "), "abacus abdomen");
}

#[test]
fn papers_are_read_however_they_are_typed() {
    let paper = Paper::generate(&mut rng(6));
    let written = paper.words();
    assert_eq!(written.split(' ').count(), 24);
    let short: Vec<&str> = written.split(' ').map(|word| &word[..word.len().min(4)]).collect();
    for typed in [
        written.to_string(),
        written.to_uppercase(),
        written.replace(' ', "\n\t "),
        format!("  {}  ", short.join("  ")),
    ] {
        assert!(Paper::from_words(&typed).is_ok_and(|read| read.expose() == paper.expose()), "{typed}");
    }
    let code = paper.code();
    for typed in [code.to_string(), code.to_lowercase(), format!(" {}\n", *code)] {
        assert!(Paper::from_code(&typed).is_ok_and(|read| read.expose() == paper.expose()));
    }
    let mut list: Vec<&str> = written.split(' ').collect();
    assert_eq!(Paper::from_words(&list[1..].join(" ")).err(), Some(PaperError::Count { found: 23 }));
    let last = list.pop().unwrap();
    list.push("zzzz");
    assert_eq!(Paper::from_words(&list.join(" ")).err(), Some(PaperError::Word { position: 24 }));
    list[23] = last;
    list.swap(0, 1);
    assert_eq!(Paper::from_words(&list.join(" ")).err(), Some(PaperError::Checksum));
    no_mutation("paper's code", code.as_bytes(), |bytes| {
        std::str::from_utf8(bytes).is_ok_and(|text| Paper::from_code(text).is_ok())
    });
}

#[test]
fn a_paper_is_a_device_and_opens_another() {
    let (secret, paper) = (device(1), Paper::generate(&mut rng(6)));
    let on_paper = paper.device_secret();
    assert_eq!(on_paper.device().form, Form::Paper);
    assert_eq!(on_paper.id(), paper.device_secret().id());
    let envelope = seal_envelope(&secret, &on_paper.device()).unwrap();
    let opened = open_envelope(&envelope, &paper, secret.id()).unwrap();
    assert_eq!(opened.device(), secret.device());
    assert_eq!(opened.database_key(), secret.database_key());
    // Anyone can write an age file: an envelope with another identity is refused.
    let forged = seal_envelope(&device(2), &on_paper.device()).unwrap();
    let failed = Some(EnvelopeError::Failed);
    assert_eq!(open_envelope(&forged, &paper, secret.id()).err(), failed);
    assert_eq!(open_envelope(&envelope, &Paper::generate(&mut rng(7)), secret.id()).err(), failed);
}

#[test]
fn a_keychains_key_and_the_file_open_together_and_in_no_other_pair() {
    let (secret, key) = (device(1), UnlockKey::generate(&mut rng(6)));
    let entry = EntryId::generate(&mut rng(8));
    let file = seal_copy(&secret, &key, entry);
    assert_eq!(EntryId::of(&file), Some(entry));
    let kept = UnlockKey::from_text(&key.to_text()).unwrap();
    let opened = open_copy(&file, &kept).unwrap();
    assert_eq!((opened.device(), opened.database_key()), (secret.device(), secret.database_key()));
    assert_eq!(open_copy(&file, &UnlockKey::generate(&mut rng(7))).err(), Some(DoesNotFit));
    let renamed = [&[0; 16][..], &file[16..]].concat();
    assert_eq!(open_copy(&renamed, &key).err(), Some(DoesNotFit));
    for length in 0..file.len() {
        assert_eq!(open_copy(&file[..length], &key).err(), Some(DoesNotFit), "{length}");
    }
    // An envelope behind the entry's name, and an envelope is tried with every value of every byte: here with each bit.
    for (at, bit) in (0..file.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut other = file.clone();
        other[at] ^= 1 << bit;
        assert_eq!(open_copy(&other, &key).err(), Some(DoesNotFit), "bit {bit} of byte {at}");
    }
    assert_eq!(EntryId::of(&file[..15]), None);
    let text = key.to_text();
    no_mutation("keychain's key", text.as_bytes(), |bytes| {
        std::str::from_utf8(bytes).is_ok_and(|text| UnlockKey::from_text(text).is_some())
    });
    for text in ["", "TESSERAKEY1", &Paper::from_bytes(key.expose()).code(), &key.to_text()[1..]] {
        assert!(UnlockKey::from_text(text).is_none(), "{text}");
    }
}

#[test]
fn k19_what_a_guess_costs_is_seen_without_a_guess() {
    let cheap = seal_identity(&device(1), &Passphrase::new("p"), Cost::Demo);
    assert!(matches!(check_cost(&cheap, Cost::Full), Err(IdentityError::TooCheap { found: 10 })));
    assert_eq!(check_cost(&cheap, Cost::Demo), Ok(()));
    assert_eq!(check_cost(&cheap[..40], Cost::Demo), Err(IdentityError::Damaged));
    let no_identity =
        seal_copy(&device(1), &UnlockKey::generate(&mut rng(6)), EntryId::generate(&mut rng(8)));
    assert_eq!(check_cost(&no_identity[16..], Cost::Demo), Err(IdentityError::Damaged));
}
