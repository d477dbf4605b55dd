//! What left this home as a readable file: when, which parts, how much. Kept in the home, for whoever has to answer for it; no
//! content and no path is in it. [`dossiers`] makes one kind of such files.

pub mod dossiers;
pub mod words;

use serde::{Deserialize, Serialize};

use crate::clock::now_ms;
use crate::session::{Session, SessionError};

/// Under which name the list is kept.
const LIST: &str = "exports";
/// The most entries that are kept; the oldest are left out first.
const MOST: usize = 500;

/// One file that left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// When, by this device's clock, in milliseconds since 1970.
    pub at_ms: u64,
    /// What: `applications`, `scores`, `report`, `dossier`, `ranking`, `calibration`, `selection` or `snapshot`.
    pub what: String,
    /// The form: `csv`, `xlsx`, `json`, `html`, `pdf`.
    pub form: String,
    /// The parts that were in it: `identity`, `dossier`, `eligibility`, `scores`, `names`, `rulings`, `figures`.
    pub parts: Vec<String>,
    /// Applications in it.
    pub applications: u32,
    /// Reviews in it.
    pub reviews: u32,
}

impl Left {
    /// Something that leaves just now.
    #[must_use]
    pub fn now(what: &str, form: &str, parts: &[&str], applications: usize, reviews: usize) -> Self {
        Self {
            at_ms: now_ms(),
            what: what.to_owned(),
            form: form.to_owned(),
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
            applications: u32::try_from(applications).unwrap_or(u32::MAX),
            reviews: u32::try_from(reviews).unwrap_or(u32::MAX),
        }
    }
}

/// What left, the newest first.
///
/// # Errors
/// [`SessionError`].
pub fn list(session: &mut Session) -> Result<Vec<Left>, SessionError> {
    let bytes = session.together(|acts| acts.setting(LIST))?;
    // An entry that a later version wrote otherwise is passed over.
    let lines = bytes.as_deref().unwrap_or_default().split(|byte| *byte == b'\n');
    let mut list: Vec<Left> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
    list.reverse();
    Ok(list)
}

/// Notes that something left.
///
/// # Errors
/// [`SessionError`].
pub fn note(session: &mut Session, left: &Left) -> Result<(), SessionError> {
    session.together(|acts| {
        let bytes = acts.setting(LIST)?.unwrap_or_default();
        let mut lines: Vec<&[u8]> =
            bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        let entry = serde_json::to_vec(left).unwrap_or_default();
        lines.push(&entry);
        let kept = &lines[lines.len().saturating_sub(MOST)..];
        acts.set(LIST, &kept.join(&b'\n'))
    })
}
