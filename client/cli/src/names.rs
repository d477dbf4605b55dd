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

    /// What tables call each member: the name, with the beginning of the id where two have the same one.
    pub(crate) fn handle(&self, member: MemberId) -> String {
        let name = self.name(member);
        let same = |other: &MemberId| *other != member && self.name(*other) == name;
        if self.0.keys().any(same) { format!("{name} ({})", &member.to_string()[..8]) } else { name }
    }

    /// The whole id.
    #[expect(clippy::unused_self, reason = "beside the other ways to name a member")]
    pub(crate) fn id(&self, member: MemberId) -> String {
        member.to_string()
    }

    /// True where this is a member's name in a table: its id, the beginning of it, or its name in any case.
    pub(crate) fn is(&self, member: MemberId, meant: &str) -> bool {
        let digits = meant.to_ascii_lowercase();
        let by_id = digits.len() >= SHORTEST && member.to_string().starts_with(&digits);
        let known = self.person(member).is_some_and(|person| !person.name.trim().is_empty());
        let named = known && self.name(member).to_lowercase() == meant.trim().to_lowercase();
        by_id || named || (known && self.handle(member) == meant)
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
