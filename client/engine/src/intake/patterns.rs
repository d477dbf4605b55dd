//! Patterns of files' names, in which `*` stands for anything: whether a name has one, and which ones several names share, so
//! that a person says once what fifty files are. Not what they are: a person says so.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::placing::{fold, words};

/// Most files that are compared.
const MAX_FILES: usize = 20_000;
/// Most patterns that are proposed.
const MAX_SHARED: usize = 24;
/// Longest ending of a name, in letters.
const ENDING: usize = 5;

/// A file whose name says too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unplaced<'a> {
    /// The folder in which it lies, where that is not its application's own.
    pub folder: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// The key of its application, where that is known.
    pub application: Option<&'a str>,
}

/// A pattern, and the files that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// As a mapping writes it.
    pub pattern: String,
    /// Which of the files, by their place in the list.
    pub files: Vec<usize>,
}

/// Says whether a text is as a pattern says; capitals count, the caller folds both.
pub(super) fn has(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    let Some(mut rest) = rest.strip_suffix(last) else { return false };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    true
}

/// Finds patterns that files of two or more applications share, those of most files first; each file stands in one at most.
#[must_use]
pub fn shared(files: &[Unplaced<'_>]) -> Vec<Shared> {
    let mut with: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, file) in files.iter().enumerate().take(MAX_FILES) {
        for pattern in candidates(file) {
            with.entry(pattern).or_default().push(at);
        }
    }
    let mut found = Vec::new();
    while found.len() < MAX_SHARED {
        with.retain(|_, at| owners(files, at) >= 2);
        let most = with.iter().max_by_key(|(pattern, at)| (owners(files, at), pattern.len()));
        let Some((pattern, at)) = most.map(|(pattern, at)| (pattern.clone(), at.clone())) else { break };
        let taken: BTreeSet<usize> = at.iter().copied().collect();
        for others in with.values_mut() {
            others.retain(|other| !taken.contains(other));
        }
        found.push(Shared { pattern, files: at });
    }
    found
}

/// How many applications files are of; a file of none that is known counts by itself.
fn owners(files: &[Unplaced<'_>], at: &[usize]) -> usize {
    let owner = |at: &usize| match files[*at].application {
        Some(key) => (Some(key), None),
        None => (None, Some(*at)),
    };
    at.iter().map(owner).collect::<BTreeSet<_>>().len()
}

/// The patterns that a name could be one of.
fn candidates(file: &Unplaced<'_>) -> BTreeSet<String> {
    let mut name = fold(file.name);
    if let Some(key) = file.application.map(fold).filter(|key| key.chars().count() > 2) {
        name = name.replacen(&key, "*", 1);
    }
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && (1..=ENDING).contains(&ending.chars().count()) => {
            (stem, format!(".{ending}"))
        }
        _ => (name.as_str(), String::new()),
    };
    let mut found = BTreeSet::new();
    let mut add = |pattern: String| {
        let pattern = single(&pattern);
        let begun = pattern.strip_suffix(&ending).unwrap_or(&pattern);
        if begun.chars().any(char::is_alphabetic) {
            found.insert(pattern);
        }
    };
    let undated: String = stem.chars().map(|letter| if letter.is_numeric() { '*' } else { letter }).collect();
    add(format!("{undated}{ending}"));
    let words = words(stem);
    if let Some(last) = words.last().filter(|last| last.end == stem.len() && says(stem, last))
        && let Some(before) = stem[..last.start].chars().next_back()
    {
        add(format!("*{before}{}{ending}", &stem[last.start..]));
    }
    if let Some(first) = words.first().filter(|first| first.start == 0 && says(stem, first))
        && let Some(after) = stem[first.end..].chars().next()
    {
        add(format!("{}{after}*", &stem[..first.end]));
    }
    if let Some(folder) = file.folder {
        found.insert(single(&format!("{}/*", fold(folder))));
    }
    found
}

/// Whether a word says anything: two letters or more, and no number.
fn says(text: &str, word: &Range<usize>) -> bool {
    let word = &text[word.clone()];
    word.chars().count() > 1 && word.chars().any(char::is_alphabetic)
}

/// The same pattern with one `*` where several stand together.
fn single(pattern: &str) -> String {
    let mut single = String::with_capacity(pattern.len());
    for letter in pattern.chars() {
        if letter != '*' || !single.ends_with('*') {
            single.push(letter);
        }
    }
    single
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("*_cv.pdf", "okoro_cv.pdf", true),
            ("*_cv.pdf", "_cv.pdf", true),
            ("*_cv.pdf", "cv.pdf", false),
            ("cv*", "cv 2.pdf", true),
            ("cv.pdf", "cv.pdf", true),
            ("cv.pdf", "cv.pdf ", false),
            ("a*b*c", "a1b2b3c", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("letters/*", "letters/x.pdf", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(has(pattern, text), expected, "{pattern} {text}");
        }
    }

    fn file<'a>(name: &'a str, application: Option<&'a str>) -> Unplaced<'a> {
        Unplaced { folder: None, name, application }
    }

    #[test]
    fn what_names_share_becomes_a_pattern() {
        let files = [
            file("Okoro_Lebenslauf.pdf", Some("A-1")),
            file("A-2_lebenslauf.pdf", Some("A-2")),
            file("Diallo-Kone_Lebenslauf.pdf", Some("A-3")),
            file("scan0001.pdf", None),
            file("scan0002.pdf", None),
            file("alone.pdf", Some("A-1")),
            // Two files of one application share no pattern that is worth a choice.
            file("pass front.pdf", Some("A-9")),
            file("pass back.pdf", Some("A-9")),
        ];
        let found = shared(&files);
        let found: Vec<(&str, &[usize])> =
            found.iter().map(|one| (one.pattern.as_str(), one.files.as_slice())).collect();
        assert_eq!(found, [("*_lebenslauf.pdf", &[0, 1, 2][..]), ("scan*.pdf", &[3, 4][..])]);
        for one in shared(&files) {
            assert!(one.files.iter().all(|at| has(&one.pattern, &fold(files[*at].name))));
        }
    }

    #[test]
    fn a_folder_that_several_share_is_one_too() {
        let of = |name, application| Unplaced { folder: Some("Scans"), name, application: Some(application) };
        let found = shared(&[of("x.pdf", "A-1"), of("y.jpg", "A-2")]);
        assert_eq!((found[0].pattern.as_str(), found.len()), ("scans/*", 1));
        assert_eq!(shared(&[]), []);
    }
}
