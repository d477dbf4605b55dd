//! Dossiers for people outside: applications as one document, or as one for each, PDF or a web page. What goes in is the engine's
//! ([`tessera_engine::papers`]); how a document is set is `tessera_report`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tessera_engine::home::{HomeError, write_atomically};
use tessera_engine::papers::{Inside, Paper, Rulings};
use tessera_engine::programme::round;
use tessera_engine::reviews::Reviewed;
use tessera_model::documents::{Answer, Outcome, Pin, Settled, Verdict};
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};
use tessera_report::document::{Block, Column, Frame, Section, Table};
use tessera_report::{Document, ReportError, plain, written};

use super::Left;
use super::words::Words;
use crate::names::Names;
use crate::save::{free_name, plain_name};
use crate::session::{Session, SessionError};
use crate::wording::{Labels, in_order};

/// What a list of dossiers is called in the log of exports.
const WHAT: &str = "dossier";
/// Languages of a window that are read from right to left.
const FROM_RIGHT: [&str; 4] = ["ar", "fa", "he", "ur"];
/// Folders that are tried before a person has to choose another place.
const FOLDERS: u32 = 1_000;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The applications, in the order in which they stand.
    pub applications: &'a [ApplicationId],
    /// What goes in beside what every reader may read.
    pub inside: Inside,
    /// The language of labels, as a tag.
    pub language: &'a str,
    /// The words around them.
    pub words: Words,
}

/// What they are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A PDF with its own letters.
    Pdf,
    /// A web page without scripts, in the letters of the reader's device.
    Html,
}

impl Form {
    /// The ending of the file's name.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Html => "html",
        }
    }
}

/// Why dossiers could not be written; nothing of them is left then.
#[derive(Debug, thiserror::Error)]
pub enum DossierError {
    /// The document.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The disk.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// What was collected from a home; it becomes files without it.
pub struct Dossiers {
    papers: Vec<Paper>,
    programme: Programme,
    title: String,
    names: Names,
    inside: Inside,
    language: String,
    words: Words,
    demo: bool,
}

impl Dossiers {
    /// Collects what is wanted.
    ///
    /// # Errors
    /// [`SessionError`]; among others where this is no coordinator's home, or an application is not here.
    pub fn collect(session: &mut Session, wanted: Wanted<'_>) -> Result<Self, SessionError> {
        let Wanted { applications, inside, language, words } = wanted;
        let (programme, title, papers) = session.together(|acts| {
            let (_, programme) = acts.programme()?;
            let papers = acts.dossiers_on_paper(&programme, applications, inside)?;
            Ok((programme, acts.title()?, papers))
        })?;
        let names = Names::of(session)?;
        let demo = session.is_demo();
        Ok(Self { papers, programme, title, names, inside, language: language.to_owned(), words, demo })
    }

    /// What is noted of them.
    #[must_use]
    pub fn left(&self, form: Form) -> Left {
        let reviews = self.papers.iter().map(|paper| paper.reviews.len()).sum();
        Left::now(WHAT, form.ending(), &self.inside.words(), self.papers.len(), reviews)
    }

    /// What the file of all of them is called where nobody says otherwise.
    #[must_use]
    pub fn file_name(&self, form: Form) -> String {
        match self.papers.as_slice() {
            [one] => plain_name(&format!("{}.{}", one.label, form.ending())),
            _ => format!("dossiers.{}", form.ending()),
        }
    }

    /// All of them as one document.
    ///
    /// # Errors
    /// [`ReportError`].
    pub fn to_bytes(&self, form: Form) -> Result<Vec<u8>, ReportError> {
        bytes(&self.document(&self.papers), form)
    }

    /// Writes each as a file of its own into a folder that is made for them. Nothing is overwritten, and after a failure nothing
    /// is left.
    ///
    /// # Errors
    /// [`DossierError`]; among others where the folder is there.
    pub fn write_each(&self, form: Form, folder: &Path) -> Result<usize, DossierError> {
        fs::create_dir(folder).map_err(|source| HomeError::Io { path: folder.to_owned(), source })?;
        let mut taken = BTreeSet::new();
        let written = self.papers.iter().try_for_each(|paper| {
            let name = free_name(&format!("{}.{}", paper.label, form.ending()), &mut taken);
            let bytes = bytes(&self.document(std::slice::from_ref(paper)), form)?;
            write_atomically(&folder.join(name), &bytes)?;
            Ok::<(), DossierError>(())
        });
        if let Err(error) = written {
            // The first failure is the one to report.
            drop(fs::remove_dir_all(folder));
            return Err(error);
        }
        Ok(self.papers.len())
    }

