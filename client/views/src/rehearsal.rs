//! The rehearsal: a programme of one's own with three invented dossiers, to learn scoring and sealing before anything is at
//! stake. It is a programme like any other, marked as a demonstration.

use std::collections::BTreeMap;

use serde::Deserialize;
use tessera_driver::session::{Founding, Session};
use tessera_engine::EngineError;
use tessera_model::documents::{Manifest, Row};
use tessera_model::programme::Programme;
use tessera_vault::passphrase::Passphrase;

use crate::failure::Failure;
use crate::me::in_new_folder;
use crate::shelf::Shelf;

const PROGRAMME: &str = include_str!("rehearsal/programme.toml");
const DOSSIERS: &str = include_str!("rehearsal/dossiers.json");

/// An invented application.
#[derive(Deserialize)]
struct Invented {
    key: String,
    fields: BTreeMap<String, String>,
}

/// Makes the rehearsal in a new home, everything assigned to whoever opens it; gives its folder.
///
/// # Errors
/// [`Failure`]; nothing is left behind.
pub fn rehearse(shelf: &Shelf, label: &str, passphrase: &str) -> Result<(String, Session), Failure> {
    let programme = Programme::parse(PROGRAMME).map_err(|error| Failure::new("bug", error.message))?;
    let dossiers: Vec<Invented> =
        serde_json::from_str(DOSSIERS).map_err(|error| Failure::new("bug", error.to_string()))?;
    let passphrase = Passphrase::new(passphrase);
    let founding = Founding { demo: true, ..Founding::default() };
    in_new_folder(shelf, label, |home| {
        let session = Session::found(home, &passphrase, &founding, |engine| {
            let me = engine.member();
            engine.together(|acts| {
                acts.publish(&programme, "the rehearsal")?;
                let round = programme.rounds.first();
                let round =
                    round.ok_or_else(|| EngineError::NotFound("the round of the rehearsal".into()))?;
                for (place, one) in (1..).zip(&dossiers) {
                    let row = Row {
                        key_column: "key".to_owned(),
                        key: one.key.clone(),
                        fields: one.fields.clone(),
                    };
                    let (application, ..) = acts.take_application(&programme, &row, &Manifest::default())?;
                    acts.assign(&programme, me, application, round, place)?;
                }
                acts.hand_over()
            })
        })?;
        Ok(session)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::me::{Role, me};
    use crate::{declaring, dossier, tasks};

    #[test]
    fn three_dossiers_wait_to_be_read_scored_and_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned());
        let (home, mut session) = rehearse(&shelf, "Rehearsal", "a quiet valley").unwrap();
        let me = me(&mut session, &home).unwrap();
        assert_eq!((me.roles, me.demo), (vec![Role::Reviewer, Role::Coordinator, Role::Admin], true));
        for language in ["en", "fr", "es", "ar", "zh"] {
            let home = tasks::home(&mut session, language).unwrap();
            assert_eq!(home.tasks.len(), 3);
            let task = &home.tasks[0];
            let read = dossier::dossier(&mut session, &task.application, &task.round, language).unwrap();
            assert_eq!((read.criteria.len(), read.sections.is_empty()), (3, true), "declared first");
        }
        let task = tasks::home(&mut session, "en").unwrap().tasks.remove(0);
        declaring::declare(&mut session, &task.application, "none", "", "").unwrap();
        let read = dossier::dossier(&mut session, &task.application, &task.round, "en").unwrap();
        assert!(!read.sections.is_empty());
    }
}
