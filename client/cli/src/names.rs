//! Naming members: people write a name or the beginning of an id, the engine wants the id.

use std::collections::BTreeMap;

use tessera_driver::session::Session;
use tessera_model::documents::Person;
use tessera_protocol::ids::MemberId;

use crate::failure::{Exit, Failure};

/// The shortest beginning of an id that names a member.
const SHORTEST: usize = 4;

/// Everybody in the programme, with the name where this home knows it.
pub(crate) struct Names(BTreeMap<MemberId, Option<Person>>);

impl Names {
    /// Reads the names that this home knows.
    pub(crate) fn of(session: &mut Session) -> Result<Self, Failure> {
        let mut known = session.together(|acts| acts.persons())?;
        let members: Vec<MemberId> = session.engine().permission().members.keys().copied().collect();
        Ok(Self(members.into_iter().map(|member| (member, known.remove(&member))).collect()))
    }

    /// The name, else the beginning of the id.
    pub(crate) fn name(&self, member: MemberId) -> String {
        let name = self.person(member).map(|person| person.name.trim()).filter(|name| !name.is_empty());
        name.map_or_else(|| member.to_string()[..8].to_owned(), str::to_owned)
    }

    /// What is known of a member.
    pub(crate) fn person(&self, member: MemberId) -> Option<&Person> {
        self.0.get(&member)?.as_ref()
    }

    /// The member that is meant: by id, by four or more of its first digits, or by name in any case.
    pub(crate) fn find(&self, meant: &str) -> Result<MemberId, Failure> {
        let meant = meant.trim();
        let digits = meant.to_ascii_lowercase();
        let by_id = |member: &MemberId| digits.len() >= SHORTEST && member.to_string().starts_with(&digits);
        let by_name = |member: &MemberId| {
            self.person(*member)
                .is_some_and(|person| person.name.trim().to_lowercase() == meant.to_lowercase())
        };
        let mut found: Vec<MemberId> = self.0.keys().filter(|member| by_name(member)).copied().collect();
        if found.is_empty() {
            found = self.0.keys().filter(|member| by_id(member)).copied().collect();
        }
        match found[..] {
            [member] => Ok(member),
            [] => {
                Err(Failure::new(Exit::NotFound, "no-such-member", format!("no member is called `{meant}`"))
                    .hint("`tessera member list` shows names and ids"))
            }
            _ => Err(Failure::new(
                Exit::BadInput,
                "member-ambiguous",
                format!("{} members are called `{meant}`", found.len()),
            )
            .hint("write the beginning of the id instead")),
        }
    }
}
