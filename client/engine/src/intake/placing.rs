//! Whose a file of a folder is, and what, by names alone: the application whose key a name holds, the attachment with which it
//! begins or whose pattern it has. Nothing here looks into a file, and a name that could be two people's is nobody's.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use tessera_model::programme::Programme;
use unicode_normalization::UnicodeNormalization as _;

use super::mapping::Mapping;
use super::patterns;

/// Under which name coordinators keep what nobody asked for.
pub const UNASKED: &str = "unasked";
/// Most words of a name that are looked at.
const MAX_WORDS: usize = 24;
/// From how many letters and digits on a key is looked for in the middle of a name.
const TELLING: usize = 4;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// An attachment that the programme asks for, by its key.
    Asked(String),
    /// Nothing that it asks for: coordinators alone see it.
    Unasked,
    /// Nothing at all: it is left out.
    LeftOut,
}

impl Slot {
    /// What a word of a mapping says; none where the programme asks for nothing that is called so.
    #[must_use]
    pub fn said(programme: &Programme, word: &str) -> Option<Self> {
        match word {
            "" => Some(Self::LeftOut),
            UNASKED => Some(Self::Unasked),
            word => {
                let asked = programme.attachments.iter().any(|asked| asked.key.as_str() == word);
                asked.then(|| Self::Asked(word.to_owned()))
            }
        }
    }
}

/// What names say, in one programme and one table.
pub struct Names<'a> {
    programme: &'a Programme,
    /// What a mapping says, folded, the longest first.
    said: Vec<(String, Slot)>,
    /// Keys by their words; none where two keys have the same words.
    keys: BTreeMap<String, Option<String>>,
}

impl<'a> Names<'a> {
    /// Prepares what names are compared with. Of a mapping, what the programme does not ask for says nothing.
    #[must_use]
    pub fn new<'k>(
        programme: &'a Programme,
        mapping: &Mapping,
        keys: impl IntoIterator<Item = &'k str>,
    ) -> Self {
        let known = |(pattern, word): (&String, &String)| Some((fold(pattern), Slot::said(programme, word)?));
        let mut said: Vec<(String, Slot)> = mapping.files.iter().filter_map(known).collect();
        said.sort_by_key(|(pattern, _)| Reverse(pattern.len()));
        let mut by_words: BTreeMap<String, Option<String>> = BTreeMap::new();
        for key in keys {
            let folded = fold(key);
            let words: Vec<&str> = words(&folded).into_iter().map(|word| &folded[word]).collect();
            let known = by_words.entry(words.join("-")).or_insert_with(|| Some(key.to_owned()));
            if known.as_deref() != Some(key) {
                *known = None;
            }
        }
        Self { programme, said, keys: by_words }
    }

    /// Returns the key that a name holds: at its beginning, or anywhere where it is long enough to be no accident and the
    /// only one.
    #[must_use]
    pub fn application(&self, name: &str) -> Option<&str> {
        self.find(&fold(name)).map(|(key, _)| key)
    }

    /// Returns what a file is; none where no name says it. `folder` is the one in which it lies, where that is not its
    /// application's own.
    #[must_use]
    pub fn slot(&self, folder: Option<&str>, name: &str) -> Option<Slot> {
        let name = fold(name);
        let folder = folder.map(fold);
        let path = folder.as_ref().map(|folder| format!("{folder}/{name}"));
        let bare = self.find(&name).map(|(_, at)| {
            let rest = [&name[..at.start], &name[at.end..]].concat();
            rest.trim_start_matches(|letter: char| !letter.is_alphanumeric()).to_owned()
        });
        let begun =
            |start: &str| begins(&name, start) || bare.as_deref().is_some_and(|bare| begins(bare, start));
        let fits = |pattern: &str| match (pattern.contains('/'), pattern.contains('*')) {
            (true, _) => path.as_deref().is_some_and(|path| patterns::has(pattern, path)),
            (false, true) => patterns::has(pattern, &name),
            (false, false) => begun(pattern),
        };
        if let Some((_, slot)) = self.said.iter().find(|(pattern, _)| fits(pattern)) {
            return Some(slot.clone());
        }
        let asked = || self.programme.attachments.iter().map(|asked| asked.key.as_str());
        let called = folder.as_deref().and_then(|folder| asked().find(|key| fold(key) == folder));
        let longest = || asked().filter(|key| begun(&fold(key))).max_by_key(|key| key.len());
        called.or_else(longest).map(|key| Slot::Asked(key.to_owned()))
    }

    /// Says whether a folder is called as an attachment is.
    #[must_use]
    pub fn is_attachment(&self, folder: &str) -> bool {
        let folder = fold(folder);
        self.programme.attachments.iter().any(|asked| fold(asked.key.as_str()) == folder)
    }

    /// The key that a folded name holds, and where.
    fn find(&self, name: &str) -> Option<(&str, Range<usize>)> {
        let mut words = words(name);
        words.truncate(MAX_WORDS);
        if let Some((key, at)) = self.longest(name, &words)
            && (telling(key) || marked(key) || !name[at.end..].starts_with(char::is_whitespace))
        {
            return Some((key, at));
        }
        let mut found: Option<(&str, Range<usize>)> = None;
        for first in 1..words.len() {
            let Some((key, at)) = self.longest(name, &words[first..]) else { continue };
            if !telling(key) {
                continue;
            }
            if found.as_ref().is_some_and(|(other, _)| *other != key) {
                return None;
            }
            found = Some((key, at));
        }
        found
    }

    /// The longest key that begins with the first of these words.
    fn longest(&self, name: &str, words: &[Range<usize>]) -> Option<(&str, Range<usize>)> {
        for last in (0..words.len()).rev() {
            let joined: Vec<&str> = words[..=last].iter().map(|word| &name[word.clone()]).collect();
            match self.keys.get(&joined.join("-")) {
                Some(Some(key)) => return Some((key, words[0].start..words[last].end)),
                Some(None) => return None,
                None => {}
            }
        }
        None
    }
}

