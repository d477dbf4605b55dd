//! Naming members on a command line: people write a name or the beginning of an id, the engine wants the id.

pub(crate) use tessera_driver::names::Names;
use tessera_driver::names::SHORTEST;
use tessera_protocol::ids::MemberId;

use crate::failure::{Exit, Failure};

/// Finds whom a person means.
pub(crate) trait Find {
    /// The member that is meant: by id, by four or more of its first digits, or by name in any case.
    fn find(&self, meant: &str) -> Result<MemberId, Failure>;
}

impl Find for Names {
    fn find(&self, meant: &str) -> Result<MemberId, Failure> {
        let meant = meant.trim();
        let digits = meant.to_ascii_lowercase();
        let by_id = |member: &MemberId| digits.len() >= SHORTEST && member.to_string().starts_with(&digits);
        let by_name = |member: &MemberId| {
            self.person(*member)
                .is_some_and(|person| person.name.trim().to_lowercase() == meant.to_lowercase())
        };
        let mut found: Vec<MemberId> = self.members().filter(by_name).collect();
        if found.is_empty() {
            found = self.members().filter(by_id).collect();
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
