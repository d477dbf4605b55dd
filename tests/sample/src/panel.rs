//! The six reviewers and who reads what. The assignment here is a plain greedy one for sample data; the product's
//! own solver is elsewhere and is not used.

use serde::Serialize;

use crate::applicant::Applicant;
use crate::culture::Region;
use crate::rng::Rng;

/// Reads for each application.
pub const READS: usize = 3;

/// Largest number of readers from the applicant's own region.
pub const OWN_REGION_MAX: usize = 2;

/// How many assignments are drawn until a connected one is found.
const MAX_DRAWS: u64 = 64;

/// A reviewer of the sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reviewer {
    /// `R01` to `R06`.
    pub key: String,
    /// Invented name.
    pub name: String,
    /// Address under `.example`.
    pub email: String,
    /// Region.
    pub region: Region,
    /// English name of the country.
    pub country: String,
    /// ISO 639-1 codes.
    pub languages: Vec<&'static str>,
    /// Invented organisation; an applicant of the same one is a conflict of interest.
    pub organisation: String,
    /// Points that this reviewer gives above (or below) the average, in deviations of quality.
    #[serde(skip)]
    pub severity: f64,
}

/// One application given to one reviewer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Assigned {
    /// Key of the application.
    pub application: String,
    /// Key of the reviewer.
    pub reviewer: String,
}

/// Returns the six reviewers: two from Africa, two from Asia-Pacific, one from each other region.
#[must_use]
pub fn reviewers() -> Vec<Reviewer> {
    type Row = (&'static str, Region, &'static str, &'static [&'static str], &'static str, f64);
    const ROWS: [Row; 6] = [
        (
            "Amina Barakoye",
            Region::Africa,
            "Kenya",
            &["en", "sw"],
            "Karoveni Trust for Children at Law",
            -0.55,
        ),
        ("Julián Otxoa Meraz", Region::Americas, "Mexico", &["es", "en", "pt"], "Defensoría Ceibal", 0.35),
        (
            "沈若林 (Ruolin Shen)",
            Region::AsiaPacific,
            "China",
            &["zh", "en"],
            "Baishi Office for Minors",
            0.05,
        ),
        ("Зарина Абдыкерим", Region::Europe, "Kyrgyzstan", &["ru", "ky", "en"], "Arcasuu Law Forum", -0.2),
        ("Fadila Benomari", Region::Africa, "Tunisia", &["ar", "fr", "en"], "Dar Zeitouna Legal Refuge", 0.6),
        (
            "निर्मला घिमिरेल",
            Region::AsiaPacific,
            "Nepal",
            &["ne", "hi", "en"],
            "Kamalghat Child Counsel",
            -0.25,
        ),
    ];
    ROWS.iter()
        .enumerate()
        .map(|(i, (name, region, country, languages, organisation, severity))| Reviewer {
            key: format!("R{:02}", i + 1),
            name: (*name).to_owned(),
            email: format!("reviewer{}@panel.example", i + 1),
            region: *region,
            country: (*country).to_owned(),
            languages: languages.to_vec(),
            organisation: (*organisation).to_owned(),
            severity: *severity,
        })
        .collect()
}

/// Gives each application `reads` readers: loads differ by at most one or two, at most `own_region_max` readers from
/// the applicant's region, none from the applicant's organisation, and readers and applications connected where that
/// many applications allow it. Fewer readers where the rules leave no more.
#[must_use]
pub fn assign(
    seed: u64,
    applicants: &[Applicant],
    reviewers: &[Reviewer],
    reads: usize,
    own_region_max: usize,
) -> Vec<Assigned> {
    let mut drawn = Vec::new();
    for attempt in 0..MAX_DRAWS {
        let rng = &mut Rng::fork(seed, "assignment", attempt);
        drawn = draw(rng, applicants, reviewers, reads, own_region_max);
        if is_connected(&drawn, reviewers.len()) {
            break;
        }
    }
    drawn
        .into_iter()
        .enumerate()
        .flat_map(|(a, readers)| {
            readers.into_iter().map(move |r| Assigned {
                application: applicants[a].key.clone(),
                reviewer: reviewers[r].key.clone(),
            })
        })
        .collect()
}

/// For each applicant the indices of its readers, the least loaded first, ties at random.
fn draw(
    rng: &mut Rng,
    applicants: &[Applicant],
    reviewers: &[Reviewer],
    reads: usize,
    own_region_max: usize,
) -> Vec<Vec<usize>> {
    let mut loads = vec![0_usize; reviewers.len()];
    let mut given = Vec::with_capacity(applicants.len());
    for applicant in applicants {
        let mut order: Vec<usize> = (0..reviewers.len()).collect();
        rng.shuffle(&mut order);
        order.sort_by_key(|r| loads[*r]);
        let mut readers = Vec::with_capacity(reads);
        let mut own_region = 0;
        for r in order {
            if readers.len() == reads {
                break;
            }
            let own = reviewers[r].region == applicant.region;
            if reviewers[r].organisation == applicant.organisation || (own && own_region == own_region_max) {
                continue;
            }
            own_region += usize::from(own);
            loads[r] += 1;
            readers.push(r);
        }
        readers.sort_unstable();
        given.push(readers);
    }
    given
}

/// Whether every reviewer is reached from every other through shared applications.
fn is_connected(given: &[Vec<usize>], reviewers: usize) -> bool {
    let mut group: Vec<usize> = (0..reviewers).collect();
    for readers in given {
        let Some(first) = readers.first().map(|r| group[*r]) else { continue };
        for reader in readers {
            let other = group[*reader];
            group.iter_mut().filter(|g| **g == other).for_each(|g| *g = first);
        }
    }
    group.iter().all(|g| *g == group[0])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::generate::generate;

    #[test]
    fn balanced_connected_and_no_colleague() {
        for (seed, applicants) in [(1, 60), (2, 61), (9, 8), (77, 500)] {
            let sample = generate(seed, applicants);
            let mut loads: BTreeMap<&str, usize> = BTreeMap::new();
            let mut given = vec![Vec::new(); applicants];
            for pair in &sample.assignment {
                *loads.entry(&pair.reviewer).or_default() += 1;
                let a = sample.applicants.iter().position(|a| a.key == pair.application).unwrap();
                let r = sample.reviewers.iter().position(|r| r.key == pair.reviewer).unwrap();
                assert_ne!(sample.applicants[a].organisation, sample.reviewers[r].organisation);
                given[a].push(r);
            }
            assert!(given.iter().all(|readers| readers.len() == READS));
            let (low, high) = (loads.values().min().unwrap(), loads.values().max().unwrap());
            assert!(high - low <= 1, "{loads:?}");
            assert!(is_connected(&given, sample.reviewers.len()));
            for (a, readers) in given.iter().enumerate() {
                let own =
                    readers.iter().filter(|r| sample.reviewers[**r].region == sample.applicants[a].region);
                assert!(own.count() <= OWN_REGION_MAX);
            }
        }
    }
}
