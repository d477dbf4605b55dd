//! Who could read what: applications, reviewers, the pairs that nothing bars, and what bars the others. Not which of
//! them are chosen.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::affinities::{Affinities, Affinity, MAX_PAIRS};
use tessera_model::applications::Applications;
use tessera_model::exact::Exact;
use tessera_model::input::{InputError, InputErrorKind, Place, Warning};
use tessera_model::reviewers::{ReviewerEntry, Reviewers, list};

use super::{Refused, Rules};

/// Everything that one assignment is made from, in the order of ids.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Applications, sorted by id.
    pub applications: Vec<Reading>,
    /// Reviewers, sorted by id.
    pub reviewers: Vec<Reader>,
    /// Pairs that nothing bars, sorted by application and reviewer.
    pub pairs: Vec<Pair>,
    /// Pairs that something bars: by place of application and reviewer.
    pub barred: BTreeMap<(usize, usize), Bar>,
    /// Whether any affinity is known, also of a pair that something bars.
    pub preferences: bool,
}

/// An application and what it asks of its readers.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Its id.
    pub id: String,
    /// Region of the applicant; empty where none is said.
    pub region: String,
    /// Languages that every reader must know, in lower case.
    pub languages: BTreeSet<String>,
    /// Competences of which each must be there among the readers.
    pub competences: BTreeSet<String>,
}

/// A reviewer and how much it reads.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// Its id.
    pub id: String,
    /// Fewest reads.
    pub min: usize,
    /// Most reads.
    pub max: usize,
    /// Region; empty where none is said.
    pub region: String,
    /// Languages, in lower case.
    pub languages: BTreeSet<String>,
    /// Competences.
    pub competences: BTreeSet<String>,
    /// Places of the reviewers with whom it never reads the same application.
    pub apart: BTreeSet<usize>,
}

/// A pair that nothing bars.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Place of the application.
    pub application: usize,
    /// Place of the reviewer.
    pub reviewer: usize,
    /// Its affinity; 0 where none is known.
    pub affinity: Exact,
    /// Whether an affinity is known.
    pub known: bool,
}

/// What bars a pair.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bar {
    /// A conflict of interest, or an affinity below the limit.
    Conflict,
    /// The reviewer does not know this language of the application.
    Language(String),
    /// The reviewer reads nothing.
    NoRoom,
    /// The programme bars it: its code for why.
    Programme(&'static str),
}

impl Bar {
    /// Returns the code that scripts see.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Language(_) => "language",
            Self::NoRoom => "no-room",
            Self::Programme(code) => code,
        }
    }
}

/// What an assignment is made from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tables<'a> {
    /// How well they fit; none = every pair alike.
    pub affinities: Option<&'a Affinities>,
    /// Applications: `application[,region,language,competences]`. Where it is given, exactly these are read.
    pub applications: Option<&'a Applications>,
    /// Reviewers; those that only the affinities name read as the rules say for everybody.
    pub reviewers: Option<&'a Reviewers>,
    /// Pairs that the programme bars: by application and reviewer, with the code for why.
    pub bars: Option<&'a BTreeMap<(String, String), &'static str>>,
}

impl Problem {
    /// Puts the tables together.
    ///
    /// # Errors
    /// [`Refused`] where there are too many pairs, an affinity names an unknown application, or loads contradict each
    /// other.
    pub fn build(tables: &Tables<'_>, rules: &Rules) -> Result<(Self, Vec<Warning>), Refused> {
        let applications = readings(tables)?;
        let reviewers = readers(tables, rules)?;
        if applications.len().saturating_mul(reviewers.len()) > MAX_PAIRS {
            let kind = InputErrorKind::TooLarge { what: "pairs", most: MAX_PAIRS };
            return Err(Place::file("the assignment").error(kind).into());
        }
        let mut problem =
            Self { applications, reviewers, pairs: Vec::new(), barred: BTreeMap::new(), preferences: false };
        let mut warnings = problem.unchecked(tables);
        let unknown = problem.pair(tables);
        if unknown > 0 && tables.affinities.is_some() {
            let warning =
                Warning::new("affinity-unknown", "{count} possible pairs have no affinity and count as 0");
            warnings.push(warning.with("count", unknown));
        }
        Ok((problem, warnings))
    }

    /// Makes the pairs; gives how many have no affinity.
    fn pair(&mut self, tables: &Tables<'_>) -> usize {
        let mut known: Vec<BTreeMap<usize, Affinity>> = vec![BTreeMap::new(); self.applications.len()];
        let places = |ids: Vec<&str>| -> BTreeMap<String, usize> {
            ids.into_iter().enumerate().map(|(place, id)| (id.to_owned(), place)).collect()
        };
        let of_application = places(self.applications.iter().map(|one| one.id.as_str()).collect());
        let of_reviewer = places(self.reviewers.iter().map(|one| one.id.as_str()).collect());
        for (application, reviewer, affinity) in tables.affinities.iter().flat_map(|table| table.iter()) {
            if let (Some(a), Some(r)) = (of_application.get(application), of_reviewer.get(reviewer)) {
                known[*a].insert(*r, affinity);
                self.preferences |= affinity.value.is_some();
            }
        }
        let mut programme: BTreeMap<(usize, usize), &'static str> = BTreeMap::new();
        for ((application, reviewer), code) in tables.bars.into_iter().flatten() {
            if let (Some(a), Some(r)) = (of_application.get(application), of_reviewer.get(reviewer)) {
                programme.insert((*a, *r), code);
            }
        }
        let speaks = self.reviewers.iter().any(|reader| !reader.languages.is_empty());
        let mut unknown = 0;
        for (a, application) in self.applications.iter().enumerate() {
            for (r, reader) in self.reviewers.iter().enumerate() {
                let affinity = known[a].get(&r).copied().unwrap_or_default();
                let foreign = application.languages.difference(&reader.languages).next().filter(|_| speaks);
                let bar = match (programme.get(&(a, r)), foreign) {
                    (Some(code), _) => Some(Bar::Programme(code)),
                    (None, _) if affinity.conflict => Some(Bar::Conflict),
                    (None, Some(language)) => Some(Bar::Language(language.clone())),
                    (None, None) if reader.max == 0 => Some(Bar::NoRoom),
                    (None, None) => None,
                };
                if let Some(bar) = bar {
                    self.barred.insert((a, r), bar);
                    continue;
                }
                unknown += usize::from(affinity.value.is_none());
                self.pairs.push(Pair {
                    application: a,
                    reviewer: r,
                    affinity: affinity.value.map_or_else(Exact::zero, Exact::from),
                    known: affinity.value.is_some(),
                });
            }
        }
        unknown
    }