    /// As [`Dossiers::write_each`], into a new folder of a place that a person chose; gives it.
    ///
    /// # Errors
    /// [`DossierError`].
    pub fn write_each_in(&self, form: Form, place: &Path) -> Result<PathBuf, DossierError> {
        for number in 1..FOLDERS {
            let name = if number == 1 { "dossiers".to_owned() } else { format!("dossiers-{number}") };
            let folder = place.join(name);
            match self.write_each(form, &folder) {
                Err(DossierError::Home(HomeError::Io { path, source }))
                    if path == folder && source.kind() == io::ErrorKind::AlreadyExists => {}
                done => return done.map(|_| folder),
            }
        }
        let source = io::Error::from(io::ErrorKind::AlreadyExists);
        Err(HomeError::Io { path: place.to_owned(), source }.into())
    }

    fn document(&self, papers: &[Paper]) -> Document {
        let Words { contents, lacking, lacking_text, not_sealed, made, demo, applications, .. } = &self.words;
        let count = format!("{applications}: {}", papers.len());
        let demo = if self.demo { demo.as_str() } else { "" };
        let mut beside = vec![count.as_str(), made.as_str(), not_sealed.as_str(), demo];
        beside.retain(|text| !text.is_empty());
        Document {
            title: line(&self.title),
            subtitle: beside.join(" · "),
            frame: Frame {
                language: plain(&self.language, 20).into(),
                right_to_left: FROM_RIGHT.contains(&self.language.as_str()),
                contents: contents.clone().into(),
                lacking: lacking.clone().into(),
                lacking_text: lacking_text.clone().into(),
            },
            sections: papers.iter().zip(1..).map(|(paper, number)| self.section(number, paper)).collect(),
        }
    }

    fn labels(&self) -> Labels<'_> {
        Labels::new(&self.programme, &self.language)
    }

    fn section(&self, number: usize, paper: &Paper) -> Section {
        // The first answer of the form is usually the name; without identity it is not at hand where it is one.
        let first = self.programme.fields.first().map(|field| field.key.as_str());
        let title = first.and_then(|key| paper.identity.get(key).or_else(|| paper.read.get(key)));
        let title = match title {
            Some(title) => format!("{} · {title}", paper.label),
            None => paper.label.clone(),
        };
        let mut blocks = Vec::new();
        if self.inside.identity {
            blocks.push(Block::Title(self.words.identity.clone()));
            self.answers(&paper.identity, &mut blocks);
        }
        blocks.push(Block::Title(self.words.answers.clone()));
        self.answers(&paper.read, &mut blocks);
        blocks.push(Block::Title(self.words.files.clone()));
        blocks.push(self.files(paper));
        if self.inside.scores {
            blocks.push(Block::Title(self.words.reviews.clone()));
            self.reviews(paper, &mut blocks);
        }
        if let Some(rulings) = &paper.rulings {
            blocks.push(Block::Title(self.words.rulings.clone()));
            self.rulings(rulings, &mut blocks);
        }
        let (id, title) = (format!("a-{number}").into(), line(&title).into());
        Section { id, title, text: Vec::new(), figures: Vec::new(), blocks }
    }

    fn answers(&self, answers: &BTreeMap<String, String>, blocks: &mut Vec<Block>) {
        if answers.is_empty() {
            blocks.push(Block::Written(vec![self.words.answers_none.clone()]));
        }
        let labels = self.labels();
        for (key, value) in in_order(&self.programme, answers) {
            blocks.push(Block::Asked(line(&labels.field(key))));
            blocks.push(Block::Written(written(&labels.answer(key, value))));
        }
    }

    fn files(&self, paper: &Paper) -> Block {
        let words = &self.words;
        let all: Vec<_> = paper.files.originals().collect();
        if all.is_empty() {
            return Block::Written(vec![words.files_none.clone()]);
        }
        let told = all.iter().any(|(_, file)| file.referee.is_some());
        let mut columns = vec![text(&words.file_what), text(&words.file_name), text(&words.file_kind)];
        columns.extend(told.then(|| text(&words.referee)));
        columns.push(Column { title: words.file_size.clone().into(), number: true });
        let rows = all.into_iter().map(|((slot, _), file)| {
            let light =
                if file.light { format!("{} ({})", file.name, words.light) } else { file.name.clone() };
            let mut row = vec![line(&self.labels().slot(slot)), line(&light), line(&file.media_type)];
            row.extend(told.then(|| line(file.referee.as_deref().unwrap_or_default())));
            row.push(grouped(file.size_bytes.div_ceil(1_000)));
            row
        });
        table(&words.files_text, columns, rows.collect())
    }

