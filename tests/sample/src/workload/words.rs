//! Invented words in Zipf's frequencies, and text made of them. Meaningless on purpose; readable text is in
//! `grammar`.

use std::collections::HashSet;

use crate::rng::Rng;

const VOCABULARY: usize = 6_000;

const ONSETS: [&str; 24] = [
    "b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "pr", "ch", "th",
    "gr", "cl", "sp", "qu",
];
const NUCLEI: [&str; 10] = ["a", "e", "i", "o", "u", "ea", "io", "ou", "ai", "ee"];
const CODAS: [&str; 16] = ["", "", "", "n", "r", "s", "t", "l", "d", "m", "nt", "st", "ng", "ck", "rs", "ly"];

/// A vocabulary of pronounceable words; the n-th is drawn with a weight of 1 / (n + 2.7).
pub(super) struct Words {
    words: Vec<String>,
    cumulative: Vec<f64>,
}

impl Words {
    pub(super) fn new(seed: u64) -> Self {
        let r = &mut Rng::new(seed);
        let mut words = Vec::with_capacity(VOCABULARY);
        let mut seen = HashSet::new();
        while words.len() < VOCABULARY {
            // Frequent words are short.
            let syllables = if words.len() < 120 { 1 } else { 1 + r.below(3) };
            let word: String = (0..syllables)
                .map(|_| [*r.pick(&ONSETS), *r.pick(&NUCLEI), *r.pick(&CODAS)].concat())
                .collect();
            if seen.insert(word.clone()) {
                words.push(word);
            }
        }
        let mut total = 0.0;
        let mut cumulative: Vec<f64> = (0..words.len())
            .map(|n| {
                total += 1.0 / (n as f64 + 2.7);
                total
            })
            .collect();
        cumulative.iter_mut().for_each(|c| *c /= total);
        Self { words, cumulative }
    }

    pub(super) fn word(&self, r: &mut Rng) -> &str {
        let x = r.unit();
        let index = self.cumulative.partition_point(|c| *c < x);
        &self.words[index.min(self.words.len() - 1)]
    }

    /// Returns a rare word with a capital.
    pub(super) fn name(&self, r: &mut Rng) -> String {
        crate::grammar::capitalised(&self.words[500 + r.below(5_000)])
    }

    /// Returns sentences of `length` bytes, 15 % more or less.
    pub(super) fn text(&self, r: &mut Rng, length: usize) -> String {
        let length = length * (85 + r.below(31)) / 100;
        let mut text = String::with_capacity(length + 200);
        while text.len() < length {
            let count = 6 + r.below(16);
            for i in 0..count {
                let word = self.word(r);
                if i == 0 {
                    text.push_str(&crate::grammar::capitalised(word));
                } else {
                    text.push_str(word);
                }
                if i + 1 < count {
                    text.push_str(if i % 7 == 6 { ", " } else { " " });
                }
            }
            text.push_str(if r.below(12) == 0 { ".\n\n" } else { ". " });
        }
        text.truncate(length);
        text
    }
}
