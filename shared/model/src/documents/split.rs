//! Who reads which answer: one row of an import becomes an identity, a dossier for each rendition and a card, as the
//! programme's form says. Not reading the table, and not the files' contents.
//!
//! A blind rendition holds what the form sends to `dossier` and nothing else: no answer that names the applicant, no
//! name of a file, and a label that says nothing.

use std::collections::BTreeMap;

use crate::programme::Programme;
use crate::programme::form::{AttachmentKind, Field, FieldKind, GoesTo};

use super::form::Route;
use super::manifest::MAX_NAME_BYTES;
use super::{Card, Dossier, File, Id, Identity, Manifest};

/// The rendition that open rounds read.
pub const OPEN: u8 = 0;
/// The rendition that blind rounds read.
pub const BLIND: u8 = 1;

/// One row of an import, its columns already mapped to fields of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The column that names the application.
    pub key_column: String,
    /// Its cell.
    pub key: String,
    /// Cells by column.
    pub fields: BTreeMap<String, String>,
}

/// What a row becomes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// For coordinators.
    pub identity: Identity,
    /// For readers of open rounds.
    pub open: Dossier,
    /// For readers of blind rounds.
    pub blind: Dossier,
    /// The card of open rounds.
    pub open_card: Card,
    /// The card of blind rounds: of the card's answers those that every round may read.
    pub blind_card: Card,
    /// Columns that the programme does not know; they went nowhere.
    pub unmapped: Vec<String>,
}

/// A word of an answer that names the applicant, found in the blind rendition. Holds places and no content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// The answer of the blind rendition in which it stands.
    pub field: String,
    /// The answer that it comes from.
    pub of: String,
}

/// Distributes a row over documents. Empty cells are not answered.
#[must_use]
pub fn split_form(programme: &Programme, application: &Id, row: &Row) -> Split {
    let mut split = Split::default();
    split.identity.key.clone_from(&row.key);
    split.identity.route = Some(Route::Import);
    for (column, cell) in &row.fields {
        let field = programme.fields.iter().find(|field| field.key.as_str() == column);
        if cell.trim().is_empty() {
            continue;
        }
        match field {
            Some(field) => place(field, cell, &mut split),
            None if is_calculated(programme, column) => {
                split.identity.fields.insert(column.clone(), cell.clone());
            }
            None if *column == row.key_column => {}
            None => split.unmapped.push(column.clone()),
        }
    }
    let label = if names_applicant(programme, row) { neutral_label(application) } else { row.key.clone() };
    split.open.label.clone_from(&row.key);
    split.open_card.label.clone_from(&row.key);
    split.blind.label.clone_from(&label);
    split.blind_card.label = label;
    split
}

fn place(field: &Field, cell: &str, split: &mut Split) {
    let put = |fields: &mut BTreeMap<String, String>| {
        fields.insert(field.key.as_str().to_owned(), cell.to_owned());
    };
    let (open, blind) = (is_shown(field, OPEN), is_shown(field, BLIND));
    if !blind {
        put(&mut split.identity.fields);
    }
    if open {
        put(&mut split.open.fields);
    }
    if blind {
        put(&mut split.blind.fields);
    }
    if field.card && field.kind != FieldKind::File {
        put(&mut split.open_card.fields);
        if blind {
            put(&mut split.blind_card.fields);
        }
    }
}

/// Says whether a rendition holds the answer to a field.
#[must_use]
pub fn is_shown(field: &Field, rendition: u8) -> bool {
    // A cell of a file is the file's name, and a name of a file may name a person.
    field.kind != FieldKind::File && reaches(field.goes_to, rendition)
}

fn reaches(goes_to: GoesTo, rendition: u8) -> bool {
    match goes_to {
        GoesTo::Identity => false,
        GoesTo::Open => rendition == OPEN,
        GoesTo::Dossier => true,
    }
}

/// Says whether a column adjusts totals or fills a quota.
fn is_calculated(programme: &Programme, column: &str) -> bool {
    let scoring = programme.scoring.iter().flat_map(|scoring| scoring.add.iter().chain(&scoring.subtract));
    let quotas = programme.seats.iter().flat_map(|seats| seats.quotas.iter().map(|quota| &quota.field));
    scoring.chain(quotas).any(|key| key.as_str() == column)
}

