//! F04 at the relay: the n-th write or sync of its store fails while packs are pushed. What fails is said with a
//! code; a receipt that was given is kept; reading goes on, and with the disk mended so does everything.
//!
//! `TESSERA_FAULTS` says how many moments are tried of each kind, spread over the pushes; `make soak` tries all.

use std::sync::Arc;
use std::time::Instant;

use tessera_crash::{Disk, Fault};
use tessera_protocol::ids::PackId;
use tessera_protocol::pack::Pack;
use tessera_protocol::stream::Stream;
use tessera_relay::limits::Limits;
use tessera_relay::relay::Taking;
use tessera_relay::store::Store;

use super::kit::*;
use super::number;

const PUSHES: usize = 5;

fn start(folder: Arc<tempfile::TempDir>, starts: u8) -> Tested {
    Tested::start(
        folder,
        RELAY_SEED,
        starts,
        Limits { requests_at_once: 1000, ..Limits::default() },
        Taking::Any,
    )
}

/// What a reader gets.
async fn pulled(relay: &Tested, world: &World) -> Vec<PackId> {
    let mut cora = Client::new(CORA, world.programme);
    cora.exchange(relay, &[]).await;
    ids(&cora.pulled)
}

#[track_caller]
fn in_words(replied: &Replied) {
    let refusal = replied.refusal();
    let known = [(507, "full"), (507, "damaged"), (500, "failed"), (503, "closed")];
    assert!(known.contains(&(refusal.0, refusal.1.as_str())), "{refusal:?}");
}

/// Pushes with one fault; false where it came after them.
async fn pushes(disk: &Disk, fault: Fault, stays: bool, n: usize) -> bool {
    let folder = Arc::new(tessera_crash::folder().unwrap());
    let relay = start(Arc::clone(&folder), 1);
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    carla.push(&relay, &world.charter).await;
    let mut told = ids(&world.charter);
    let said: Vec<Vec<Pack>> = (0..PUSHES)
        .map(|push| (0..=push % 3).map(|_| world.items(CARLA, Stream::Programme, 900 * (push + 1))).collect())
        .collect();
    let here = format!("{fault:?} {n}, stays {stays}");
    disk.fail(n, fault, stays);
    for packs in &said {
        let (request, body) = carla.request(packs);
        let replied = relay.post(body).await;
        if replied.status.as_u16() == 200 {
            let Got::Answer(head, _) = carla.take(&request, &replied, usize::MAX) else { panic!("{here}") };
            told.extend(head.receipts.iter().map(|receipt| receipt.pack));
        } else {
            in_words(&replied);
            // What was promised is read; what was sent before it failed may be there too, and is asked for later.
            let read = pulled(&relay, &world).await;
            assert!(told.iter().all(|id| read.contains(id)), "{here}: {read:?}");
        }
    }
    relay.store.close();
    drop(relay);
    if disk.mend() == 0 {
        return false;
    }
    // The disk is mended, and the relay starts again: what was promised is there, and what was refused is taken.
    let relay = start(folder, 2);
    let kept = pulled(&relay, &world).await;
    assert!(told.iter().all(|id| kept.contains(id)), "{here}: a receipt without its pack");
    for packs in &said {
        let mut carla = Client::new(CARLA, world.programme);
        let Got::Answer(head, _) = carla.exchange(&relay, packs).await else { panic!("{here}") };
        assert_eq!(head.receipts.len(), packs.len(), "{here}");
    }
    let everything: usize = world.charter.len() + said.iter().map(Vec::len).sum::<usize>();
    assert_eq!(pulled(&relay, &world).await.len(), everything, "{here}");
    assert_eq!(tessera_relay::check::check(&relay.store, None).unwrap().wrong, [""; 0], "{here}");
    true
}

#[tokio::test]
async fn f04_the_relays_disk_fails_at_any_moment() {
    let disk = super::alone().await;
    let most = number("TESSERA_FAULTS", 15);
    let begun = Instant::now();
    let mut tried = Vec::new();
    for (fault, stays) in
        [(Fault::Full, false), (Fault::Full, true), (Fault::Broken, false), (Fault::Broken, true)]
    {
        let mut end = 1;
        while pushes(&disk, fault, stays, end).await {
            end *= 2;
        }
        let mut moments = 0;
        for n in (1..end).step_by((end / most).max(1)) {
            moments += usize::from(pushes(&disk, fault, stays, n).await);
        }
        tried.push(moments);
    }
    println!(
        "figure: a disk that fails, a relay: {tried:?} moments of full once, full, broken once, broken; \
         no receipt was lost; {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    assert!(tried.iter().all(|moments| *moments > 0), "{tried:?}");
}
