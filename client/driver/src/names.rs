//! What people call members, applications and rounds, as far as this home knows.

use std::collections::BTreeMap;

use tessera_engine::programme::round;
use tessera_model::documents::Person;
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};

use crate::session::{Session, SessionError};

/// The shortest beginning of an id that names a member.
pub const SHORTEST: usize = 4;

/// Everybody in the programme, with the name where this home knows it.
pub struct Names {
    members: BTreeMap<MemberId, Option<Person>>,
    /// How many go by each name.
    namesakes: BTreeMap<String, usize>,
}

impl Names {
    /// Reads the names that this home knows.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn of(session: &mut Session) -> Result<Self, SessionError> {
        let mut known = session.together(|acts| acts.persons())?;
        let members: Vec<MemberId> = session.engine().permission().members.keys().copied().collect();
        let members = members.into_iter().map(|member| (member, known.remove(&member))).collect();
        let mut names = Self { members, namesakes: BTreeMap::new() };
        for member in names.members.keys() {
            *names.namesakes.entry(names.name(*member)).or_default() += 1;
        }
        Ok(names)
    }

    /// Everybody.
    pub fn members(&self) -> impl Iterator<Item = MemberId> {
        self.members.keys().copied()
    }

    /// The name, else the beginning of the id.
    #[must_use]
    pub fn name(&self, member: MemberId) -> String {
        let name = self.person(member).map(|person| person.name.trim()).filter(|name| !name.is_empty());
        name.map_or_else(|| member.to_string()[..8].to_owned(), str::to_owned)
    }

    /// What tables call each member: the name, with the beginning of the id where two have the same one.
    #[must_use]
    pub fn handle(&self, member: MemberId) -> String {
        let name = self.name(member);
        let others = usize::from(!self.members.contains_key(&member));
        let namesakes = self.namesakes.get(&name).copied().unwrap_or_default() + others;
        if namesakes > 1 { format!("{name} ({})", &member.to_string()[..8]) } else { name }
    }

    /// The whole id.
    #[must_use]
    pub fn id(&self, member: MemberId) -> String {
        member.to_string()
    }

    /// True where this is a member's name in a table: its id, the beginning of it, or its name in any case.
    #[must_use]
    pub fn is(&self, member: MemberId, meant: &str) -> bool {
        let digits = meant.to_ascii_lowercase();
        let by_id = digits.len() >= SHORTEST && member.to_string().starts_with(&digits);
        let known = self.person(member).is_some_and(|person| !person.name.trim().is_empty());
        let named = known && self.name(member).to_lowercase() == meant.trim().to_lowercase();
        by_id || named || (known && self.handle(member) == meant)
    }

    /// What is known of a member.
    #[must_use]
    pub fn person(&self, member: MemberId) -> Option<&Person> {
        self.members.get(&member)?.as_ref()
    }
}

/// What applications and rounds are called.
pub struct Labels {
    applications: BTreeMap<ApplicationId, String>,
    rounds: BTreeMap<RoundId, String>,
}

impl Labels {
    /// Reads them; where nothing is published yet there are none.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn of(session: &mut Session) -> Result<Self, SessionError> {
        let applications = session.together(|acts| acts.application_keys())?;
        let programme = session.together(|acts| acts.programme()).map(|(_, programme)| programme);
        let rounds = programme.map(|programme| {
            let rounds = programme.rounds.iter();
            rounds.map(|one| (round(one.key.as_str()), one.key.to_string())).collect()
        });
        Ok(Self { applications, rounds: rounds.unwrap_or_default() })
    }

    /// The application's key or label, else its id.
    #[must_use]
    pub fn application(&self, id: ApplicationId) -> String {
        self.applications.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// The round's key, else its id.
    #[must_use]
    pub fn round(&self, id: RoundId) -> String {
        self.rounds.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}
