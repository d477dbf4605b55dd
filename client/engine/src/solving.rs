//! What an assignment is solved from within a programme: applications that may be read, members who may read, and the
//! pairs that the programme bars, in the form of the workbench's tables. Not the search, which no engine reaches.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::applications::Applications;
use tessera_model::compute::ComputeError;
use tessera_model::documents::{Outcome, Person, Ruling};
use tessera_model::programme::Programme;
use tessera_model::reviewers::{ReviewerEntry, Reviewers};
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_protocol::permission::Standing;

use crate::assignments::{Bar, declared_code};
use crate::conflicts::{Declared, standing, standing_declaration};
use crate::engine::Acts;
use crate::error::EngineError;
use crate::scores::line;

/// What of an application assignments go by, as fields of the form.
const OF_APPLICATIONS: [&str; 5] = ["region", "language", "languages", "competence", "competences"];
/// What of a member assignments go by, as fields of the person.
const OF_READERS: [&str; 6] = ["min", "max", "region", "languages", "competences", "apart"];

/// The tables of one assignment.
#[derive(Debug, Clone)]
pub struct AssignmentTables {
    /// Applications that may be read.
    pub applications: Applications,
    /// Members who may read, and those who may not, who read nothing.
    pub reviewers: Reviewers,
    /// Those who may read nothing at all, such as members whom nobody checked.
    pub unable: BTreeMap<String, &'static str>,
    /// Pairs that the programme bars, by application and reviewer, with the code for why.
    pub bars: BTreeMap<(String, String), &'static str>,
    /// What was left out, by the code for why.
    pub left_out: BTreeMap<&'static str, Vec<String>>,
}

impl Acts<'_> {
    /// Collects the tables for `readers`; `names` gives what a member is called, a different name for each.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`]; inside, the model's refusal of a person's fields.
    pub fn assignment_tables(
        &mut self,
        programme: &Programme,
        readers: &BTreeSet<MemberId>,
        names: impl Fn(MemberId) -> String,
    ) -> Result<Result<AssignmentTables, ComputeError>, EngineError> {
        self.must_coordinate()?;
        let mut left_out: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        let persons = self.persons()?;
        let (mut able, mut unable) = (Vec::new(), BTreeMap::new());
        for member in readers {
            match self.reader_bar(*member)? {
                Some(bar) => drop(unable.insert(names(*member), bar.code())),
                None => able.push(*member),
            }
        }
        for (name, code) in &unable {
            left_out.entry(code).or_default().push(name.clone());
        }
        let declared: BTreeMap<(ApplicationId, MemberId), &'static str> = self
            .declarations()?
            .iter()
            .filter(|declared| declared.bars())
            .map(|Declared { application, member, read, .. }| {
                ((*application, *member), declared_code(&read.value))
            })
            .collect();
        let withdrawn = self.withdrawn()?;
        let (mut rows, mut bars) = (Vec::new(), BTreeMap::new());
        for (id, identity) in self.applications()? {
            let key = identity.key;
            if withdrawn.contains(&id) {
                left_out.entry(Bar::Withdrawn.code()).or_default().push(key);
                continue;
            }
            if let Outcome::NotEligible(gates) = self.eligibility(programme, id)?.outcome {
                left_out.entry(Bar::NotEligible(gates).code()).or_default().push(key);
                continue;
            }
            bars.extend(unable.iter().map(|(name, code)| ((key.clone(), name.clone()), *code)));
            let answers = self.answers(programme, id)?;
            for member in &able {
                if let Some(code) = declared.get(&(id, *member)) {
                    bars.insert((key.clone(), names(*member)), *code);
                } else if let Some(person) = persons.get(member)
                    && self.stands_apart(id, *member, person, &answers)?
                {
                    bars.insert((key.clone(), names(*member)), "conflict-standing");
                }
            }
            let cells = OF_APPLICATIONS.map(|column| answers.get(column).cloned().unwrap_or_default());
            rows.push(std::iter::once(key).chain(cells).collect());
        }
        let columns = std::iter::once("application").chain(OF_APPLICATIONS).map(str::to_owned).collect();
        let reviewers = table(&able, &persons, names);
        let tables = Applications::collect(columns, rows).and_then(|applications| {
            let mut reviewers = Reviewers::read(reviewers.as_bytes(), "the programme's people")?;
            for name in unable.keys() {
                let nothing = ReviewerEntry { min: Some(0), max: Some(0), ..ReviewerEntry::default() };
                reviewers.put(name.clone(), nothing);
            }
            Ok(AssignmentTables { applications, reviewers, unable, bars, left_out })
        });
        Ok(tables.map_err(ComputeError::from))
    }

    /// What keeps a member from reading anything at all.
    fn reader_bar(&mut self, member: MemberId) -> Result<Option<Bar>, EngineError> {
        let state = self.permission().members.get(&member).map(|state| state.standing);
        Ok(match state == Some(Standing::Active) {
            false => Some(Bar::NotActive),
            true if !self.is_checked(member)? => Some(Bar::Unchecked),
            true => None,
        })
    }

    /// Says whether a standing conflict that no ruling lifts is between the two.
    fn stands_apart(
        &mut self,
        application: ApplicationId,
        member: MemberId,
        person: &Person,
        answers: &BTreeMap<String, String>,
    ) -> Result<bool, EngineError> {
        let Some((whom, _)) = standing(person, answers) else { return Ok(false) };
        let ruling = self.ruling(application, member, &standing_declaration(whom))?;
        Ok(ruling != Some(Ruling::Lifted))
    }
}

/// The reviewers' table, as a file would have it.
fn table(
    members: &[MemberId],
    persons: &BTreeMap<MemberId, Person>,
    names: impl Fn(MemberId) -> String,
) -> String {
    let mut csv = line(std::iter::once("reviewer").chain(OF_READERS));
    for member in members {
        let field = |column: &str| persons.get(member).and_then(|person| person.fields.get(column));
        let cells = OF_READERS.map(|column| field(column).map_or("", String::as_str));
        csv.push_str(&line(std::iter::once(names(*member).as_str()).chain(cells)));
    }
    csv
}