/// Says whether the key could tell who applies: it is itself an answer that blind readers may not see, has the sign of
/// a mail address, or shares a word with such an answer.
fn names_applicant(programme: &Programme, row: &Row) -> bool {
    let hidden = |column: &str| {
        let field = programme.fields.iter().find(|field| field.key.as_str() == column);
        field.is_some_and(|field| field.goes_to != GoesTo::Dossier)
    };
    let own: Vec<String> = words(&row.key, 3).collect();
    hidden(&row.key_column)
        || row.key.contains('@')
        || row.fields.iter().any(|(column, cell)| {
            *column != row.key_column && hidden(column) && words(cell, 3).any(|word| own.contains(&word))
        })
}

/// Returns a label that says nothing: `A-` and the first 8 hexadecimal digits of the application's id.
#[must_use]
pub fn neutral_label(application: &Id) -> String {
    let digits: String = application[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("A-{digits}")
}

/// Gives the words of a text in lower case that have at least so many characters.
fn words(text: &str, min_chars: usize) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(move |word| word.chars().count() >= min_chars)
        .map(str::to_lowercase)
}

/// Finds words of short answers that name the applicant in the answers that blind readers see, for a coordinator to
/// look at. Words of fewer than four letters, and answers of more than eight words, are not looked for.
#[must_use]
pub fn find_leaks(split: &Split) -> Vec<Leak> {
    let mut leaks = Vec::new();
    for (of, cell) in &split.identity.fields {
        let telling: Vec<String> = words(cell, 4).collect();
        if telling.len() > 8 {
            continue;
        }
        for (field, text) in &split.blind.fields {
            if words(text, 4).any(|word| telling.contains(&word)) {
                leaks.push(Leak { field: field.clone(), of: of.clone() });
            }
        }
    }
    leaks.sort();
    leaks
}

/// Gives the files that readers of a rendition see. Names are rewritten in the blind one; who wrote a letter is told in
/// neither.
#[must_use]
pub fn rendered_files(programme: &Programme, files: &Manifest, rendition: u8) -> Manifest {
    let mut rendered = Manifest::default();
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    for ((slot, contents), file) in files.originals() {
        let Some(asked) = programme.attachments.iter().find(|asked| asked.key.as_str() == slot) else {
            continue;
        };
        if !reaches(asked.goes_to, rendition) {
            continue;
        }
        let name = if rendition == OPEN {
            file.name.clone()
        } else {
            let stem = stem(asked.kind);
            let number = numbers.entry(stem).or_default();
            *number += 1;
            format!("{stem}-{number}.{}", ending(&file.media_type))
        };
        // What stands for a file is called after it, and takes no number.
        let light = files.light_copy(slot, contents).map(|copy| (light_name(&name), copy));
        let typed = files.typed(slot, contents).map(|text| (typed_name(&name), text));
        for (name, (own, copy)) in light.into_iter().chain(typed) {
            rendered.files.insert((slot.clone(), *own), File { name, referee: None, ..copy.clone() });
        }
        rendered.files.insert((slot.clone(), *contents), File { name, referee: None, ..file.clone() });
    }
    rendered
}

/// What the light copy of a file of this name is called.
#[must_use]
pub fn light_name(name: &str) -> String {
    called_after(name, "-light.pdf")
}

/// What a text is called that was typed from a file of this name.
#[must_use]
pub fn typed_name(name: &str) -> String {
    called_after(name, "-typed.txt")
}

fn called_after(name: &str, ending: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem = &stem[..stem.floor_char_boundary(MAX_NAME_BYTES - ending.len())];
    format!("{stem}{ending}")
}

const fn stem(kind: AttachmentKind) -> &'static str {
    match kind {
        AttachmentKind::Letter => "letter",
        AttachmentKind::Cv => "cv",
        AttachmentKind::Form => "form",
        AttachmentKind::CoverLetter => "cover-letter",
        AttachmentKind::Media => "media",
        AttachmentKind::Proof => "proof",
        AttachmentKind::Budget => "budget",
        AttachmentKind::Other => "file",
    }
}

/// Gives the ending of a rewritten name from what the contents are, never from the name that came.
fn ending(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "pdf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "text/html" => "html",
        "text/plain" => "txt",
        "message/rfc822" => "eml",
        _ => "bin",
    }
}
