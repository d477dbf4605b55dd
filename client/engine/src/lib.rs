//! The local-first engine: encrypted store, outbox, keyring, sync, views.

pub mod store;
