//! Workload W(A), the shape that the benchmarks measure: A applications of about twenty short fields and four essays
//! of 1,500 characters, three reviews each, and an offline day of edits. The text is invented words in Zipf's
//! frequencies, so that it compresses about as well as English prose does. With [`SEED`] the documents are those of
//! the reference figures. The readable applicants of the demo are in [`mod@crate::generate`].

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write as _};
use std::path::Path;
use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::rng::Rng;

mod words;

use words::Words;

/// The seed of the reference figures.
pub const SEED: u64 = 0x7e55_e7a0;

/// The criteria of every review.
pub const CRITERIA: [&str; 6] = ["impact", "feasibility", "team", "budget", "originality", "fit"];

/// Reviews of each application.
pub const REVIEWS: usize = 3;

/// Longest line read, in bytes; the longest written is below 10,000.
const LINE_MAX_BYTES: u64 = 1 << 20;

/// Most lines read from one file.
const LINES_MAX: usize = 4_000_000;

/// One document of the workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Document {
    /// An application.
    Application(Box<Application>),
    /// A review of the application before it.
    Review(Review),
}

/// An application, 6.7 KB as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields mean nothing beyond their names; only their sizes matter")]
pub struct Application {
    pub id: String,
    pub programme: String,
    pub track: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub organisation: String,
    pub city: String,
    pub region: String,
    pub country: String,
    pub website: String,
    pub title: String,
    pub stage: String,
    pub amount: u64,
    pub currency: String,
    pub duration_months: u64,
    pub team_size: u64,
    pub founded: u64,
    pub start_date: String,
    pub submitted_at: String,
    pub language: String,
    pub referral: String,
    pub keywords: Vec<String>,
    pub status: String,
    pub essays: BTreeMap<String, String>,
}

/// A review, 1.6 KB as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields mean nothing beyond their names; only their sizes matter")]
pub struct Review {
    pub id: String,
    pub application: String,
    pub reviewer: String,
    pub status: String,
    pub scores: BTreeMap<String, i64>,
    pub comments: BTreeMap<String, String>,
    pub overall: String,
}

/// One edit of the offline day; one change of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// Index of the document.
    pub doc: usize,
    /// Keys from the root of the document.
    pub path: Vec<String>,
    /// What happens there.
    #[serde(flatten)]
    pub change: Change,
}

/// What an edit does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Puts a value in the place of the old one.
    Set(serde_json::Value),
    /// Writes behind the text that is there.
    Append(String),
}

/// A written workload, read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Four for each application: itself and its three reviews.
    pub documents: Vec<Document>,
    /// The offline day.
    pub edits: Vec<Edit>,
}

static WORDS: LazyLock<(u64, Words)> = LazyLock::new(|| (SEED, Words::new(SEED ^ 1)));

/// Yields the documents of W(`applications`): application, review, review, review, application, …
pub fn workload(seed: u64, applications: usize) -> impl Iterator<Item = Document> {
    let own = (seed != WORDS.0).then(|| Words::new(seed ^ 1));
    (0..applications * (1 + REVIEWS))
        .map(move |index| document(seed, own.as_ref().unwrap_or(&WORDS.1), index))
}

fn document(seed: u64, words: &Words, index: usize) -> Document {
    let application = index / (1 + REVIEWS);
    match index % (1 + REVIEWS) {
        0 => Document::Application(Box::new(make_application(seed, words, application))),
        review => Document::Review(make_review(seed, words, application, review - 1)),
    }
}

fn make_application(seed: u64, words: &Words, i: usize) -> Application {
    let r = &mut Rng::new(seed ^ 0xA000_0000 ^ ((i as u64) << 32));
    let (first, last) = (words.name(r), words.name(r));
    let organisation = format!("{} {}", words.name(r), r.pick(&["Trust", "Labs", "Collective", "Ltd"]));
    // The order of the draws below is the order of the fields.
    Application {
        id: format!("app-{i:05}"),
        programme: "spring-2027".to_owned(),
        track: (*r.pick(&["health", "climate", "education", "civic", "food"])).to_owned(),
        name: format!("{first} {last}"),
        email: format!("{}.{}@{}.example", first.to_lowercase(), last.to_lowercase(), words.word(r)),
        phone: format!("+{} {} {:06}", 20 + r.below(200), 100 + r.below(800), r.below(1_000_000)),
        organisation,
        city: words.name(r),
        region: words.name(r),
        country: (*r.pick(&["KE", "NG", "IN", "BD", "PE", "PH", "MZ", "NP"])).to_owned(),
        website: format!("https://{}.example/{}", words.word(r), words.word(r)),
        title: words.text(r, 60),
        stage: (*r.pick(&["idea", "pilot", "scaling"])).to_owned(),
        amount: 5_000 + 250 * r.below(400) as u64,
        currency: "USD".to_owned(),
        duration_months: 3 + r.below(33) as u64,
        team_size: 1 + r.below(40) as u64,
        founded: 1_990 + r.below(36) as u64,
        start_date: format!("2027-{:02}-{:02}", 1 + r.below(12), 1 + r.below(28)),
        submitted_at: format!(
            "2026-10-{:02}T{:02}:{:02}:{:02}Z",
            1 + r.below(30),
            r.below(24),
            r.below(60),
            r.below(60)
        ),
        language: (*r.pick(&["en", "fr", "es", "pt", "sw"])).to_owned(),
        referral: (*r.pick(&["friend", "web", "radio", "event", "other"])).to_owned(),
        keywords: (0..4).map(|_| words.word(r).to_owned()).collect(),
        status: "submitted".to_owned(),
        essays: ["problem", "approach", "team", "budget"]
            .map(|key| (key.to_owned(), words.text(r, 1_500)))
            .into(),
    }
}

