//! Alice, Bob and Carol in memory: founding, enrolling and keys, with bundles as the only road.

mod common;

use common::{Home, enrol, found, rng, secret};
use tessera_engine::bundle::For;
use tessera_engine::devices::Pass;
use tessera_engine::persons::Invited;
use tessera_engine::store::MemoryStore;
use tessera_engine::{Engine, EngineError};
use tessera_model::documents::{Assignment, Kind, Record};
use tessera_protocol::charter::{Change, Roles};
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
    let lacks = |alice: &mut Home| alice.together(|acts| Ok(acts.lacks_keys(carol.member()))).unwrap();
    assert!(lacks(&mut alice));
    alice.check(carol.member()).unwrap();
    assert!(!lacks(&mut alice));
    carol.import(&alice.export(For::Member(carol.member())).unwrap()).unwrap();
    assert_eq!(carol.application("A001").unwrap(), alice.application("A001").unwrap());
    assert_eq!(carol.documents(Kind::Review).unwrap().len(), 0);
}

#[test]
fn a_device_pass_that_was_changed_or_cut_anywhere_is_none() {
    let mut alice = found();
    let member = alice.member();
    let file = alice.together(|acts| acts.device_pass(member)).unwrap().to_file();
    assert!(Pass::from_file(&file).is_ok());
    for at in 0..file.len() {
        assert!(Pass::from_file(&file[..at]).is_err(), "cut after {at} bytes");
        let mut changed = file.to_vec();
        for by in 1..=255 {
            changed[at] = file[at] ^ by;
            assert!(Pass::from_file(&changed).is_err(), "byte {at} by {by}");
        }
    }
    println!("figure: K11 device pass, {} bytes: {} mutations, 0 accepted", file.len(), 256 * file.len());
}

const ADMIN: Roles = Roles { admin: true, coordinator: false };
const COORDINATOR: Roles = Roles { admin: false, coordinator: true };

#[test]
fn what_has_no_effect_or_ends_a_programme_is_not_proposed() {
    let mut alice = found();
    let bob = enrol(&mut alice, Roles::default()).member();
    let me = alice.member();
    let code = |change: Result<Change, EngineError>| change.err().map_or("none", |error| error.code());
    assert_eq!(code(alice.together(|acts| acts.taking(me, ADMIN))), "last-admin");
    assert_eq!(code(alice.together(|acts| acts.taking(me, COORDINATOR))), "last-coordinator");
    assert_eq!(code(alice.together(|acts| acts.taking(bob, ADMIN))), "role-not-held");
    assert_eq!(code(alice.together(|acts| acts.removal_needing(2, 0))), "no-such-threshold");
    let change = alice.together(|acts| acts.giving(bob, ADMIN)).unwrap();
    let proposed = alice.together(|acts| acts.propose(vec![change])).unwrap();
    assert!(proposed.counts, "{proposed:?}");
    assert_eq!(code(alice.together(|acts| acts.giving(bob, ADMIN))), "role-held");
    assert!(alice.together(|acts| acts.removal_needing(2, 0)).is_ok());
    // Of two admins both must sign from here on.
    let change = alice.together(|acts| acts.taking(me, ADMIN)).unwrap();
    let proposed = alice.together(|acts| acts.propose(vec![change])).unwrap();
    assert_eq!((proposed.counts, proposed.signed, proposed.needed), (false, 1, Some(2)));
    assert_eq!(code(alice.together(|acts| acts.taking(me, ADMIN))), "proposed-already");
    let stranger = enrol(&mut alice, Roles::default()).member();
    alice.suspend(stranger).unwrap();
    assert_eq!(code(alice.together(|acts| acts.giving(stranger, COORDINATOR))), "not-active");
}

#[test]
fn a_relay_is_named_once_and_a_role_or_relay_that_was_taken_stays_taken() {
    let mut alice = found();
    let bob = enrol(&mut alice, Roles::default()).member();
    let key = alice.public_device().signing;
    let code = |change: Result<Change, EngineError>| change.err().map_or("none", |error| error.code());
    let count = |alice: &mut Home, change: Result<Change, EngineError>| {
        assert!(alice.together(|acts| acts.propose(vec![change.unwrap()])).unwrap().counts);
    };
    assert_eq!(code(alice.together(|acts| acts.dropping_relay(key))), "relay-not-named");
    let spare = alice.together(|acts| acts.naming_relay(key, true));
    count(&mut alice, spare);
    assert_eq!(code(alice.together(|acts| acts.naming_relay(key, true))), "relay-named");
    let serves = alice.together(|acts| acts.naming_relay(key, false));
    count(&mut alice, serves);
    assert_eq!(code(alice.together(|acts| acts.naming_relay(key, false))), "relay-named");
    alice.together(|acts| acts.note_reached(key, 7)).unwrap();
    let known = alice.together(|acts| acts.known_relays()).unwrap();
    assert_eq!(known.iter().map(|one| (one.spare, one.reached_ms)).collect::<Vec<_>>(), [(false, Some(7))]);
    let gone = alice.together(|acts| acts.dropping_relay(key));
    count(&mut alice, gone);
    assert_eq!(code(alice.together(|acts| acts.naming_relay(key, false))), "relay-dropped");
    assert!(alice.together(|acts| acts.known_relays()).unwrap().is_empty());
    let given = alice.together(|acts| acts.giving(bob, COORDINATOR));
    count(&mut alice, given);
    let taken = alice.together(|acts| acts.taking(bob, COORDINATOR));
    count(&mut alice, taken);
    assert_eq!(code(alice.together(|acts| acts.giving(bob, COORDINATOR))), "role-lost");
}

#[test]
fn nobody_is_admitted_on_an_invitation_that_was_withdrawn() {
    let mut alice = found();
    let whom = Invited { name: "Bob".try_into().unwrap(), ..Invited::default() };
    let invitation = alice.together(|acts| acts.invite_person(Roles::default(), &whom)).unwrap();
    let (_, answer) =
        Engine::enrol(MemoryStore::default(), secret(), rng(), &invitation, About::default()).unwrap();
    alice.together(|acts| acts.withdraw_invitation(invitation.id)).unwrap();
    assert!(alice.together(|acts| acts.open_invitations()).unwrap().is_empty());
    let refused = alice.together(|acts| acts.admit_person(&answer)).unwrap_err();
    assert!(matches!(refused, EngineError::Withdrawn), "{refused}");
    let again = alice.together(|acts| acts.withdraw_invitation(invitation.id)).unwrap_err();
    assert!(matches!(again, EngineError::NotFound(_)), "{again}");
    assert_eq!(alice.permission().members.len(), 1);
}
