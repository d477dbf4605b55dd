//! Enrolment, and those who stand between.

use chacha20::rand_core::Rng;
use tessera_protocol::charter::Roles;
use tessera_protocol::codec::Wire;
use tessera_protocol::device::Device;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::InvitationId;

use super::*;
use crate::enrol::{About, EnrolError, Invitation, Nonce, Relay, answer, answered, invite, open_answer};

fn invitation(seed: u8, readers: &[&DeviceSecret]) -> (Invitation, Nonce) {
    let (id, secret, nonce) = invite(&mut rng(seed));
    let invitation = Invitation {
        programme: PROGRAMME,
        id,
        secret,
        commitment: nonce.commitment(),
        inviter: MemberId([5; 16]),
        roles: Roles::default(),
        recipients: readers.iter().map(|reader| reader.device()).collect::<Vec<_>>().try_into().unwrap(),
        relays: vec![Relay {
            url: "https://relay.example".try_into().unwrap(),
            key: device(90).public_key(),
        }]
        .try_into()
        .unwrap(),
        name: "Fellowship".try_into().unwrap(),
        demo: false,
    };
    (invitation, nonce)
}

fn about() -> About {
    About {
        name: "Ana".try_into().unwrap(),
        email: "ana@example.org".try_into().unwrap(),
        conflicts: vec!["the Institute".try_into().unwrap()].try_into().unwrap(),
    }
}

#[test]
fn a_stranger_answers_and_both_see_the_same_words() {
    let (admin, coordinator, ana) = (device(1), device(2), device(3));
    let (invitation, nonce) = invitation(4, &[&admin, &coordinator]);
    let received = Invitation::from_link(&invitation.to_link()).unwrap();
    let sent = answer(&received, &ana, about()).unwrap();
    assert_eq!(answered(&sent).unwrap(), (PROGRAMME, invitation.id));
    for reader in [&admin, &coordinator] {
        let reply = open_answer(&sent, &invitation, reader).unwrap();
        assert_eq!((reply.device, reply.about), (ana.device(), about()));
    }
    let here = invitation.check_words(nonce.expose(), &ana.device()).unwrap();
    assert_eq!(here, received.check_words(nonce.expose(), &ana.device()).unwrap());
    assert_eq!(open_answer(&sent, &invitation, &device(9)), Err(EnrolError::NotForThisDevice));
    // The answer shows nothing of the person to who carries it.
    for text in ["Ana", "ana@example.org", "Institute"] {
        assert!(!sent.windows(text.len()).any(|window| window == text.as_bytes()));
    }
}

#[test]
fn invitations_survive_mail_and_nothing_else() {
    let (invitation, _) = invitation(4, &[&device(1)]);
    let link = invitation.to_link();
    let broken: String =
        link.as_bytes().chunks(60).flat_map(|line| [std::str::from_utf8(line).unwrap(), "\r\n "]).collect();
    assert!(Invitation::from_link(&broken).unwrap().to_bytes() == invitation.to_bytes());
    no_mutation("invitation", link.as_bytes(), |other| {
        std::str::from_utf8(other).is_ok_and(|text| Invitation::from_link(text).is_ok())
    });
    for other in ["", "tessera://invitation/", "https://example.org", &"a".repeat(1 << 20)] {
        assert_eq!(Invitation::from_link(other).err(), Some(EnrolError::NoInvitation));
    }
    let mut newer = invitation.to_bytes();
    newer[0] = 2;
    newer.extend_from_slice(&hash("invitation link", &[&newer]).0[..4]);
    let newer = format!("tessera://invitation/{}", data_encoding::BASE64URL_NOPAD.encode(&newer));
    assert_eq!(Invitation::from_link(&newer).err(), Some(EnrolError::Newer));
}

#[test]
fn k11_every_mutation_of_an_answer_is_refused() {
    let admin = device(1);
    let (invitation, _) = invitation(4, &[&admin]);
    let sent = answer(&invitation, &device(3), about()).unwrap();
    no_mutation("answer to an invitation", &sent, |other| open_answer(other, &invitation, &admin).is_ok());
    assert!(open_answer(&[&sent[..], &[0]].concat(), &invitation, &admin).is_err());
}

#[test]
fn g11_only_the_invitation_s_secret_answers_it() {
    let admin = device(1);
    let (wanted, _) = invitation(4, &[&admin]);
    // Somebody saw the id and the recipients, which the relay may, and not the secret.
    let (mut guessed, _) = invitation(5, &[&admin]);
    (guessed.id, guessed.commitment) = (wanted.id, wanted.commitment);
    let forged = answer(&guessed, &device(6), about()).unwrap();
    assert_eq!(open_answer(&forged, &wanted, &admin), Err(EnrolError::NotAuthentic));
    // An answer to one invitation is none to another.
    let (other, _) = invitation(7, &[&admin]);
    let sent = answer(&other, &device(6), about()).unwrap();
    assert_eq!(open_answer(&sent, &wanted, &admin), Err(EnrolError::OtherInvitation));
    // Two who share an invitation are told apart by their words.
    let (invitation, nonce) = invitation(8, &[&admin]);
    let words = |device: &DeviceSecret| invitation.check_words(nonce.expose(), &device.device()).unwrap();
    assert_ne!(words(&device(6)), words(&device(7)));
}

