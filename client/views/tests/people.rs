//! An admin's screens on real homes, without a window: a programme founded with a relay, roles given and taken, many invited from a
//! table, one invitation withdrawn, who could read what.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use tempfile::TempDir;
use tessera_engine::bundle::For;
use tessera_model::programme::Programme;
use tessera_vault::enrol::{About, Invitation};
use tessera_views::me::{FoundForm, Role};
use tessera_views::relays::{self, RelayForm};
use tessera_views::shelf::Shelf;
use tessera_views::{Session, deciding, devices, invitations, me, people, person};

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");
const PASSPHRASE: &str = "four wide rivers cross";
const KEY: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
const SPARE: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn form(relay: Option<(&str, &str)>) -> FoundForm {
    FoundForm {
        definition: SEMINAR.to_owned(),
        label: "seminar".to_owned(),
        passphrase: PASSPHRASE.to_owned(),
        name: "Alice".to_owned(),
        relay: relay.map(|(address, key)| RelayForm { address: address.to_owned(), key: key.to_owned() }),
    }
}

/// Alice, who founded a published programme.
fn office(folder: &TempDir, relay: Option<(&str, &str)>) -> Session {
    let shelf = Shelf::new(folder.path().join("homes"));
    let (_, mut session) = me::found_with(&shelf, &form(relay)).unwrap();
    let programme = Programme::parse(SEMINAR).unwrap();
    session
        .together(|acts| {
            acts.publish(&programme, "the first")?;
            acts.hand_over()
        })
        .unwrap();
    session
}

/// Somebody who answered an invitation and was checked; gives the home and the member's id.
fn enrol(alice: &mut Session, folder: &TempDir, name: &str) -> (Session, String) {
    let invited = people::invite(alice, name, &[Role::Reviewer]).unwrap();
    let invitation = Invitation::from_link(&invited.link).unwrap();
    let home = folder.path().join(name);
    let passphrase = tessera_vault::passphrase::Passphrase::new(PASSPHRASE);
    let about = About { name: name.try_into().unwrap(), ..About::default() };
    let (mut session, answer) = Session::enrol(&home, &passphrase, &invitation, about).unwrap();
    let member = people::admit(alice, &answer, "en").unwrap().member;
    people::confirm_words(alice, &member).unwrap();
    let whom = session.engine().member();
    let bundle = alice.work(|engine| engine.export(For::Member(whom))).unwrap();
    session.work(|engine| engine.import(&bundle)).unwrap();
    (session, member)
}

