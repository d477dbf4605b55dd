//! What must not be readable in a relay's or courier's folder: every name, organisation, project title and address of
//! a sample, and twenty sentences of the answers. How they are looked for is in [`mod@crate::search`].

use std::collections::HashSet;

use serde::Serialize;

use crate::generate::Sample;

/// How many sentences are taken from the answers.
const SENTENCES: usize = 20;

/// Shortest sentence taken, in characters.
const SENTENCE_MIN_CHARS: usize = 40;

/// What a needle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NeedleKind {
    /// A person's name, own script or Latin: applicants, referees, reviewers.
    Name,
    /// An organisation.
    Organisation,
    /// A project's title.
    Title,
    /// An e-mail address.
    Email,
    /// A sentence of an answer.
    Sentence,
}

/// One text to look for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Needle {
    /// What it is.
    pub kind: NeedleKind,
    /// The text, as it stands in the record.
    pub text: String,
}

/// Collects the needles of a sample, each text once, in the order of the applicants.
#[must_use]
pub fn needles(sample: &Sample) -> Vec<Needle> {
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    let mut add = |kind, text: &str| {
        let text = text.trim();
        if !text.is_empty() && seen.insert(text.to_owned()) {
            out.push(Needle { kind, text: text.to_owned() });
        }
    };
    for applicant in &sample.applicants {
        add(NeedleKind::Name, &applicant.name);
        add(NeedleKind::Name, &applicant.name_latin);
        add(NeedleKind::Organisation, &applicant.organisation);
        add(NeedleKind::Title, &applicant.project);
        add(NeedleKind::Email, &applicant.email);
        for referee in &applicant.referees {
            add(NeedleKind::Name, &referee.name);
            add(NeedleKind::Email, &referee.email);
        }
    }
    for reviewer in &sample.reviewers {
        add(NeedleKind::Name, &reviewer.name);
        add(NeedleKind::Email, &reviewer.email);
        add(NeedleKind::Organisation, &reviewer.organisation);
    }
    for sentence in sentences(sample) {
        add(NeedleKind::Sentence, &sentence);
    }
    out
}

/// Takes sentences spread over applicants and questions, fewer where the sample has fewer.
fn sentences(sample: &Sample) -> Vec<String> {
    let answers: Vec<&str> = sample
        .applicants
        .iter()
        .flat_map(|a| a.answers.iter().map(String::as_str))
        .filter(|a| !a.is_empty())
        .collect();
    let mut out: Vec<String> = Vec::new();
    for i in 0..SENTENCES {
        // 37 is odd and prime, so the four questions and all the applicants take their turn.
        let Some(answer) = answers.get(i * answers.len() / SENTENCES + (i * 37) % 4) else { continue };
        let candidates: Vec<&str> =
            split(answer).filter(|s| s.chars().count() >= SENTENCE_MIN_CHARS).collect();
        // Every third from the end, where the paragraphs in the own script stand.
        let chosen = if i % 3 == 0 { candidates.last() } else { candidates.get(i % candidates.len().max(1)) };
        out.extend(chosen.map(|s| (*s).to_owned()));
    }
    out
}

/// Splits a text behind full stops; the stop belongs to the sentence.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(|line| line.split_inclusive(['.', '。', '।']))
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::generate;

    #[test]
    fn twenty_sentences_that_stand_in_one_answer_each() {
        let sample = generate(1, 60);
        let needles = needles(&sample);
        let sentences: Vec<_> = needles.iter().filter(|n| n.kind == NeedleKind::Sentence).collect();
        assert_eq!(sentences.len(), 20);
        for needle in sentences {
            let holders =
                sample.applicants.iter().filter(|a| a.answers.iter().any(|t| t.contains(&needle.text)));
            assert_eq!(holders.count(), 1, "{}", needle.text);
        }
        assert!(needles.len() > 400);
    }
}
