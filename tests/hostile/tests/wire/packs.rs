//! A relay that changes what it carries: names, signatures, bytes, recipients, and its own signature.

use tessera_engine::notices::Notice;
use tessera_hostile::Behaviour;
use tessera_hostile::world::World;
use tessera_protocol::stream::Stream;

use crate::kit::*;

/// One pack is changed so: it is refused for its signature, what came with it is taken, and it counts once it comes as it was.
fn check_refused(change: impl FnOnce(&Sent) -> Behaviour) {
    let mut world = World::new();
    let sent = review(&mut world, 0, "4");
    let packs = ids(world.alice.engine()).len();
    let behaviour = change(&sent);
    let report = pull(&mut world, behaviour.clone()).unwrap();
    assert_eq!((report.refused, report.waiting), (1, 0), "{behaviour:?}");
    assert!(report.new > 0 && ids(world.alice.engine()).len() > packs, "the rest is taken: {report:?}");
    let shown = |notice: &Notice| matches!(notice, Notice::Refused { code, .. } if code == "bad-signature");
    assert!(told(&mut world.alice, shown), "{behaviour:?}");
    assert_eq!(revision(&mut world, 0), None);
    // Once something follows it, it is known to be missing, and an honest relay brings it where it is asked.
    review(&mut world, 1, "3");
    pull(&mut world, Behaviour::Honest).unwrap();
    ask_again(&mut world);
    assert_eq!((revision(&mut world, 0), revision(&mut world, 1)), (Some(1), Some(1)));
    converge(&mut world, 2);
}

#[test]
fn g06_a_pack_under_the_name_of_another_stream_is_refused() {
    // All worlds are copies of one.
    let programme = World::new().alice.engine().programme();
    check_refused(|sent| Behaviour::Misplace(sent.item(), Stream::Programme.id(programme)));
}

#[test]
fn k16_a_pack_without_its_signature_is_refused() {
    check_refused(|sent| Behaviour::StripSignature(sent.item()));
}

#[test]
fn k16_a_pack_with_the_signature_of_another_is_refused() {
    check_refused(|sent| Behaviour::SwapSignatures(sent.item(), *sent.welcomes.first().unwrap()));
}

#[test]
fn a_welcome_with_a_recipient_of_the_relay_s_is_refused() {
    check_refused(|sent| Behaviour::AddRecipient(*sent.welcomes.first().unwrap()));
}

/// An answer is changed so: nothing of it is believed, and everything comes with an honest one.
fn check_not_believed(behaviour: impl FnOnce(&Sent) -> Behaviour, code: &str) {
    let mut world = World::new();
    let sent = review(&mut world, 0, "4");
    let before = ids(world.alice.engine());
    let behaviour = behaviour(&sent);
    assert_eq!(pull(&mut world, behaviour.clone()), Err(code), "{behaviour:?}");
    assert_eq!(ids(world.alice.engine()), before);
    assert_eq!(revision(&mut world, 0), None);
    converge(&mut world, 1);
}

#[test]
fn k11_a_changed_byte_is_not_believed() {
    check_not_believed(|sent| Behaviour::ChangeByte(sent.item()), "relay-forged");
}

#[test]
fn a_pack_of_another_programme_is_not_believed() {
    check_not_believed(|sent| Behaviour::OtherProgramme(sent.item()), "other-programme");
}

#[test]
fn an_answer_that_another_key_signed_is_not_believed() {
    check_not_believed(|_| Behaviour::OtherKey, "relay-forged");
}

#[test]
fn an_answer_to_an_earlier_request_is_not_believed() {
    check_not_believed(|_| Behaviour::OldAnswer, "relay-forged");
}