    fn reviews(&self, paper: &Paper, blocks: &mut Vec<Block>) {
        if paper.reviews.is_empty() {
            blocks.push(Block::Written(vec![self.words.reviews_none.clone()]));
        }
        for (number, review) in (1..).zip(&paper.reviews) {
            self.review(number, paper, review, blocks);
        }
    }

    fn review(&self, number: usize, paper: &Paper, review: &Reviewed, blocks: &mut Vec<Block>) {
        let (words, labels) = (&self.words, self.labels());
        let Ok(counted) = &review.counts else { return };
        let reader = match self.inside.names {
            true => self.names.handle(review.member),
            false => format!("{} {number}", words.reader),
        };
        let key = self.round(review.round);
        let mut head = vec![reader, labels.round(key), format!("{} {}", words.revision, counted.revision)];
        head.extend(counted.confidence.map(|sure| format!("{}: {sure}", words.sure)));
        head.extend((!review.recorded_by.is_empty()).then(|| words.taken_down.clone()));
        head.retain(|part| !part.is_empty());
        let rules = Policy::of_round(&self.programme, key).map(|policy| policy.criteria).unwrap_or_default();
        let scored = self.programme.scored().map(|one| one.key.as_str());
        let pins = review.pins();
        let asked = |key: &str| {
            rules.iter().any(|rule| rule.key == key)
                || counted.values.contains_key(key)
                || counted.comments.contains_key(key)
                || pins.contains_key(key)
        };
        let mut keys: Vec<&str> = scored.filter(|key| asked(key)).collect();
        // What the programme does not score any more comes last.
        for key in counted.values.keys().chain(counted.comments.keys()).chain(pins.keys()) {
            if !keys.contains(&key.as_str()) {
                keys.push(key);
            }
        }
        let rows = keys.iter().map(|key| {
            let score = match counted.values.get(*key) {
                Some(Answer::Score(score)) => score.to_string(),
                Some(Answer::NotApplicable { reason }) => {
                    cell(&format!("{}\n{reason}", words.not_applicable))
                }
                None => words.not_answered.clone(),
            };
            vec![line(&labels.criterion(key)), score]
        });
        let columns = vec![text(&words.criterion), text(&words.score)];
        blocks.push(table(&line(&head.join(" · ")), columns, rows.collect()));
        for key in keys {
            let mut comment = written(counted.comments.get(key).map_or("", String::as_str));
            comment
                .extend(pins.get(key).map(|pin| format!("{} {}", words.points_to, self.place(paper, pin))));
            if !comment.is_empty() {
                blocks.push(Block::Asked(line(&labels.criterion(key))));
                blocks.push(Block::Written(comment));
            }
        }
        let overall = written(&counted.overall);
        if !overall.is_empty() {
            blocks.push(Block::Asked(words.overall.clone()));
            blocks.push(Block::Written(overall));
        }
    }

