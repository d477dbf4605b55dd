//! The words around dossiers, in the language of whoever saves them: a window brings its own, English stands where none were
//! brought.

use std::collections::BTreeMap;

use tessera_report::plain;

/// The longest word or sentence that is taken, in characters.
const WORD_CHARS: usize = 400;

macro_rules! words {
    ($($name:ident $key:literal $english:literal)*) => {
        /// The words around dossiers.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Words {
            $(#[doc = concat!("In English: “", $english, "”.")] pub $name: String,)*
        }

        impl Words {
            /// Takes what was brought, by key.
            #[must_use]
            pub fn of(brought: &BTreeMap<String, String>) -> Self {
                Self { $($name: word(brought, $key, $english),)* }
            }
        }
    };
}

words! {
    contents "contents" "Contents"
    lacking "lacking" "Characters that this document cannot show"
    lacking_text "lacking-text" "Some texts hold characters for which this document has no letters. They stand as their codes in square brackets; saved as a web page (HTML), the same dossiers show them in the letters of the device on which they are read."
    not_sealed "not-sealed" "Not encrypted: only for those who may know all of this."
    made "made" ""
    demo "demo" "DEMONSTRATION: everybody in it is invented."
    applications "applications" "Applications"
    identity "identity" "Who applies"
    answers "answers" "Answers"
    answers_none "answers-none" "Nothing was answered."
    files "files" "Files and letters"
    files_text "files-text" "Names and sizes; the files themselves are not in this document."
    files_none "files-none" "No files came with it."
    file_what "file-what" "What it is"
    file_name "file-name" "Name"
    file_kind "file-kind" "Kind"
    file_size "file-size" "Size (kB)"
    referee "referee" "Who wrote it"
    light "light" "light copy"
    reviews "reviews" "Reviews that count"
    reviews_none "reviews-none" "No review counts yet."
    reader "reader" "Reader"
    revision "revision" "Revision"
    sure "sure" "How sure"
    taken_down "taken-down" "taken down by a coordinator"
    criterion "criterion" "Criterion"
    score "score" "Score"
    not_applicable "not-applicable" "does not apply"
    not_answered "not-answered" "not answered"
    overall "overall" "On the whole"
    points_to "points-to" "See"
    page "page" "page"
    gone "gone" "a file that is not listed here"
    rulings "rulings" "Rulings"
    outcome "outcome" "Outcome of the conditions"
    eligible "eligible" "Eligible"
    by_exception "by-exception" "Eligible by exception"
    not_eligible "not-eligible" "Not eligible"
    undecided "undecided" "Not decided yet"
    contested "contested" "Contradiction"
    conditions "conditions" "Conditions"
    condition "condition" "Condition"
    verdict "verdict" "Verdict"
    reason "reason" "Reason"
    by "by" "By"
    met "met" "Met"
    not_met "not-met" "Not met"
    open "open" "Open"
    no_verdict "no-verdict" "No verdict yet"
    two_verdicts "two-verdicts" "Two verdicts contradict"
    exception "exception" "Exception"
    asked "asked" "Asked for"
    granted "granted" "Granted"
    refused "refused" "Refused"
    withdrawn "withdrawn" "Withdrawn by the applicant"
    moderation "moderation" "How disagreement was settled"
    round "round" "Round"
    keep "keep" "The order stands"
    another_reader "another-reader" "Another reader"
    meeting "meeting" "For the meeting"
    outdated "outdated" "Other scores count by now"
}

impl Default for Words {
    fn default() -> Self {
        Self::of(&BTreeMap::new())
    }
}

fn word(brought: &BTreeMap<String, String>, key: &str, english: &str) -> String {
    let own = brought.get(key).map(|word| word.trim()).filter(|word| !word.is_empty());
    plain(own.unwrap_or(english), WORD_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_brought_stands_and_steers_nothing() {
        let brought = [("reader", "Leser"), ("score", " "), ("verdict", "a\u{202e}b")];
        let brought = brought.map(|(key, word)| (key.to_owned(), word.to_owned()));
        let words = Words::of(&BTreeMap::from(brought));
        assert_eq!((words.reader.as_str(), words.score.as_str()), ("Leser", "Score"));
        assert_eq!(words.verdict, "a[U+202E]b");
    }
}
