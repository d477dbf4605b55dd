//! Where applicants come from: scripts, regions, and the types of the tables of names and places. The tables
//! themselves are in `culture/table.rs`.

mod table;

pub(crate) use table::CULTURES;

/// The script in which an applicant's name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Script {
    /// Latin letters, with or without diacritics.
    Latin,
    /// Cyrillic letters, Kazakh and Ukrainian ones among them.
    Cyrillic,
    /// Arabic letters, written right to left.
    Arabic,
    /// Chinese characters.
    Han,
    /// Devanagari, which needs shaping.
    Devanagari,
}

/// One of the four regions of the sample, as quotas and the assignment rule use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// Written `africa`.
    Africa,
    /// Written `americas`.
    Americas,
    /// Written `asia-pacific`.
    AsiaPacific,
    /// Europe and Central Asia, written `europe`.
    Europe,
}

impl Region {
    /// All four, in the order of their names.
    pub const ALL: [Self; 4] = [Self::Africa, Self::Americas, Self::AsiaPacific, Self::Europe];

    /// Returns the word that stands in the `region` column.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Africa => "africa",
            Self::Americas => "americas",
            Self::AsiaPacific => "asia-pacific",
            Self::Europe => "europe",
        }
    }
}

/// A name in its own script and in plain Latin letters.
pub(crate) type Pair = (&'static str, &'static str);

/// A place an applicant may live in.
pub(crate) struct Home {
    pub(crate) country: &'static str,
    pub(crate) cities: &'static [&'static str],
    pub(crate) region: Region,
    /// ISO 639-1 codes, the strongest first.
    pub(crate) languages: &'static [&'static str],
    /// Offset from UTC in the form of RFC 3339.
    pub(crate) offset: &'static str,
    /// Telephone country code.
    pub(crate) dial: &'static str,
}

/// A circle of names with the places they live in.
pub(crate) struct Culture {
    pub(crate) script: Script,
    /// Family name first and no space between, as in Chinese.
    pub(crate) family_first: bool,
    pub(crate) women: &'static [Pair],
    pub(crate) men: &'static [Pair],
    /// Family names of women, then of men; the same where the language does not inflect them.
    pub(crate) family: &'static [(Pair, Pair)],
    pub(crate) homes: &'static [Home],
}