/// Whether a key is no accident wherever it stands.
fn telling(key: &str) -> bool {
    let signs = key.chars().filter(|sign| sign.is_alphanumeric()).count();
    signs >= TELLING && !key.chars().all(char::is_numeric)
}

/// Whether a key has letters and digits: no word and no count.
fn marked(key: &str) -> bool {
    key.chars().any(char::is_alphabetic) && key.chars().any(char::is_numeric)
}

/// Says whether a name begins with a word and does not go on with another letter.
fn begins(name: &str, start: &str) -> bool {
    name.strip_prefix(start).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
}

/// A name without what file systems and people write in more than one way.
pub(super) fn fold(name: &str) -> String {
    name.nfc().collect::<String>().to_lowercase()
}

/// Where the words of a name are: letters and digits that stand together.
pub(super) fn words(name: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, letter) in name.char_indices().filter(|(_, letter)| letter.is_alphanumeric()) {
        let end = at + letter.len_utf8();
        match words.last_mut() {
            Some(word) if word.end == at => word.end = end,
            _ => words.push(at..end),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEMINAR: &str = include_str!("../../../../shared/model/programmes/seminar.toml");

    fn names<'p>(programme: &'p Programme, mapping: &str, keys: &[&str]) -> Names<'p> {
        Names::new(programme, &Mapping::parse(mapping, "m").unwrap(), keys.iter().copied())
    }

    #[test]
    fn a_key_in_a_name_is_whose_it_is() {
        let programme = Programme::parse(SEMINAR).unwrap();
        let keys = ["GLS-0001", "GLS-0002", "A-1", "7", "Okoro Ada", "ada@example.org", "B 2", "B-2", "B"];
        let names = names(&programme, "", &keys);
        for (name, expected) in [
            ("GLS-0001_cv.pdf", Some("GLS-0001")),
            ("gls_0001 cv.pdf", Some("GLS-0001")),
            ("GLS-0001.pdf", Some("GLS-0001")),
            ("cv (GLS-0002).pdf", Some("GLS-0002")),
            ("GLS-0001 Okoro", Some("GLS-0001")),
            ("GLS-00012.pdf", None),
            // The beginning counts; two in the middle are nobody's.
            ("GLS-0001 about GLS-0002.pdf", Some("GLS-0001")),
            ("of GLS-0001 and GLS-0002.pdf", None),
            ("of GLS-0001, GLS-0001.pdf", Some("GLS-0001")),
            ("CV Okoro, Ada.pdf", Some("Okoro Ada")),
            ("CV Ada@example.org.pdf", Some("ada@example.org")),
            // A short key stands at the beginning, and a count is no key.
            ("A-1 cv.pdf", Some("A-1")),
            ("annex A-1.pdf", None),
            ("7_cv.pdf", Some("7")),
            ("7.pdf", Some("7")),
            ("7 letters.pdf", None),
            ("letters-7.pdf", None),
            // Two keys with the same words.
            ("B-2_cv.pdf", None),
            ("", None),
            ("…", None),
        ] {
            assert_eq!(names.application(name), expected, "{name}");
        }
    }

    #[test]
    fn a_file_is_what_its_name_or_its_folder_says() {
        let programme = Programme::parse(SEMINAR).unwrap();
        let mapping = "[files]\nzeugnis = \"cv\"\n\"*_lebenslauf.pdf\" = \"cv\"\n\"Scans (2)/*\" = \"letters\"\n\"*.tmp\" = \"\"\n\
                       \"note*\" = \"unasked\"\nfoto = \"portrait\"\n";
        let names = names(&programme, mapping, &["A-1", "GLS-0001"]);
        let asked = |key: &str| Some(Slot::Asked(key.to_owned()));
        for (folder, name, expected) in [
            (None, "letters-2.pdf", asked("letters")),
            (None, "LETTERS.PDF", asked("letters")),
            (None, "network-proof.pdf", asked("network-proof")),
            (None, "Zeugnis 3.pdf", asked("cv")),
            (None, "cvs.pdf", None),
            (None, "A-1_cv.pdf", asked("cv")),
            (None, "A-1 - Zeugnis.pdf", asked("cv")),
            (None, "cv GLS-0001.pdf", asked("cv")),
            (None, "Okoro_Lebenslauf.pdf", asked("cv")),
            (None, "cv.tmp", Some(Slot::LeftOut)),
            (None, "Notes.txt", Some(Slot::Unasked)),
            // What the programme does not ask for says nothing.
            (None, "foto.jpg", None),
            (Some("media"), "cv.pdf", asked("media")),
            (Some("Media"), "x.pdf", asked("media")),
            (Some("scans (2)"), "x.pdf", asked("letters")),
            (Some("elsewhere"), "cv.pdf", asked("cv")),
            (Some("elsewhere"), "x.pdf", None),
        ] {
            assert_eq!(names.slot(folder, name), expected, "{folder:?} {name}");
        }
        assert!(names.is_attachment("Cover-Letter") && !names.is_attachment("elsewhere"));
    }

    #[test]
    fn composed_and_decomposed_names_are_one() {
        let programme = Programme::parse(SEMINAR).unwrap();
        let names = names(&programme, "[files]\n\"zertifikät\" = \"cv\"\n", &["Jos\u{e9} 1"]);
        assert_eq!(names.application("jose\u{301} 1.pdf"), Some("Jos\u{e9} 1"));
        assert_eq!(names.slot(None, "Zertifika\u{308}t.pdf"), Some(Slot::Asked("cv".to_owned())));
    }
}