#[test]
fn a_programme_is_founded_with_its_relay_and_names_others_later() {
    let folder = TempDir::new().unwrap();
    let shelf = Shelf::new(folder.path().join("homes"));
    for (relay, code) in [
        (("relay.example.org", KEY), "bad-address"),
        (("http://relay.example.org", KEY), "insecure-address"),
        (("https://relay.example.org", "key"), "bad-relay-key"),
    ] {
        assert_eq!(me::found_with(&shelf, &form(Some(relay))).err().unwrap().code, code);
    }
    assert!(shelf.list().unwrap().is_empty(), "nothing is left behind");

    let line = format!(r#"{{"listening":"127.0.0.1:8470","key":"{KEY}"}}"#);
    let mut alice = office(&folder, Some(("https://Relay.example.org/", &line)));
    let view = relays::relays(&mut alice).unwrap();
    assert!(view.may_propose && view.tells_everybody && view.waiting == 0);
    let seen: Vec<_> =
        view.relays.iter().map(|one| (one.key.as_str(), one.spare, &one.addresses[..])).collect();
    assert_eq!(seen, [(KEY, false, &["https://relay.example.org".to_owned()][..])]);
    assert_eq!(view.relays[0].reached_ms, None);

    let spare = RelayForm { address: String::new(), key: SPARE.to_owned() };
    assert_eq!(relays::add(&mut alice, &spare, false).unwrap_err().code, "bad-address");
    assert!(relays::add(&mut alice, &spare, true).unwrap());
    assert_eq!(relays::add(&mut alice, &spare, true).unwrap_err().code, "relay-named");
    assert!(relays::drop_relay(&mut alice, KEY).unwrap());
    let view = relays::relays(&mut alice).unwrap();
    let seen: Vec<_> = view.relays.iter().map(|one| (one.key.as_str(), one.spare)).collect();
    assert_eq!(seen, [(SPARE, true)]);
    let nobody = relays::place(&mut alice, KEY, "https://relay.example.org").unwrap_err();
    assert_eq!(nobody.code, "not-found");
}

#[test]
fn roles_are_given_and_taken_and_several_admins_must_sign() {
    let folder = TempDir::new().unwrap();
    let mut alice = office(&folder, None);
    let (_, bob) = enrol(&mut alice, &folder, "Bob");
    let me = alice.engine().member().to_string();
    let seen = person::person(&mut alice, &bob).unwrap();
    assert_eq!((&seen.may_give[..], seen.needed), (&[Role::Coordinator, Role::Admin][..], 1));
    assert!(seen.may_take.is_empty() && seen.devices.len() == 1 && !seen.lacks_keys);
    let mine = person::person(&mut alice, &me).unwrap();
    assert!(mine.may_take.is_empty(), "the last admin and coordinator stays one");
    let refused = deciding::take_roles(&mut alice, &me, &[Role::Admin]).unwrap_err();
    assert_eq!(refused.code, "last-admin");
    let nothing = deciding::give_roles(&mut alice, &bob, &[Role::Reviewer]).unwrap_err();
    assert_eq!(nothing.code, "bad-input");

    assert!(deciding::give_roles(&mut alice, &bob, &[Role::Coordinator, Role::Admin]).unwrap());
    let seen = person::person(&mut alice, &bob).unwrap();
    assert!(seen.lacks_keys && seen.may_give.is_empty());
    people::confirm_words(&mut alice, &bob).unwrap();
    assert!(!person::person(&mut alice, &bob).unwrap().lacks_keys);
    let view = deciding::deciding(&mut alice).unwrap();
    assert_eq!((view.admins.len(), view.majority, view.removal_needs), (2, 2, 1));

    // From here on Bob has to sign as well.
    assert!(!deciding::set_removal_needs(&mut alice, 2).unwrap());
    assert_eq!(deciding::set_removal_needs(&mut alice, 3).unwrap_err().code, "no-such-threshold");
    assert!(!deciding::take_roles(&mut alice, &bob, &[Role::Coordinator]).unwrap());
    let again = deciding::take_roles(&mut alice, &bob, &[Role::Coordinator]).unwrap_err();
    assert_eq!(again.code, "proposed-already");
    let seen = person::person(&mut alice, &bob).unwrap();
    assert_eq!((seen.proposals.len(), &seen.may_take[..]), (1, &[Role::Admin][..]));
    assert_eq!(devices::proposals(&mut alice).unwrap().len(), 2);
}

#[test]
fn many_are_invited_from_a_table_and_one_invitation_is_withdrawn() {
    let folder = TempDir::new().unwrap();
    let mut alice = office(&folder, None);
    let table = folder.path().join("people.csv");
    let bytes = b"Name,Role,Email\nAna,,ana@example.org\nAlice,coordinator,\n,,\nBo,chair,\nAna,,\n";
    let looked = invitations::read(&mut alice, &table, bytes).unwrap();
    let guests: Vec<_> =
        looked.guests.iter().map(|guest| (guest.row, &*guest.name, guest.known.as_deref())).collect();
    assert_eq!(guests, [(2, "Ana", None), (3, "Alice", Some("member")), (6, "Ana", Some("table"))]);
    assert_eq!(looked.guests[1].roles, [Role::Coordinator]);
    let refused: Vec<_> = looked.refused.iter().map(|one| (one.row, &*one.sentence.code)).collect();
    assert_eq!(refused, [(5, "guest-unknown-role")]);

    let out = folder.path().join("out");
    let other = invitations::invite_all(&mut alice, &table, b"name\nEve\n", &looked.seal, &out).unwrap_err();
    assert_eq!((&*other.code, out.exists()), ("file-changed", false));
    let made = invitations::invite_all(&mut alice, &table, bytes, &looked.seal, &out).unwrap();
    assert!(made.failure.is_none());
    let names: Vec<&str> = made.files.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Ana", "Alice", "Ana"]);
    for one in &made.files {
        let text = std::fs::read_to_string(out.join(&one.file)).unwrap();
        assert!(Invitation::from_link(text.trim()).is_ok());
    }
    let open = people::people(&mut alice, "en").unwrap().invitations;
    assert_eq!(open.len(), 3);
    invitations::withdraw(&mut alice, &open[0].id).unwrap();
    assert_eq!(people::people(&mut alice, "en").unwrap().invitations.len(), 2);
    assert_eq!(invitations::withdraw(&mut alice, &open[0].id).unwrap_err().code, "not-found");
}

#[test]
fn what_could_be_read_is_told_from_what_can_be_read() {
    let folder = TempDir::new().unwrap();
    let mut alice = office(&folder, None);
    let (_, bob) = enrol(&mut alice, &folder, "Bob");
    let row = |alice: &mut Session, what: &str| {
        let rows = people::access(alice).unwrap();
        rows.into_iter().find(|row| row.member == bob && row.what == what)
    };
    let before = row(&mut alice, "programme").unwrap();
    assert_eq!((before.count, before.earlier, before.devices.len()), (1, 0, 1));
    assert!(before.devices[0].active && !before.devices[0].paper);
    assert_eq!(before.since_ms, None, "no relay has said anything");
    people::remove(&mut alice, &bob).unwrap();
    let after = row(&mut alice, "programme").unwrap();
    assert_eq!((after.count, after.earlier, after.devices[0].active), (0, 1, false));
}
