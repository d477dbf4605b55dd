//! What everyone may see.
//!
//! This crate defines every byte that leaves a device in the clear or in a frame: ids, pack headers, the
//! charter and the statements, receipts, frontiers, bundles, and the requests and answers between a device
//! and a relay. It checks signatures ([`signature::Verified`]) and decides who may do what
//! ([`permission`], [`access`]). It opens nothing: no private key, no content, no clock, no files, no
//! randomness.
//!
//! Reading order: [`codec`] and [`hash`] (how bytes are written), [`ids`], [`signature`], [`header`] and
//! [`pack`] (the record), [`stream`] (where packs belong), [`charter`] and [`statement`] (who belongs),
//! [`permission`] and [`access`] (what follows from them), [`receipt`], [`frontier`], [`exchange`] and
//! [`bundle`] (how packs travel). `FORMAT.md` beside this crate says the same in bytes.

pub mod access;
pub mod bundle;
pub mod charter;
pub mod codec;
pub mod device;
pub mod exchange;
pub mod frontier;
pub mod hash;
pub mod header;
pub mod ids;
pub mod limits;
pub mod pack;
pub mod permission;
pub mod receipt;
pub mod signature;
pub mod statement;
pub mod stream;
