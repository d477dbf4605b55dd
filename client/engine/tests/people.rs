//! Alice, Bob and Carol in memory: founding, enrolling and keys, with bundles as the only road.

mod common;

use common::{enrol, found, rng, secret};
use tessera_engine::bundle::For;
use tessera_engine::store::MemoryStore;
use tessera_engine::{Engine, EngineError};
use tessera_model::documents::{Assignment, Kind, Record};
use tessera_protocol::charter::Roles;
use tessera_vault::enrol::About;
use tessera_vault::ids::Audience;

#[test]
fn a_member_is_enrolled_by_files_alone_and_reads_what_is_addressed_to_it() {
    let mut alice = found();
    let mut bob = enrol(&mut alice, Roles::default());
    let audience = Audience::To(bob.member());
    let subject = [7; 32];
    let assignment = Assignment::default();
    alice.write(&audience, &subject, &assignment, false).unwrap();
    bob.import(&alice.export(For::Member(bob.member())).unwrap()).unwrap();
    let read = bob.read::<Assignment>(&audience, &subject).unwrap().unwrap();
    assert_eq!(read.value, assignment);
    assert_eq!(bob.documents(Assignment::KIND).unwrap().len(), 1);
    assert!(bob.notices().unwrap().is_empty(), "{:?}", bob.notices().unwrap());
    assert!(alice.notices().unwrap().is_empty());
}

#[test]
fn g23_a_second_coordinator_holds_what_the_first_holds_only_after_check_words() {
    let mut alice = found();
    let roles = Roles { admin: false, coordinator: true };
    let invitation = alice.invite(roles, "the seminar", vec![]).unwrap();
    let (mut carol, answer) =
        Engine::enrol(MemoryStore::default(), secret(), rng(), &invitation, About::default()).unwrap();
    alice.admit(&answer).unwrap();
    carol.import(&alice.export(For::Member(carol.member())).unwrap()).unwrap();
    assert!(carol.is_coordinator());
    assert!(matches!(carol.application("A001"), Err(EngineError::NotPermitted(_))));
    alice.check(carol.member()).unwrap();
    carol.import(&alice.export(For::Member(carol.member())).unwrap()).unwrap();
    assert_eq!(carol.application("A001").unwrap(), alice.application("A001").unwrap());
    assert_eq!(carol.documents(Kind::Review).unwrap().len(), 0);
}
