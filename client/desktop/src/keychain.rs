//! The keychain of the operating system's user: Credential Manager on Windows, Keychain on macOS, elsewhere whatever answers to
//! Secret Service on D-Bus (GNOME Keyring, KWallet, KeePassXC). Asked anew each time, so that one that comes up later is found.
//! What is kept there and why: `client/driver/src/session/DECISION.md`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use keyring_core::{CredentialStore, Entry, Error};
use tessera_driver::keychain::{Keychain, KeychainError};
use tessera_vault::keychain::EntryId;
use zeroize::Zeroizing;

/// Whose entries these are, as the keychain's own window shows them.
const SERVICE: &str = "Tessera";
/// The longest text that is taken for one of ours, in bytes.
const TEXT_BYTES: usize = 256;
/// How long a person may take to answer what a keychain asks; one that never answers must hold nobody up for ever.
const PATIENCE: Duration = Duration::from_secs(120);

/// This user's keychain.
pub(crate) struct OsKeychain;

impl Keychain for OsKeychain {
    fn get(&self, entry: EntryId) -> Result<Zeroizing<String>, KeychainError> {
        let text = asked(entry, |entry| entry.get_password().map(Zeroizing::new))?;
        if text.len() > TEXT_BYTES { Err(KeychainError::DoesNotFit) } else { Ok(text) }
    }

    fn set(&self, entry: EntryId, secret: &str) -> Result<(), KeychainError> {
        let secret = Zeroizing::new(secret.to_owned());
        asked(entry, move |entry| entry.set_password(&secret))
    }

    fn delete(&self, entry: EntryId) -> Result<(), KeychainError> {
        asked(entry, Entry::delete_credential)
    }
}

/// Asks on a thread of its own, and waits no longer than a person may take.
fn asked<T: Send + 'static>(
    entry: EntryId,
    ask: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
) -> Result<T, KeychainError> {
    let (tell, hear) = mpsc::channel();
    std::thread::spawn(move || {
        let store = store().map_err(|error| match error {
            Error::NoStorageAccess(_) => KeychainError::Locked,
            _ => KeychainError::Absent,
        });
        let found = store.and_then(|store| {
            let named = store.build(SERVICE, &entry.to_string(), Some(&HashMap::from(MODIFIERS)));
            named.and_then(|entry| ask(&entry)).map_err(said)
        });
        // Whoever asked may have had enough.
        drop(tell.send(found));
    });
    hear.recv_timeout(PATIENCE).unwrap_or(Err(KeychainError::Locked))
}

/// What a keychain's error means. What it held is in none of it.
fn said(error: Error) -> KeychainError {
    match error {
        Error::NoEntry => KeychainError::Missing,
        Error::NoStorageAccess(_) => KeychainError::Locked,
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::Ambiguous(_) => KeychainError::DoesNotFit,
        other => KeychainError::Failed(other.to_string()),
    }
}

/// Not to travel with a roaming account.
#[cfg(target_os = "windows")]
const MODIFIERS: [(&str, &str); 1] = [("persistence", "Local")];

#[cfg(target_os = "windows")]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
const MODIFIERS: [(&str, &str); 0] = [];

#[cfg(target_os = "macos")]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

/// What the keychain's own window shows.
#[cfg(not(any(target_os = "windows", target_os = "macos")))]
const MODIFIERS: [(&str, &str); 1] = [("label", SERVICE)];

#[cfg(not(any(target_os = "windows", target_os = "macos")))]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f25_what_a_keychain_says_is_told_in_our_words_and_never_what_it_holds() {
        let cause = || Box::new(std::io::Error::other("bus"));
        let held = b"TESSERAKEY1CANARY".to_vec();
        let told = [
            (Error::NoEntry, KeychainError::Missing),
            (Error::NoStorageAccess(cause()), KeychainError::Locked),
            (Error::BadEncoding(held.clone()), KeychainError::DoesNotFit),
            (Error::BadDataFormat(held, cause()), KeychainError::DoesNotFit),
            (Error::Ambiguous(Vec::new()), KeychainError::DoesNotFit),
            (Error::PlatformFailure(cause()), KeychainError::Failed("Platform failure: bus".to_owned())),
        ];
        for (error, expected) in told {
            let found = said(error);
            assert!(!format!("{found:?} {found}").contains("CANARY"));
            assert_eq!(found, expected);
        }
    }
}
