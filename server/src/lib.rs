//! The relay as a library: it stores packs, hands out receipts, and gives to each device what it may read.
//!
//! It is blind because of what it is made of: of this project it depends on `tessera-protocol` alone, where
//! no key of a stream, no `open` and no word of the review domain can be named. Its one key signs receipts
//! and answers. Losing a relay loses nothing: coordinators fill a blank one.
//!
//! Reading order: [`store`] (what is kept, behind one trait; [`store::sqlite`] keeps it), [`rules`] (who may
//! read and write what, and since when, in memory), [`relay`] (one exchange: `push` takes packs, `pull`
//! gives them; attachments beside them), [`http`] (every route), [`listen`] (the way in), [`limits`] and [`failure`] (what is too
//! much, and what is said then). `main.rs` and `commands/` make a program of it.
//!
//! Three rules hold everywhere. A receipt is signed only after the commit. What is in memory follows from
//! the store and changes only after the commit. Who could not prove who it is gets one answer, whatever
//! there is to be known.

mod attachment;
pub mod check;
mod counter;
pub mod failure;
pub mod http;
mod incoming;
pub mod inspect;
pub mod key;
pub mod limits;
pub mod listen;
mod rate;
pub mod relay;
pub mod rules;
pub mod store;