#[test]
fn g11_nobody_answers_with_somebody_else_s_device() {
    let (admin, alice, mallory) = (device(1), device(2), device(3));
    let (invitation, _) = invitation(4, &[&admin]);
    // Mallory holds the invitation and Alice's public keys, and signs with his own.
    let sent = crate::enrol::forged_answer(&invitation, &mallory, alice.device(), about());
    assert_eq!(open_answer(&sent, &invitation, &admin), Err(EnrolError::NoPossession));
    // Alice's proof for another invitation does not help him either.
    let (other, _) = self::invitation(5, &[&admin]);
    let mut sent = answer(&other, &alice, about()).unwrap();
    sent[17..33].copy_from_slice(&invitation.id.0);
    assert_eq!(open_answer(&sent, &invitation, &admin), Err(EnrolError::NotAuthentic));
}

#[test]
fn k10_an_answer_with_unsound_keys_is_refused() {
    let (admin, mallory) = (device(1), device(3));
    let (invitation, _) = invitation(4, &[&admin]);
    let mut device = mallory.device();
    device.recipients =
        vec![tessera_protocol::device::Recipient { algorithm: 1, key: vec![0; 32].try_into().unwrap() }]
            .try_into()
            .unwrap();
    let sent = crate::enrol::forged_answer(&invitation, &mallory, device, about());
    assert_eq!(open_answer(&sent, &invitation, &admin), Err(EnrolError::UnsoundDevice));
}

#[test]
fn g12_the_words_cover_everything_that_both_sides_saw() {
    let (ana, admin) = (device(3), device(1));
    let (invitation, nonce) = invitation(4, &[&admin]);
    let words =
        |invitation: &Invitation, device: &Device| invitation.check_words(nonce.expose(), device).unwrap();
    let expected = words(&invitation, &ana.device());
    let spoil: [fn(&mut Invitation); 9] = [
        |invitation| invitation.programme.0[0] ^= 1,
        |invitation| invitation.id = InvitationId([1; 16]),
        |invitation| invitation.secret = crate::enrol::OneTimeSecret::from_bytes(&[1; 32]),
        |invitation| invitation.inviter.0[0] ^= 1,
        |invitation| invitation.roles.coordinator = true,
        |invitation| invitation.recipients = vec![device(80).device()].try_into().unwrap(),
        |invitation| invitation.relays = Default::default(),
        |invitation| invitation.name = "Fellowships".try_into().unwrap(),
        |invitation| invitation.demo = true,
    ];
    for (index, spoil) in spoil.into_iter().enumerate() {
        let mut other = invitation.clone();
        spoil(&mut other);
        assert_ne!(words(&other, &ana.device()), expected, "{index}");
    }
    let mut paper = ana.device();
    paper.form = tessera_protocol::device::Form::Paper;
    assert_ne!(words(&invitation, &paper), expected);
    assert_eq!(
        invitation.check_words(&[0; 32], &ana.device()),
        Err(EnrolError::OtherNonce),
        "a nonce that was not committed to gives no words at all"
    );
}

/// Somebody who intercepts the invitation stands between: to Ana he is the admin, with an invitation of his
/// own; to the admin he is Ana, with a device of his own. He wins where both see the same words. Played with
/// one word of 7,776, so that a search would win at once, in both orders, a thousand times each.
#[test]
fn g13_no_order_of_events_lets_a_search_find_equal_words() {
    const ROUNDS: usize = 1000;
    let admin = device(1);
    let mut random = rng(13);
    let word = |invitation: &Invitation, nonce: &Nonce, device: &Device| {
        invitation.check_words(nonce.expose(), device).unwrap()[0]
    };
    let fresh = |random: &mut ChaCha20Rng| DeviceSecret::generate(random).device();
    let seal_nonce = |of: &Invitation, random: &mut ChaCha20Rng| {
        let nonce = Nonce::generate(random);
        (Invitation { commitment: nonce.commitment(), ..of.clone() }, nonce)
    };
    let (real, _) = invitation(4, &[&admin]);
    let mut wins = 0;
    for round in 0..2 * ROUNDS {
        let (to_attacker, nonce) = seal_nonce(&real, &mut random);
        let (to_ana, his_nonce);
        let (ana, his);
        if round < ROUNDS {
            // First Ana: she shows her device only after his commitment lies before her. He then answers the
            // admin, whose nonce is still hidden, so no device of his is better than another.
            (to_ana, his_nonce) = seal_nonce(&real, &mut random);
            ana = fresh(&mut random);
            his = fresh(&mut random);
        } else {
            // First the admin: the nonce is out, and the words to reach are known. But what he sends Ana
            // commits to his nonce before she makes her device.
            his = fresh(&mut random);
            (to_ana, his_nonce) = seal_nonce(&real, &mut random);
            ana = fresh(&mut random);
        }
        let at_ana = word(&to_ana, &his_nonce, &ana);
        let at_admin = word(&to_attacker, &nonce, &his);
        wins += usize::from(at_ana == at_admin);
    }
    assert!(wins <= 4, "{wins} of {} rounds, where 0.26 are to be expected", 2 * ROUNDS);
    // Without the commitment he chooses his nonce last, and a search wins every time.
    let (to_attacker, nonce) = seal_nonce(&real, &mut random);
    let (ana, his) = (fresh(&mut random), fresh(&mut random));
    let target = word(&to_attacker, &nonce, &his);
    let found = (0..200_000).any(|_| {
        let (open_to_ana, late) = seal_nonce(&real, &mut random);
        word(&open_to_ana, &late, &ana) == target
    });
    assert!(found, "the game has no teeth");
    // And with the commitment that he made, another nonce is not taken.
    let (to_ana, _) = seal_nonce(&real, &mut random);
    let mut late = [0; 32];
    random.fill_bytes(&mut late);
    assert_eq!(to_ana.check_words(&late, &ana), Err(EnrolError::OtherNonce));
}
