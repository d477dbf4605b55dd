//! Disks that are full.

use tessera_protocol::access::Refusal;
use tessera_protocol::pack::Pack;
use tessera_protocol::stream::Stream;
use tessera_relay::limits::Limits;
use tessera_relay::store::Store;

use crate::attachments::Attached;
use crate::kit::*;

fn small() -> Limits {
    Limits { disk_bytes: 600 * 1024, requests_at_once: 10_000, ..Limits::default() }
}

#[tokio::test]
async fn f21_a_full_disk_takes_nothing_says_so_and_goes_on_serving() {
    let relay = Tested::with(small());
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    carla.push(&relay, &world.charter).await;
    let mut held: Vec<Pack> = world.charter.clone();
    let lost = loop {
        let packs: Vec<Pack> = (0..3).map(|_| world.items(CARLA, Stream::Programme, 10_000)).collect();
        let (request, body) = carla.request(&packs);
        let replied = relay.post(body).await;
        if replied.status.as_u16() == 507 {
            assert_eq!(replied.refusal().1, "full");
            break packs;
        }
        let Got::Answer(head, _) = carla.take(&request, &replied, usize::MAX) else { panic!("sent") };
        assert_eq!(head.receipts.len(), packs.len());
        held.extend(packs);
    };
    assert!(held.len() > 10);
    let file = Attached::new(dossier(5), 200_000);
    let answer = file.call(&relay, &mut carla, "PUT", 0, &file.bytes).await;
    assert_eq!(answer.refusal(), (507, "full".to_owned()));
    // Reading goes on, to the last pack that was ever acknowledged and none beyond.
    for _ in 0..3 {
        let mut cora = Client::new(CORA, world.programme);
        assert_eq!(cora.pull(&relay).await, ids(&held));
    }
    // Room again, and everything goes on where it was.
    let Tested { folder, store, .. } = relay;
    store.close();
    let relay = Tested::start(folder, RELAY_SEED, 2, Limits::default(), tessera_relay::relay::Taking::Any);
    carla.push(&relay, &lost).await;
    let mut cora = Client::new(CORA, world.programme);
    assert_eq!(cora.pull(&relay).await, ids(&[held, lost].concat()));
    assert_eq!(tessera_relay::check::check(&relay.store, None).unwrap().wrong, Vec::<String>::new());
}

#[tokio::test]
async fn f20_a_full_programme_refuses_by_name() {
    let relay = Tested::with(Limits { programme_bytes: 50_000, ..small() });
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    carla.push(&relay, &world.charter).await;
    let packs: Vec<Pack> = (0..6).map(|_| world.items(CARLA, Stream::Programme, 10_000)).collect();
    let Got::Answer(head, _) = carla.exchange(&relay, &packs).await else { panic!("sent") };
    assert_eq!(head.receipts.len(), 4);
    assert!(head.refused.iter().all(|(_, why)| matches!(why, Refusal::Full | Refusal::Quota)));
    let file = Attached::new(dossier(5), 20_000);
    let answer = file.call(&relay, &mut carla, "PUT", 0, &file.bytes).await;
    assert_eq!(answer.refusal(), (413, "quota".to_owned()));
}

#[tokio::test]
async fn f20_statements_without_room_have_no_effect() {
    let relay = Tested::with(Limits { programme_bytes: 1_500, ..small() });
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    carla.push(&relay, &world.charter).await;
    let enrolled = [world.enrol(ADMIN, RITA), world.enrol(ADMIN, ROB)].concat();
    let Got::Answer(head, _) = carla.exchange(&relay, &enrolled).await else { panic!("sent") };
    let refused = head.refused.len();
    assert!(refused > 0 && !head.receipts.is_empty(), "some fit: {refused}");
    // What was not stored is not known: before and after a restart alike.
    let ask = async |relay: &Tested| {
        let mut answers = Vec::new();
        for key in [RITA, ROB] {
            let (_, body) = Client::new(key, world.programme).request(&[]);
            answers.push(relay.post(body).await.status.as_u16());
        }
        answers
    };
    let before = ask(&relay).await;
    let relay = relay.restart();
    assert_eq!(ask(&relay).await, before);
    assert!(before.contains(&401));
}