    /// Says which rules cannot be applied for want of a table.
    fn unchecked(&self, tables: &Tables<'_>) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let mut check = |asked: bool, known: bool, warning: Warning| {
            if asked && !known {
                warnings.push(warning);
            }
        };
        let (asked, known) = (&self.applications, &self.reviewers);
        check(
            asked.iter().any(|one| !one.languages.is_empty()),
            known.iter().any(|one| !one.languages.is_empty()),
            Warning::new(
                "languages-unknown",
                "applications have languages, but no reviewer's languages are known: none is checked",
            ),
        );
        check(
            known.iter().any(|one| !one.region.is_empty()) && tables.applications.is_some(),
            asked.iter().any(|one| !one.region.is_empty()),
            Warning::new(
                "regions-unknown",
                "reviewers have regions, but no applicant's region is known: none is checked",
            ),
        );
        warnings
    }

    /// Returns the place of an application.
    pub fn application(&self, id: &str) -> Option<usize> {
        self.applications.binary_search_by(|one| one.id.as_str().cmp(id)).ok()
    }

    /// Returns the place of a reviewer.
    pub fn reviewer(&self, id: &str) -> Option<usize> {
        self.reviewers.binary_search_by(|one| one.id.as_str().cmp(id)).ok()
    }

    /// Returns the place of a pair among those that nothing bars.
    pub fn place(&self, application: usize, reviewer: usize) -> Option<usize> {
        self.pairs
            .binary_search_by_key(&(application, reviewer), |pair| (pair.application, pair.reviewer))
            .ok()
    }

    /// Says whether a reviewer is from the applicant's own region.
    pub fn own_region(&self, application: usize, reviewer: usize) -> bool {
        let region = &self.applications[application].region;
        !region.is_empty() && *region == self.reviewers[reviewer].region
    }
}

fn readings(tables: &Tables<'_>) -> Result<Vec<Reading>, Refused> {
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    let named = tables.affinities.iter().flat_map(|table| &table.applications);
    match tables.applications {
        Some(table) => {
            ids.extend(table.ids());
            if let Some(unknown) = named.into_iter().find(|id| !ids.contains(id.as_str())) {
                let list = table.file().to_owned();
                let kind = InputErrorKind::UnknownApplication { id: unknown.clone(), list };
                return Err(Refused::Input(InputError { kind, place: Place::file("affinities") }));
            }
        }
        None => ids.extend(named.map(String::as_str)),
    }
    let cell =
        |id: &str, column: &str| tables.applications.and_then(|table| table.field(id, column)).unwrap_or("");
    let either = |id: &str, one: &str, several: &str| -> BTreeSet<String> {
        list(cell(id, one)).union(&list(cell(id, several))).cloned().collect()
    };
    let reading = |id: &str| Reading {
        id: id.to_owned(),
        region: cell(id, "region").to_owned(),
        languages: lower(&either(id, "language", "languages")),
        competences: either(id, "competence", "competences"),
    };
    Ok(ids.into_iter().map(reading).collect())
}

fn readers(tables: &Tables<'_>, rules: &Rules) -> Result<Vec<Reader>, Refused> {
    let nothing = ReviewerEntry::default();
    let mut entries: BTreeMap<&str, &ReviewerEntry> = BTreeMap::new();
    for id in tables.affinities.iter().flat_map(|table| &table.reviewers) {
        entries.insert(id, &nothing);
    }
    entries.extend(tables.reviewers.iter().flat_map(|table| table.iter()));
    let places: BTreeMap<&str, usize> = entries.keys().enumerate().map(|(place, id)| (*id, place)).collect();
    let mut readers = Vec::with_capacity(entries.len());
    for (id, entry) in &entries {
        let most = |own: Option<u64>, all: usize| own.map_or(all, |own| usize::try_from(own).unwrap_or(all));
        let max = most(entry.max, rules.max_load);
        let min = most(entry.min, rules.min_load.min(max));
        if min > max {
            return Err(Refused::Loads { reviewer: (*id).to_owned(), min, max });
        }
        let apart = entry.apart.iter().filter_map(|other| places.get(other.as_str()).copied());
        readers.push(Reader {
            id: (*id).to_owned(),
            min,
            max,
            region: entry.region.clone(),
            languages: lower(&entry.languages),
            competences: entry.competences.clone(),
            apart: apart.filter(|other| *other != places[id]).collect(),
        });
    }
    // One side may name the other alone.
    for place in 0..readers.len() {
        for other in readers[place].apart.clone() {
            readers[other].apart.insert(place);
        }
    }
    Ok(readers)
}

/// Language tags in lower case: they are compared without it (RFC 5646, 2.1.1).
fn lower(tags: &BTreeSet<String>) -> BTreeSet<String> {
    tags.iter().map(|tag| tag.to_ascii_lowercase()).collect()
}
