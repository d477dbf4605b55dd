//! What the types promise: no secret can be printed, every secret is wiped, nothing of it is in an error.

use std::fmt::Debug;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::*;

/// Fails to compile where the type implements the trait: two candidates would fit then.
macro_rules! lacks {
    ($($type:ty: $trait:path;)*) => {$(
        const _: fn() = || {
            trait Ambiguous<A> {
                fn some() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Has;
            impl<T: ?Sized + $trait> Ambiguous<Has> for T {}
            let _ = <$type as Ambiguous<_>>::some;
        };
    )*};
}

lacks! {
    StreamKey: Debug;
    crate::ids::IdKey: Debug;
    crate::content::Seed: Debug;
    crate::attachment::AttachmentKey: Debug;
    crate::attachment::Manifest: Debug;
    DeviceSecret: Debug;
    DeviceSecret: Clone;
    crate::passphrase::Passphrase: Debug;
    crate::passphrase::Passphrase: Clone;
    crate::recovery::Paper: Debug;
    crate::keychain::UnlockKey: Debug;
    crate::enrol::OneTimeSecret: Debug;
    crate::enrol::Invitation: Debug;
    crate::welcome::Welcome: Debug;
    crate::seal::Content: Debug;
    StreamKey: serde::Serialize;
    DeviceSecret: serde::Serialize;
    crate::recovery::Paper: serde::Serialize;
    crate::keychain::UnlockKey: serde::Serialize;
    crate::enrol::Invitation: serde::Serialize;
}

#[test]
fn secrets_are_wiped_when_dropped() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<ed25519_dalek::SigningKey>();
    wiped::<crate::secret::Secret>();
    wiped::<Zeroizing<String>>();
}

#[test]
fn k22_what_is_printed_of_an_item_has_no_content() {
    let secret = "canary";
    let items = [Item::Change(change(secret)), Item::Grant(grant(0xca))];
    for item in items {
        let shown = format!("{item:?}");
        assert!(
            !shown.contains(secret) && !shown.to_lowercase().contains("caca") && !shown.contains("202"),
            "{shown}"
        );
    }
    let text: crate::text::Text<20> = secret.try_into().unwrap();
    assert_eq!(format!("{text:?}"), "6 bytes of text");
}
