//! Which readers see what of an application: by what the programme's rounds read, and each rendition as its readers get it, for a
//! coordinator to look at before they do.

use serde::Serialize;
use specta::Type;
use tessera_engine::programme::{rendition, renditions};
use tessera_engine::renditions::Rendered;
use tessera_model::documents::split::{BLIND, OPEN, is_shown};
use tessera_model::programme::Programme;
use tessera_model::programme::form::{Field, FieldKind};

use crate::dossier::{Section, in_order, sections};
use crate::tasks::CardField;
use crate::words::{Labels, hex};

/// Which readers see an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SeenBy {
    /// All of them.
    Everybody,
    /// Those of some rounds.
    Rounds {
        /// The rounds, as people call them.
        rounds: Vec<String>,
    },
    /// Those of some rounds, on the card that comes before a declaration and nowhere else.
    Card {
        /// The rounds, as people call them.
        rounds: Vec<String>,
    },
    /// None of them: coordinators alone.
    Nobody,
}

impl SeenBy {
    /// By which renditions hold an answer, and which have it on their card.
    pub(crate) fn of(
        programme: &Programme,
        labels: Labels<'_>,
        holds: impl Fn(u8) -> bool,
        shows: impl Fn(u8) -> bool,
    ) -> Self {
        let all = renditions(programme);
        if all.iter().all(|one| holds(*one)) {
            Self::Everybody
        } else if all.iter().any(|one| holds(*one)) {
            Self::Rounds { rounds: rounds(programme, labels, holds) }
        } else if all.iter().any(|one| shows(*one)) {
            Self::Card { rounds: rounds(programme, labels, shows) }
        } else {
            Self::Nobody
        }
    }

    /// By what the form says of a field.
    pub(crate) fn of_field(programme: &Programme, labels: Labels<'_>, field: &Field) -> Self {
        let on_card =
            |one: u8| field.card && field.kind != FieldKind::File && (one == OPEN || is_shown(field, one));
        Self::of(programme, labels, |one| is_shown(field, one), on_card)
    }
}

/// True where readers of a round see the answer to a field.
pub(crate) fn is_read(programme: &Programme, field: &Field) -> bool {
    renditions(programme).into_iter().any(|one| is_shown(field, one))
}

fn rounds(programme: &Programme, labels: Labels<'_>, of: impl Fn(u8) -> bool) -> Vec<String> {
    let rounds = programme.rounds.iter().filter(|round| of(rendition(round)));
    rounds.map(|round| labels.round(round.key.as_str())).collect()
}

/// An application as readers of some rounds get it.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RenditionView {
    /// True where it is the blind one.
    pub blind: bool,
    /// The rounds that read it, as people call them.
    pub rounds: Vec<String>,
    /// What its readers call the application.
    pub label: String,
    /// What they see before they declare on conflicts of interest.
    pub card: Vec<CardField>,
    /// Answers.
    pub sections: Vec<Section>,
    /// Files.
    pub files: Vec<RenderedFile>,
    /// Answers of the blind one that may name the applicant.
    pub leaks: Vec<LeakView>,
}

/// A file as readers get it.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RenderedFile {
    /// Which attachment of the form it is.
    pub slot: String,
    /// The SHA-256 of its contents.
    pub contents: String,
    /// What readers see as its name.
    pub name: String,
}

/// An answer that has a word of another one, which its readers do not see.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LeakView {
    /// What the answer is called in which it stands.
    pub label: String,
    /// What the answer is called that it comes from.
    pub of: String,
}

impl RenditionView {
    pub(crate) fn of(programme: &Programme, labels: Labels<'_>, rendered: &Rendered) -> Self {
        let card = in_order(programme, &rendered.card.fields).map(|(key, value)| CardField {
            field: key.clone(),
            label: labels.field(key),
            value: labels.answer(key, value),
        });
        let files = rendered.files.originals().map(|((slot, contents), file)| RenderedFile {
            slot: slot.clone(),
            contents: hex(contents),
            name: file.name.clone(),
        });
        let leaks = rendered
            .leaks
            .iter()
            .map(|leak| LeakView { label: labels.field(&leak.field), of: labels.field(&leak.of) });
        Self {
            blind: rendered.rendition == BLIND,
            rounds: rounds(programme, labels, |one| one == rendered.rendition),
            label: rendered.dossier.label.clone(),
            card: card.collect(),
            sections: sections(labels, programme, &rendered.dossier),
            files: files.collect(),
            leaks: leaks.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sees_an_answer_follows_from_the_rounds_that_there_are() {
        let check = |blind: &[bool], key: &str, expected: SeenBy| {
            let rounds = blind.iter().enumerate();
            let rounds = rounds.map(|(n, blind)| format!("[[round]]\nkey = \"r{n}\"\nblind = {blind}\n"));
            let form = "[[field]]\nkey = \"mail\"\nkind = \"text\"\n\
                [[field]]\nkey = \"place\"\nkind = \"text\"\ncard = true\n\
                [[field]]\nkey = \"name\"\nkind = \"text\"\ngoes_to = \"open\"\n\
                [[field]]\nkey = \"essay\"\nkind = \"essay\"\ngoes_to = \"dossier\"\n";
            let programme = Programme::parse(&format!("{form}{}", rounds.collect::<String>())).unwrap();
            let field = programme.fields.iter().find(|field| field.key.as_str() == key).unwrap();
            let seen = SeenBy::of_field(&programme, Labels::new(&programme, "en"), field);
            assert_eq!(seen, expected, "{key} {blind:?}");
        };
        let rounds = || vec!["r1".to_owned()];
        check(&[false, false], "name", SeenBy::Everybody);
        check(&[true, false], "name", SeenBy::Rounds { rounds: rounds() });
        check(&[true, true], "name", SeenBy::Nobody);
        check(&[], "name", SeenBy::Everybody);
        check(&[true, false], "essay", SeenBy::Everybody);
        check(&[true, false], "place", SeenBy::Card { rounds: rounds() });
        check(&[true], "place", SeenBy::Nobody);
        check(&[true, false], "mail", SeenBy::Nobody);
    }
}
