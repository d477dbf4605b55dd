//! Who the members are to people: names, contacts and what invitations and answers said. Charter and
//! statements know ids alone. What coordinators know is in `people`; what this device alone was told (an
//! admin's own invitations) stays on it.

use std::collections::BTreeMap;

use tessera_model::documents::{Kind, Person, Subject};
use tessera_protocol::charter::Link;
use tessera_protocol::codec::Wire;
use tessera_protocol::ids::{InvitationId, LinkId, MemberId};
use tessera_protocol::permission::{Act, Progress};
use tessera_protocol::statement::Statement;
use tessera_protocol::wire;
use tessera_vault::enrol::{About, Invitation};
use tessera_vault::ids::Audience;
use tessera_vault::text::Text;

use crate::engine::{Acts, Engine};
use crate::error::EngineError;
use crate::people::{Admitted, Issued, issued_key, withdrawn_key};
use crate::store::{Store, Table};

/// The most fields of a person that an invitation takes along.
const FIELDS: usize = 32;
/// The longest name of a standing conflict, in bytes; keys of a document may be a little longer.
const STANDING_KEY_BYTES: usize = 200;

/// Whom an invitation is for, as its writer put it; never leaves the device before the admission.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Invited {
    /// Name.
    pub name: Text<200>,
    /// What assignments go by, such as `region` or `languages`.
    pub fields: tessera_protocol::codec::List<(Text<64>, Text<500>), FIELDS>,
}
wire!(Invited { name, fields });

impl Acts<'_> {
    /// Everybody whose name this device knows.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn persons(&mut self) -> Result<BTreeMap<MemberId, Person>, EngineError> {
        let mut persons = BTreeMap::new();
        let known: Vec<MemberId> = self.permission().members.keys().copied().collect();
        for member in known {
            if let Some(bytes) = self.setting(&local(member))? {
                let about = About::from_bytes(&bytes)?;
                persons.insert(member, person(&about, &Invited::default()));
            }
        }
        let mut told = BTreeMap::new();
        for (record, audience) in self.documents(Kind::Person)? {
            let Ok(Subject::Member(id)) = Subject::parse(Kind::Person, &record.subject) else { continue };
            let Some(audience) = audience else { continue };
            if let Some(read) = self.read::<Person>(&audience, &id)? {
                match audience {
                    Audience::People => drop(persons.insert(MemberId(id), read.value)),
                    Audience::To(member) if member.0 == id => drop(told.insert(member, read.value)),
                    _ => {}
                }
            }
        }
        for (member, person) in told {
            let known = persons.entry(member).or_insert_with(Person::default);
            if known.name.trim().is_empty() {
                known.name = person.name;
            }
        }
        Ok(persons)
    }

    /// Writes what is known of a member: for everybody who coordinates, else on this device alone.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn set_person(&mut self, member: MemberId, person: &Person) -> Result<(), EngineError> {
        if self.must_coordinate().is_ok() {
            self.write(&Audience::People, &member.0, person, true)?;
            // Members are told by what name they go, and nothing else; tables of scores have it.
            let name = Person { name: person.name.clone(), ..Person::default() };
            self.write(&Audience::To(member), &member.0, &name, true)?;
            return Ok(());
        }
        let about = About {
            name: Text::try_from(person.name.as_str())?,
            email: Text::try_from(person.contact.as_str())?,
            conflicts: Default::default(),
        };
        self.set(&local(member), &about.to_bytes())
    }

    /// Remembers whom an invitation of this device is for.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn set_invited(&mut self, id: InvitationId, invited: &Invited) -> Result<(), EngineError> {
        self.set(&invited_key(id), &invited.to_bytes())
    }

    /// Whom an invitation of this device is for.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn invited(&mut self, id: InvitationId) -> Result<Option<Invited>, EngineError> {
        Ok(self.setting(&invited_key(id))?.map(|bytes| Invited::from_bytes(&bytes)).transpose()?)
    }

    /// Admits whoever answered an invitation of this device, and keeps what the person said.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn admit_person(&mut self, answer: &[u8]) -> Result<Admitted, EngineError> {
        let (_, id) = tessera_vault::enrol::answered(answer)?;
        let (core, tx) = self.parts();
        let admitted = core.admit_member(tx, answer)?;
        if !self.persons()?.contains_key(&admitted.member) {
            let invited = self.invited(id)?.unwrap_or_default();
            self.set_person(admitted.member, &person(&admitted.about, &invited))?;
        }
        self.hand_over()?;
        Ok(admitted)
    }

    /// The words that must be the same on the screen of a member whom this device invited; none where another
    /// device did.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn check_words(&mut self, member: MemberId) -> Result<Option<Vec<&'static str>>, EngineError> {
        let Some(state) = self.permission().members.get(&member).cloned() else {
            return Err(EngineError::NotFound(format!("member {member}")));
        };
        let first = state.devices.values().find(|device| device.device.first_member() == member);
        let (Some(invitation), Some(first)) = (state.invitation, first) else { return Ok(None) };
        let (_, tx) = self.parts();
        let issued = crate::records::get::<Issued>(tx, Table::Settings, &issued_key(invitation))?;
        let words = issued.map(|issued| issued.invitation.check_words(&issued.nonce, &first.device));
        Ok(words.transpose()?.map(|words| words.to_vec()))
    }

    /// Records that a person compared the words of a member or handed the invitation over in person.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn check_member(&mut self, member: MemberId) -> Result<(), EngineError> {
        let (core, tx) = self.parts();
        core.check_member(tx, member)?;
        if self.must_coordinate().is_ok() && member != self.member() {
            // Other coordinators need not compare again. One field for each who did: two who do it apart agree.
            let known = self.read::<Person>(&Audience::People, &member.0)?;
            let mut person = known.map(|read| read.value).unwrap_or_default();
            person.fields.insert(format!("{CHECKED_BY}{}", self.member()), "yes".to_owned());
            self.write(&Audience::People, &member.0, &person, true)?;
        }
        Ok(())
    }

    /// Invites somebody, as [`Engine::invite`], and remembers whom.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn invite_person(
        &mut self,
        roles: tessera_protocol::charter::Roles,
        invited: &Invited,
    ) -> Result<Invitation, EngineError> {
        let relays = self.relays()?;
        let title = self.title()?;
        let (core, tx) = self.parts();
        let invitation = core.invite(tx, roles, &title, relays)?;
        self.set_invited(invitation.id, invited)?;
        Ok(invitation)
    }

    /// Invitations of this device that admitted nobody yet, with whom they are for.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn open_invitations(&mut self) -> Result<Vec<(InvitationId, Invited)>, EngineError> {
        let invitations = &self.permission().invitations;
        let open = invitations.iter().filter(|(_, state)| state.progress == Progress::Open);
        let open: Vec<InvitationId> = open.map(|(id, _)| *id).collect();
        let mut found = Vec::new();
        for id in open {
            if let Some(invited) = self.invited(id)? {
                found.push((id, invited));
            }
        }
        Ok(found)
    }

    /// Withdraws an open invitation of this device: its secret is forgotten, and without it nobody is admitted on it. Whoever
    /// has the invitation may answer it all the same, and is told nothing.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] of an invitation that this device did not write, or that admitted somebody.
    pub fn withdraw_invitation(&mut self, id: InvitationId) -> Result<(), EngineError> {
        let (core, tx) = self.parts();
        let state = core.known.permission.invitations.get(&id);
        let open = state.is_some_and(|state| state.progress == Progress::Open);
        if !open || tx.get(Table::Settings, &issued_key(id))?.is_none() {
            return Err(EngineError::NotFound("an open invitation of this device".into()));
        }
        tx.delete(Table::Settings, &issued_key(id))?;
        tx.put(Table::Settings, &withdrawn_key(id), &[])?;
        self.unset(&invited_key(id))
    }

    /// What the programme is called.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn title(&mut self) -> Result<String, EngineError> {
        if let Ok((_, programme)) = self.programme()
            && let Some(name) = &programme.name
        {
            let language = programme.languages.first().map_or("en", |language| language.as_str());
            return Ok(name.in_language(language).to_owned());
        }
        let title = self.setting("title")?.unwrap_or_default();
        Ok(String::from_utf8(title).unwrap_or_default())
    }

    /// Signs another admin's proposal to take a member's roles, and the member's removal with it.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::NotFound`].
    pub fn sign_removal(&mut self, link: LinkId, member: MemberId) -> Result<(), EngineError> {
        let (core, tx) = self.parts();
        core.sign_link(tx, link)?;
        let cut = core.removal(tx, member)?.cut;
        core.statement(tx, &Statement::Remove { member, cut })?;
        core.duties(tx)
    }
}

