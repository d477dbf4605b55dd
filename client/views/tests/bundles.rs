//! Bundles before they are taken in: whose they are, how much is in them and new here, and that nothing changes by looking.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::ops::ControlFlow;
use std::path::Path;

use tempfile::TempDir;
use tessera_views::exchange::{
    BundleAuthor, BundleFor, BundleLook, ProgressView, bundle_in, bundle_out, inspect_bundles,
};
use tessera_views::shelf::Shelf;
use tessera_views::{Failure, Session, me};

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");

fn found(folder: &Path, name: &str) -> Session {
    let shelf = Shelf::new(folder.join(name));
    me::found(&shelf, SEMINAR, "seminar", "four wide rivers cross", name).unwrap().1
}

fn look(session: &mut Session, path: &Path) -> Result<Vec<BundleLook>, Failure> {
    let quietly = &mut |_: ProgressView| ControlFlow::Continue(());
    inspect_bundles(session, &[path.to_owned()], quietly)
}

fn write(session: &mut Session, path: &Path) {
    let quietly = &mut |_: ProgressView| ControlFlow::Continue(());
    bundle_out(session, &BundleFor::Everything, false, path, quietly).unwrap();
}

#[test]
fn a_bundle_says_whose_it_is_and_what_is_new_before_it_is_taken_in() {
    let folder = TempDir::new().unwrap();
    let (mut alice, mut carol) = (found(folder.path(), "Alice"), found(folder.path(), "Carol"));
    let path = folder.path().join("parcel.tessera");
    write(&mut alice, &path);

    let own = look(&mut alice, &path).unwrap().remove(0);
    assert_eq!((own.ours, own.from.as_deref(), own.fresh), (true, Some("Alice"), 0));
    assert_eq!((own.addressee, own.for_other, own.part, own.parts, own.files), (None, false, 1, 1, 0));
    assert!(own.packs > 0 && own.pack_bytes > 0 && own.written_ms.is_some());
    assert_eq!(own.authors, [BundleAuthor { name: Some("Alice".to_owned()), packs: own.packs }]);
    assert_eq!(own.after_ms, None, "no relay was there");

    // In another programme it is said to be another one's, and is not taken.
    let other = look(&mut carol, &path).unwrap().remove(0);
    assert_eq!((other.ours, other.from.as_deref(), other.fresh), (false, None, other.packs));
    assert_eq!(other.authors, [BundleAuthor { name: None, packs: other.packs }]);
    let quietly = &mut |_: ProgressView| ControlFlow::Continue(());
    let refused = bundle_in(&mut carol, std::slice::from_ref(&path), quietly).unwrap().remove(0);
    assert!(refused.failure.is_some());

    // What is no bundle, or damaged, is named; whoever has enough ends it.
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let damaged = folder.path().join("damaged.tessera");
    std::fs::write(&damaged, bytes).unwrap();
    let refused = look(&mut alice, &damaged).unwrap_err();
    assert_eq!(refused.at, Some(damaged.display().to_string()));
    let ended = inspect_bundles(&mut alice, std::slice::from_ref(&path), &mut |_| ControlFlow::Break(()))
        .unwrap_err();
    assert_eq!(ended.code, "cancelled");
}