fn make_review(seed: u64, words: &Words, i: usize, k: usize) -> Review {
    let r = &mut Rng::new(seed ^ 0xB000_0000 ^ ((i as u64) << 32) ^ ((k as u64) << 24));
    let (mut scores, mut comments) = (BTreeMap::new(), BTreeMap::new());
    for criterion in CRITERIA {
        scores.insert(criterion.to_owned(), i64::try_from(r.below(6)).expect("below 6"));
        comments.insert(criterion.to_owned(), words.text(r, 120));
    }
    Review {
        id: format!("rev-{i:05}-{k}"),
        application: format!("app-{i:05}"),
        reviewer: format!("reviewer-{:02}", (i * REVIEWS + k) % 40),
        status: "submitted".to_owned(),
        scores,
        comments,
        overall: words.text(r, 600),
    }
}

/// Makes the offline day of W(`applications`): `reviews` first reviews spread over the applications, 15 edits each.
#[must_use]
pub fn edits(seed: u64, applications: usize, reviews: usize) -> Vec<Edit> {
    let words = Words::new(seed ^ 1);
    let r = &mut Rng::new(seed ^ 0xD000_0000);
    let mut out = Vec::with_capacity(reviews * 15);
    if applications == 0 {
        return out;
    }
    for j in 0..reviews {
        let application = j * applications / reviews;
        let doc = application * (1 + REVIEWS) + 1;
        let review = make_review(seed, &words, application, 0);
        let mut edit = |path: &[&str], change| {
            out.push(Edit { doc, path: path.iter().map(|p| (*p).to_owned()).collect(), change });
        };
        edit(&["status"], Change::Set("reopened".into()));
        for criterion in CRITERIA {
            // Never the value that is there: that would be no change at all.
            let new = (review.scores[criterion] + 1 + i64::try_from(r.below(5)).expect("below 5")) % 6;
            edit(&["scores", criterion], Change::Set(new.into()));
            edit(&["comments", criterion], Change::Append(words.text(r, 120)));
        }
        edit(&["overall"], Change::Append(words.text(r, 600)));
        edit(&["status"], Change::Set("resubmitted".into()));
    }
    out
}

/// Writes `docs.jsonl` and `edits.jsonl` of W(`applications`) with an offline day of 50 reviews into `dir`.
///
/// # Errors
/// Returns what the file system says.
pub fn write(dir: &Path, seed: u64, applications: usize) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    write_lines(&dir.join("docs.jsonl"), workload(seed, applications))?;
    write_lines(&dir.join("edits.jsonl"), edits(seed, applications, 50).into_iter())
}

/// Reads a written workload: `docs.jsonl`, and `edits.jsonl` where there is one.
///
/// # Errors
/// Returns what the file system says, and `InvalidData` with the line's number for a line that is too long or no
/// document.
pub fn read(dir: &Path) -> io::Result<Workload> {
    let edits = dir.join("edits.jsonl");
    Ok(Workload {
        documents: read_lines(&dir.join("docs.jsonl"))?,
        edits: if edits.exists() { read_lines(&edits)? } else { Vec::new() },
    })
}

fn write_lines<T: Serialize>(path: &Path, items: impl Iterator<Item = T>) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for item in items {
        serde_json::to_writer(&mut out, &item)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

fn read_lines<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    let mut input = BufReader::new(File::open(path)?);
    let (mut out, mut line) = (Vec::new(), Vec::new());
    for number in 1..=LINES_MAX {
        line.clear();
        let bad = |why: String| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}:{number}: {why}", path.display()))
        };
        let read = input.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(out);
        }
        if read as u64 == LINE_MAX_BYTES {
            return Err(bad("line too long".to_owned()));
        }
        out.push(serde_json::from_slice(&line).map_err(|e| bad(e.to_string()))?);
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, format!("{}: too many lines", path.display())))
}

#[cfg(test)]
mod tests;
