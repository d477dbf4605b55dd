//! Naming applications: people write the key of the import or what their own list calls an application, the engine wants
//! the id.

use std::collections::BTreeMap;

use tessera_driver::session::Session;
use tessera_protocol::ids::ApplicationId;

use crate::failure::{Exit, Failure};

/// The shortest beginning of an id that names an application.
pub(crate) const SHORTEST: usize = 6;

/// An application's name as it is typed in a shell.
pub(crate) fn typed(label: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.,:+@%/".contains(c);
    if !label.is_empty() && label.chars().all(plain) {
        return label.to_owned();
    }
    format!("'{}'", label.replace('\'', "'\\''"))
}

/// The applications that this home knows, by what people here call them: on a coordinator's device the key, on a
/// reader's the label of the card.
pub(crate) struct Applications(BTreeMap<ApplicationId, String>);

impl Applications {
    /// Reads what this home knows.
    pub(crate) fn of(session: &mut Session) -> Result<Self, Failure> {
        let coordinates = session.engine().is_coordinator();
        let mut known = BTreeMap::new();
        if coordinates {
            let all = session.together(|acts| acts.applications())?;
            known.extend(all.into_iter().map(|(id, identity)| (id, identity.key)));
        }
        for (id, label) in session.together(|acts| acts.labels())? {
            known.entry(id).or_insert(label);
        }
        Ok(Self(known))
    }

    /// What people here call an application; else the beginning of its id.
    pub(crate) fn label(&self, id: ApplicationId) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| id.to_string()[..8].to_owned())
    }

    /// The application that is meant: as it is called here, or by six or more of the first digits of its id.
    pub(crate) fn find(&self, meant: &str) -> Result<ApplicationId, Failure> {
        let meant = meant.trim();
        let digits = meant.to_ascii_lowercase();
        let called = |(id, label): &(&ApplicationId, &String)| (*label == meant).then_some(**id);
        let begins = |(id, _): &(&ApplicationId, &String)| {
            (digits.len() >= SHORTEST && id.to_string().starts_with(&digits)).then_some(**id)
        };
        let mut found: Vec<ApplicationId> = self.0.iter().filter_map(|one| called(&one)).collect();
        if found.is_empty() {
            found = self.0.iter().filter_map(|one| begins(&one)).collect();
        }
        match found[..] {
            [id] => Ok(id),
            [] => Err(Failure::new(
                Exit::NotFound,
                "application-unknown",
                format!("no application is called `{meant}` here"),
            )
            .hint("`tessera application list` shows them; a reader's own are in `tessera review list`")),
            _ => Err(Failure::new(
                Exit::BadInput,
                "application-ambiguous",
                format!("{} applications are called `{meant}`", found.len()),
            )
            .hint("write the beginning of the id instead")),
        }
    }
}
