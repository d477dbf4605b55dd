//! What people hand to one another: invitations, answers, identity files, recovery papers and their envelopes, what
//! a keychain holds and opens, addresses of relays. The first byte says what the others are.

use std::sync::OnceLock;

use tessera_driver::relay::address::Address;
use tessera_protocol::charter::Roles;
use tessera_protocol::codec::Wire;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{DeviceId, InvitationId, MemberId, ProgrammeId};
use tessera_vault::enrol::{Invitation, OneTimeSecret, answered, open_answer};
use tessera_vault::identity::{Cost, DeviceSecret, open_identity};
use tessera_vault::keychain::{UnlockKey, open_copy};
use tessera_vault::passphrase::Passphrase;
use tessera_vault::recovery::{Paper, open_envelope};

pub(crate) fn feed(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let text = std::str::from_utf8(bytes);
    match (which % 8, text) {
        (0, _) => {
            if let Ok(invitation) = Invitation::from_bytes(bytes) {
                assert!(invitation.to_bytes() == bytes);
                let again = Invitation::from_link(&invitation.to_link());
                assert!(
                    again.is_ok_and(|again| again.to_bytes() == bytes),
                    "a link is read as it was written"
                );
            }
        }
        (1, Ok(text)) => {
            if let Ok(invitation) = Invitation::from_link(text) {
                assert!(Invitation::from_link(&invitation.to_link()).is_ok());
            }
        }
        (2, _) => {
            drop(answered(bytes));
            drop(open_answer(bytes, invitation(), secret()));
        }
        (3, Ok(text)) => {
            if let Ok(paper) = Paper::from_words(text) {
                assert!(Paper::from_words(&paper.words()).is_ok());
            }
        }
        (4, Ok(text)) => {
            if let Ok(paper) = Paper::from_code(text) {
                assert!(Paper::from_code(&paper.code()).is_ok());
            }
            if let Some(key) = UnlockKey::from_text(text) {
                assert!(UnlockKey::from_text(&key.to_text()).is_some());
            }
        }
        (5, _) if is_cheap(bytes) => drop(open_identity(bytes, &Passphrase::new("a guess"), Cost::Demo)),
        (6, _) => {
            let paper = Paper::from_bytes(&[9; 32]);
            assert!(open_envelope(bytes, &paper, DeviceId([1; 16])).is_err());
            assert!(open_copy(bytes, &UnlockKey::from_bytes(&[9; 32])).is_err());
        }
        (7, Ok(text)) => drop(Address::parse(text)),
        _ => {}
    }
}

/// True where an identity file says a cost that a million tries can bear.
fn is_cheap(file: &[u8]) -> bool {
    let first = file.split(|byte| *byte == b'\n').nth(1).unwrap_or_default();
    let factor = first.rsplit(|byte| *byte == b' ').next().and_then(|text| std::str::from_utf8(text).ok());
    factor.and_then(|text| text.parse::<u8>().ok()).is_none_or(|factor| !(5..=20).contains(&factor))
}

fn secret() -> &'static DeviceSecret {
    static SECRET: OnceLock<DeviceSecret> = OnceLock::new();
    SECRET.get_or_init(|| DeviceSecret::generate(&mut *tessera_tests::homes::dice("somebody")))
}

pub(crate) fn invitation() -> &'static Invitation {
    static INVITATION: OnceLock<Invitation> = OnceLock::new();
    INVITATION.get_or_init(|| Invitation {
        programme: ProgrammeId([7; 16]),
        id: InvitationId([1; 16]),
        secret: OneTimeSecret::from_bytes(&[6; 32]),
        commitment: hash("invitation nonce", &[&[9; 32]]),
        inviter: MemberId([3; 16]),
        roles: Roles::default(),
        recipients: vec![secret().device()].try_into().expect("one fits"),
        relays: Default::default(),
        name: "a seminar".try_into().expect("a short name"),
        demo: true,
    })
}