    fn rulings(&self, rulings: &Rulings, blocks: &mut Vec<Block>) {
        let words = &self.words;
        blocks.push(Block::Asked(words.outcome.clone()));
        blocks.push(Block::Written(vec![self.outcome(&rulings.judged.outcome).to_owned()]));
        if let Some(withdrawn) = &rulings.withdrawn {
            blocks.push(Block::Asked(words.withdrawn.clone()));
            blocks.push(Block::Written(written(&withdrawn.reason)));
        }
        let labels = self.labels();
        let rows = self.programme.gates.iter().map(|gate| {
            let key = gate.key.as_str();
            let decided = rulings.judged.read.value.gates.get(key);
            let said = rulings.judged.verdicts.get(key).map(Vec::as_slice).unwrap_or_default();
            let verdict = match decided.map(|one| one.verdict) {
                _ if said.len() > 1 => &words.two_verdicts,
                Some(Verdict::Met) => &words.met,
                Some(Verdict::NotMet) => &words.not_met,
                Some(Verdict::Open) => &words.open,
                None => &words.no_verdict,
            };
            let why = decided.map(|one| format!("{}\n{}", one.evidence, one.reason)).unwrap_or_default();
            vec![
                line(&labels.said(&gate.question)),
                verdict.clone(),
                cell(&why),
                self.by(said.iter().filter_map(|one| one.by)),
            ]
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            let columns = [&words.condition, &words.verdict, &words.reason, &words.by].map(|word| text(word));
            blocks.push(table(&words.conditions, columns.into(), rows));
        }
        self.exception(rulings, blocks);
        let rows = rulings.moderated.iter().map(|one| {
            let key = self.round(one.round);
            let verdict = match one.verdict {
                _ if one.contested => &words.two_verdicts,
                Some(Settled::Keep) => &words.keep,
                Some(Settled::AnotherReader) => &words.another_reader,
                Some(Settled::Meeting) => &words.meeting,
                // A word of a later version is shown as it is.
                None => one.said.first().map_or(&words.no_verdict, |said| &said.what),
            };
            let outdated = if one.outdated { words.outdated.as_str() } else { "" };
            let why = format!("{}\n{outdated}", one.reason);
            vec![line(&labels.round(key)), line(verdict), cell(&why), self.by(one.by.iter().copied())]
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            let columns = [&words.round, &words.verdict, &words.reason, &words.by].map(|word| text(word));
            blocks.push(table(&words.moderation, columns.into(), rows));
        }
    }

    fn exception(&self, rulings: &Rulings, blocks: &mut Vec<Block>) {
        let words = &self.words;
        let judged = &rulings.judged;
        let mut rows = Vec::new();
        if let Some(asked) = &judged.read.value.exception_asked {
            rows.push(vec![words.asked.clone(), cell(asked), self.by(judged.asked_by)]);
        }
        if let Some(granted) = judged.read.value.exception_granted {
            let word = if granted { &words.granted } else { &words.refused };
            let why = cell(&judged.read.value.exception_reason);
            rows.push(vec![word.clone(), why, self.by(judged.decided_by)]);
        }
        if !rows.is_empty() {
            let columns = [&words.verdict, &words.reason, &words.by].map(|word| text(word));
            blocks.push(table(&words.exception, columns.into(), rows));
        }
    }

    /// What people call a place of the dossier.
    fn place(&self, paper: &Paper, pin: &Pin) -> String {
        match pin {
            Pin::Field(key) => line(&self.labels().field(key)),
            Pin::Page { file, page } => {
                let mut files = paper.files.files.iter();
                let found = files.find(|((_, contents), _)| contents == file);
                let name = found.map_or_else(|| self.words.gone.clone(), |(_, file)| line(&file.name));
                format!("{name}, {} {page}", self.words.page)
            }
        }
    }

    /// The key of a round; empty where the programme has no such one.
    fn round(&self, id: RoundId) -> &str {
        let mut keys = self.programme.rounds.iter().map(|one| one.key.as_str());
        keys.find(|key| round(key) == id).unwrap_or_default()
    }

    /// The names of those who said something, each once.
    fn by(&self, members: impl IntoIterator<Item = MemberId>) -> String {
        let members: BTreeSet<MemberId> = members.into_iter().collect();
        let names: Vec<String> = members.into_iter().map(|member| self.names.name(member)).collect();
        line(&names.join(", "))
    }

    fn outcome(&self, outcome: &Outcome) -> &str {
        match outcome {
            Outcome::Eligible => &self.words.eligible,
            Outcome::ByException => &self.words.by_exception,
            Outcome::NotEligible(_) => &self.words.not_eligible,
            Outcome::Undecided(_) => &self.words.undecided,
            Outcome::Contested(_) => &self.words.contested,
        }
    }
}

fn bytes(document: &Document, form: Form) -> Result<Vec<u8>, ReportError> {
    match form {
        Form::Pdf => document.to_pdf(),
        Form::Html => document.to_html().map(String::into_bytes),
    }
}

/// What somebody wrote as one line, whole.
fn line(text: &str) -> String {
    written(text).join(" ")
}

/// What somebody wrote as a cell, whole.
fn cell(text: &str) -> String {
    written(text).join("\n")
}

fn text(title: &str) -> Column {
    Column { title: title.to_owned().into(), number: false }
}

fn table(caption: &str, columns: Vec<Column>, rows: Vec<Vec<String>>) -> Block {
    Block::Table(Table { caption: caption.to_owned(), columns, rows, left_out: 0 })
}

/// A number with its thousands apart, as every language reads it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        fn check(number: u64, expected: &str) {
            assert_eq!(grouped(number), expected);
        }
        check(0, "0");
        check(999, "999");
        check(1_000, "1\u{a0}000");
        check(12_345_678, "12\u{a0}345\u{a0}678");
    }
}
