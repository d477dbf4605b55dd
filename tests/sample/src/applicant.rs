//! What an applicant to the seminar hands in: the record, and the plain types it is made of. How it is made is in
//! [`mod@crate::generate`]; which bytes its attachments have is in [`crate::attachment`].

use std::fmt;

use serde::Serialize;

use crate::attachment::FileSpec;
use crate::culture::{Region, Script};

/// A calendar day, without a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Year of the common era.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Date {
    /// Returns the full years that somebody born on this day has lived on `day`; 0 before birth.
    #[must_use]
    pub fn age_on(self, day: Self) -> u16 {
        let had_birthday = (day.month, day.day) >= (self.month, self.day);
        day.year.saturating_sub(self.year).saturating_sub(u16::from(!had_birthday))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The last day of the call.
pub const DEADLINE: Date = Date { year: 2019, month: 3, day: 31 };

/// The groups that the call is open to, and `Outside` for an applicant outside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetGroup {
    /// A child protection lawyer: `lawyer`.
    Lawyer,
    /// Senior management of a children's rights organisation: `senior-staff`.
    SeniorStaff,
    /// Head of a university's legal clinic: `clinic-head`.
    ClinicHead,
    /// Has managed legal protection projects: `project-lead`.
    ProjectLead,
    /// From a university's child research institute, the group with limited seats: `academic`.
    Academic,
    /// None of them: `none`.
    #[serde(rename = "none")]
    Outside,
}

impl TargetGroup {
    /// Returns the word that stands in the `group` column.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lawyer => "lawyer",
            Self::SeniorStaff => "senior-staff",
            Self::ClinicHead => "clinic-head",
            Self::ProjectLead => "project-lead",
            Self::Academic => "academic",
            Self::Outside => "none",
        }
    }
}

/// A person who recommends the applicant, with the letter's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Referee {
    /// Name in Latin letters.
    pub name: String,
    /// Address at a domain under `.example`.
    pub email: String,
    /// The letter, about 900 characters; none where it never came.
    pub letter: Option<String>,
}

/// One piece of media coverage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MediaItem {
    /// Headline.
    pub title: String,
    /// Newspaper or station.
    pub outlet: String,
    /// Day of publication.
    pub date: Date,
    /// Address under `.example`.
    pub url: String,
    /// A few sentences of the piece.
    pub text: String,
}

/// Asks for the exception route of the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// Why, in the applicant's words.
    pub reason: String,
    /// Whether the proof that the call demands is among the attachments.
    pub proof: bool,
}

/// A deliberate irregularity of one applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Oddity {
    /// The second recommendation letter never came.
    MissingSecondLetter,
    /// Older than 45 at the deadline, no exception asked for.
    OverAge,
    /// Older than 45, exception asked for, with its proof.
    OverAgeWithProof,
    /// 17 at the deadline.
    UnderAge,
    /// 45 at the deadline, 46 at the seminar in July: depends on which date counts.
    TurnsFortySix,
    /// Outside the target groups, exception with proof.
    OutsideGroupsWithProof,
    /// Exception asked for, but no proof handed in.
    ExceptionWithoutProof,
    /// No media coverage.
    NoMedia,
    /// A right-to-left override inside the name.
    RightToLeftOverride,
    /// Zero width characters inside the name.
    ZeroWidth,
    /// Organisation begins with `=`, which a spreadsheet would compute.
    FormulaCell,
    /// Organisation of more than 1,000 characters.
    LongOrganisation,
    /// Straight and typographic apostrophes.
    Apostrophes,
    /// Emoji in name and organisation, one of them of several code points.
    Emoji,
    /// The same person as [`crate::generate::DUPLICATE_OF`], same e-mail, another key and spelling.
    Duplicate,
    /// The same e-mail as another applicant but in capitals, and blanks around the name.
    DuplicateByCase,
    /// Sent on 31 March at home, when it was 1 April in Beijing.
    LateByTimeZone,
    /// Decomposed diacritics (Unicode NFD) in the name.
    Decomposed,
    /// Quotes, commas, semicolons and a line break in the organisation.
    CsvSpecials,
    /// Both letters name one referee.
    OneRefereeTwice,
    /// The third answer is empty.
    EmptyAnswer,
    /// The name mixes three scripts.
    MixedScripts,
    /// The fourth answer is in the applicant's own language only.
    OwnLanguageOnly,
    /// Works for the same organisation as a reviewer.
    ReviewersColleague,
}

/// One applicant with everything handed in.
#[derive(Debug, Clone, Serialize)]
pub struct Applicant {
    /// `A001`, `A002`, …: the key column of the import.
    pub key: String,
    /// Name as written on the form, in the applicant's own script.
    pub name: String,
    /// Name in plain Latin letters.
    pub name_latin: String,
    /// Script of `name`.
    pub script: Script,
    /// Address at a domain under `.example`.
    pub email: String,
    /// In international form, beginning with `+`.
    pub phone: String,
    /// English name of the country.
    pub country: String,
    /// Region of the country.
    pub region: Region,
    /// City.
    pub city: String,
    /// Invented organisation, some in the own script.
    pub organisation: String,
    /// Position held there.
    pub position: String,
    /// Target group named on the form.
    pub target_group: TargetGroup,
    /// Date of birth.
    pub birth_date: Date,
    /// `woman`, `man` or `unsaid`.
    pub gender: &'static str,
    /// ISO 639-1 codes, the strongest first.
    pub languages: Vec<&'static str>,
    /// What proves English: a certificate, a degree or an employer.
    pub english: String,
    /// Title of the project the applicant leads.
    pub project: String,
    /// Proof of network building, one sentence or two.
    pub network: String,
    /// Experience, one sentence each.
    pub experience: Vec<String>,
    /// The answers to the four questions, about 1,500 characters each.
    pub answers: [String; 4],
    /// Media coverage, none to three pieces.
    pub media: Vec<MediaItem>,
    /// Two referees.
    pub referees: [Referee; 2],
    /// The exception route, where asked for.
    pub exception: Option<Exception>,
    /// RFC 3339 with the applicant's own offset.
    pub submitted_at: String,
    /// `link` or `mail`: the two ways of the call.
    pub submitted_by: &'static str,
    /// What is deliberately odd about this applicant.
    pub oddity: Option<Oddity>,
    /// The attachments, by description; [`crate::attachment::render`] makes the bytes.
    pub files: Vec<FileSpec>,
    /// True quality, mean 0 and deviation 1, from which the scores are drawn. Never in what applicants hand in.
    #[serde(skip)]
    pub quality: f64,
}

impl Applicant {
    /// Returns the years of work in child protection that the form states, at least one.
    #[must_use]
    pub fn years(&self) -> u16 {
        self.birth_date.age_on(DEADLINE).saturating_sub(23).max(1)
    }
}
