//! The workload as a programme knows it: who reads what, and whose laptop an offline day happens on.
//!
//! The workload names forty reviewers. Two more take the places of some of them, so that one laptop holds the whole of
//! the offline day: [`DAY`] wrote each review that the day edits, [`DESK`] the last review of the same applications, for
//! the same day with a backup of drafts. Each application still has three reviews.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use tessera_model::documents::{Answer, Draft, Row};
use tessera_sample::workload::{Application, Change, Document, Edit, REVIEWS, Review, Workload};

/// Who has the offline day.
pub(crate) const DAY: &str = "day";
/// Who has the same day with a backup of drafts.
pub(crate) const DESK: &str = "desk";
/// Whose assignment a fresh laptop fetches: of the odd ones, whom the two above take nothing from.
pub(crate) const FRESH: &str = "reviewer-01";

/// One review, and who wrote it.
pub(crate) struct Written {
    /// The application's place among the applications.
    pub(crate) application: usize,
    /// What it says.
    pub(crate) review: Review,
}

/// A review's part of the offline day.
pub(crate) struct Edited {
    /// The application's place among the applications.
    pub(crate) application: usize,
    /// In their order.
    pub(crate) edits: Vec<Edit>,
}

/// All of it.
pub(crate) struct Material {
    /// In the workload's order.
    pub(crate) applications: Vec<Application>,
    /// Reviews by their author, each in the workload's order.
    pub(crate) reviews: BTreeMap<String, Vec<Written>>,
    /// The offline day, review by review.
    pub(crate) day: Vec<Edited>,
}

impl Material {
    /// Sorts a workload.
    pub(crate) fn sort(workload: Workload) -> Result<Self> {
        let mut day: Vec<Edited> = Vec::new();
        for edit in workload.edits {
            ensure!(
                matches!(workload.documents.get(edit.doc), Some(Document::Review(_))),
                "an edit of document {}, which is no review",
                edit.doc
            );
            let application = edit.doc / (1 + REVIEWS);
            match day.iter_mut().find(|edited| edited.application == application) {
                Some(edited) => edited.edits.push(edit),
                None => day.push(Edited { application, edits: vec![edit] }),
            }
        }
        let mut material = Self { applications: Vec::new(), reviews: BTreeMap::new(), day };
        for (index, document) in workload.documents.into_iter().enumerate() {
            match document {
                Document::Application(application) => material.applications.push(*application),
                Document::Review(review) => material.add(index, review)?,
            }
        }
        ensure!(!material.day.is_empty(), "a workload without an offline day");
        Ok(material)
    }

    fn add(&mut self, index: usize, review: Review) -> Result<()> {
        let application = index / (1 + REVIEWS);
        ensure!(application + 1 == self.applications.len(), "review {} follows no application", review.id);
        let edited = self.day.iter().find(|edited| edited.application == application);
        let author = match edited {
            Some(edited) if edited.edits.iter().any(|edit| edit.doc == index) => DAY.to_owned(),
            Some(_) if index % (1 + REVIEWS) == REVIEWS => DESK.to_owned(),
            _ => review.reviewer.clone(),
        };
        self.reviews.entry(author).or_default().push(Written { application, review });
        Ok(())
    }

    /// How many reviews there are.
    pub(crate) fn count(&self) -> usize {
        self.reviews.values().map(Vec::len).sum()
    }
}

/// An application as a row of a table.
pub(crate) fn row(application: &Application) -> Row {
    let a = application;
    let numbers = [a.amount, a.duration_months, a.team_size, a.founded].map(|number| number.to_string());
    let keywords = a.keywords.join(", ");
    let mut fields: BTreeMap<String, String> = [
        ("name", &a.name),
        ("email", &a.email),
        ("phone", &a.phone),
        ("organisation", &a.organisation),
        ("country", &a.country),
        ("track", &a.track),
        ("city", &a.city),
        ("region", &a.region),
        ("website", &a.website),
        ("title", &a.title),
        ("stage", &a.stage),
        ("amount", &numbers[0]),
        ("currency", &a.currency),
        ("duration", &numbers[1]),
        ("team-size", &numbers[2]),
        ("founded", &numbers[3]),
        ("start-date", &a.start_date),
        ("submitted-at", &a.submitted_at),
        ("language", &a.language),
        ("referral", &a.referral),
        ("keywords", &keywords),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.clone()))
    .collect();
    for (essay, text) in &a.essays {
        let key = if matches!(essay.as_str(), "team" | "budget") {
            format!("{essay}-essay")
        } else {
            essay.clone()
        };
        fields.insert(key, text.clone());
    }
    Row { key_column: "id".to_owned(), key: a.id.clone(), fields }
}

/// A review as it grew: after each of its changes. The last one is what is submitted.
pub(crate) fn drafts(review: &Review) -> Result<Vec<Draft>> {
    let mut draft = Draft::default();
    let mut steps = Vec::new();
    for (criterion, score) in &review.scores {
        draft.answers.insert(criterion.clone(), Answer::Score(score.to_string().parse()?));
        steps.push(draft.clone());
        let comment = review.comments.get(criterion).cloned().unwrap_or_default();
        draft.comments.insert(criterion.clone(), comment);
        steps.push(draft.clone());
    }
    draft.overall.clone_from(&review.overall);
    steps.push(draft.clone());
    draft.attested = true;
    steps.push(draft);
    Ok(steps)
}

/// Does one edit of the offline day to a draft.
pub(crate) fn apply(edit: &Edit, draft: &mut Draft) -> Result<()> {
    let path: Vec<&str> = edit.path.iter().map(String::as_str).collect();
    match (path.as_slice(), &edit.change) {
        (["status"], Change::Set(value)) => draft.attested = value.as_str() == Some("resubmitted"),
        (["scores", criterion], Change::Set(value)) => {
            let mut score = value.as_i64().context("a score")?;
            let answer = |score: i64| Ok::<_, anyhow::Error>(Answer::Score(score.to_string().parse()?));
            if draft.answers.get(*criterion) == Some(&answer(score)?) {
                // The other review of the same application may say this already: that would be no change at all.
                score = (score + 1) % 6;
            }
            draft.answers.insert((*criterion).to_owned(), answer(score)?);
        }
        (["comments", criterion], Change::Append(text)) => {
            draft.comments.entry((*criterion).to_owned()).or_default().push_str(text);
        }
        (["overall"], Change::Append(text)) => draft.overall.push_str(text),
        _ => bail!("an edit of {}", edit.path.join("/")),
    }
    Ok(())
}
