//! Games in which somebody guesses what is sealed, from sizes, roots, paths and ids.

use chacha20::rand_core::Rng;
use tessera_protocol::hash::Hash;

use super::*;
use crate::attachment;
use crate::content::{Path, Seed, leaf_hash, root};

fn digits(rng: &mut impl Rng, count: usize) -> String {
    (0..count).map(|_| char::from(b'0' + (rng.next_u32() % 10) as u8)).collect()
}

/// The attacker writes a text that is sealed in the same pack as a secret, and sees the pack's size. He knows
/// everything but which of two numbers the secret is, tunes the length of his text, and sees what sizes both
/// would give.
#[test]
fn k25_sizes_tell_nothing_of_a_secret_beside_an_outsider_s_text() {
    const TRIALS: usize = 1000;
    let secret = device(1);
    let size = |text: &str, note: &str, grants: bool| {
        let mut entries = vec![outside(text), own(note)];
        if grants {
            entries.push(Entry::Other(Item::Grant(grant(9))));
        }
        seal(&key(1), draft(&secret), entries, &mut rng(5)).unwrap().header().padded_bytes
    };
    let together =
        |text: &str, note: &str| zstd::bulk::compress((text.to_owned() + note).as_bytes(), 3).unwrap().len();
    let mut random = rng(25);
    let (mut right, mut right_without_defence) = (0, 0);
    for trial in 0..TRIALS {
        let numbers = [digits(&mut random, 12), digits(&mut random, 12)];
        let note = |number: &str| format!("The applicant's passport has the number {number}.");
        let filler = digits(&mut random, trial % 96);
        let text = format!("{filler} passport has the number {} {0}", numbers[0]);
        let chosen = (random.next_u32() % 2) as usize;
        let coin = (random.next_u32() % 2) as usize;
        let guess = |seen: usize, sizes: [usize; 2]| match sizes[0].cmp(&sizes[1]) {
            std::cmp::Ordering::Equal => coin,
            _ => usize::from(seen == sizes[1]),
        };
        let sizes =
            [&numbers[0], &numbers[1]].map(|number| size(&text, &note(number), trial % 2 == 0) as usize);
        right += usize::from(guess(sizes[chosen], sizes) == chosen);
        let sizes = [&numbers[0], &numbers[1]].map(|number| together(&text, &note(number)));
        right_without_defence += usize::from(guess(sizes[chosen], sizes) == chosen);
    }
    // Chance is 500 with a standard deviation of 16.
    assert!((450..=550).contains(&right), "{right} of {TRIALS}");
    assert!(right_without_defence > 900, "the game has no teeth: {right_without_defence}");
}

/// Keys never meet an outsider's text inside a compressor: the size is the same whatever the key is.
#[test]
fn k25_sizes_tell_nothing_of_a_key() {
    let secret = device(1);
    let size = |of: u8| {
        let text = "0707070707".repeat(30);
        let entries = vec![outside(&text), Entry::Other(Item::Grant(grant(of)))];
        seal(&key(1), draft(&secret), entries, &mut rng(5)).unwrap().header().padded_bytes
    };
    assert!((0..=255).all(|of| size(of) == size(0)));
}

/// A reader of one released review knows its salt and path, and guesses the scores beside it.
#[test]
fn k30_a_guess_cannot_be_tested_without_the_salt() {
    let review = |scores: [u8; 2]| leaf(&change(&format!("{scores:?}")));
    let truth = [4, 2];
    let seed = Seed::generate(&mut rng(30));
    let hashed = |index: u32, leaf| leaf_hash(&seed.salt(index), PROGRAMME, &leaf);
    let leaves = [hashed(0, review([1, 1])), hashed(1, review(truth)), hashed(2, review([5, 5]))];
    let (top, path) = (root(&leaves).unwrap(), Path::new(&leaves, 0).unwrap());
    let shown: Vec<Hash> = path.beside.iter().copied().chain([top]).collect();
    let known = [[0; 32], seed.salt(0), [255; 32], top.0];
    let mut matches = Vec::new();
    for guess in (0..=10).flat_map(|a| (0..=10).map(move |b| [a, b])) {
        for salt in known {
            let tried = leaf_hash(&salt, PROGRAMME, &review(guess));
            if shown.contains(&tried) || root(&[leaves[0], tried, leaves[2]]) == Some(top) {
                matches.push(guess);
            }
        }
    }
    assert!(matches.is_empty(), "the right guess and a wrong one must look the same");
    // With the salt the guess is confirmed: it is the salt alone that hides it.
    assert!(shown.contains(&leaf_hash(&seed.salt(1), PROGRAMME, &review(truth))));
    // Equal content has unequal leaves, in one pack and in two.
    assert_ne!(hashed(0, review(truth)), hashed(1, review(truth)));
    let [one, two] = [1, 2].map(|by| {
        let sealed = seal(&key(1), draft(&device(1)), vec![own("[4, 2]")], &mut rng(by)).unwrap();
        (sealed.header().content_root, sealed.body().to_vec())
    });
    assert!(one.0 != two.0 && one.1 != two.1);
}

/// Somebody holds the file and asks the relay whether it has it.
#[test]
fn k28_an_attachment_s_id_confirms_no_guess() {
    let seal = |by: u8, contents: &[u8]| {
        let key = attachment::AttachmentKey::generate(&mut rng(by));
        attachment::seal(key, contents, Default::default(), Default::default()).unwrap()
    };
    let file = b"a public report".repeat(1000);
    let ((one, sealed), (two, again)) = (seal(1, &file), seal(2, &file));
    assert!(one.id != two.id && sealed != again);
    // Nor does the exact size: lengths of one class look alike.
    assert_eq!(seal(3, &vec![1; 100_001]).0.sealed_bytes, seal(4, &vec![1; 100_300]).0.sealed_bytes);
}