impl<S: Store> Engine<S> {
    /// Every charter link that is here, once each.
    pub fn links(&self) -> Vec<Link> {
        let mut links: BTreeMap<LinkId, Link> = BTreeMap::new();
        for pack in self.core.known.gathering.packs() {
            if let Act::Link(link) = &pack.act {
                links.entry(link.id()).or_insert_with(|| link.clone());
            }
        }
        links.into_values().collect()
    }

    /// True in a programme that is marked as a demonstration; before its charter came, by what the invitation
    /// or the older device said.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn is_demo(&mut self) -> Result<bool, EngineError> {
        if !self.permission().charter.tips.is_empty() {
            return Ok(self.permission().charter.demo);
        }
        Ok(self.invitation()?.is_some_and(|invitation| invitation.demo))
    }

    /// The answer that this home gave to its invitation, to be handed over again.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn answer(&mut self) -> Result<Option<Vec<u8>>, EngineError> {
        self.look(|_, tx| Ok(tx.get(Table::Meta, b"answer")?))
    }
}

/// What begins a field of a person that says which coordinator compared the check words.
pub(crate) const CHECKED_BY: &str = "checked-by-";

fn local(member: MemberId) -> String {
    format!("person-{member}")
}

fn invited_key(id: InvitationId) -> String {
    format!("invited-{id}")
}

/// What an answer and its invitation say together; the answer's own words win.
fn person(about: &About, invited: &Invited) -> Person {
    let name = if about.name.is_empty() { &invited.name } else { &about.name };
    let mut standing = BTreeMap::new();
    for conflict in about.conflicts.iter().filter(|conflict| !conflict.trim().is_empty()) {
        let mut end = conflict.len().min(STANDING_KEY_BYTES);
        while !conflict.is_char_boundary(end) {
            end -= 1;
        }
        // A long one is a key by its beginning, with the whole as its note.
        let note = if end < conflict.len() { conflict.to_string() } else { String::new() };
        standing.insert(conflict[..end].to_owned(), note);
    }
    Person {
        name: name.to_string(),
        contact: about.email.to_string(),
        fields: invited.fields.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        standing,
    }
}
