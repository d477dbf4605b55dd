//! Every way in which a relay may misbehave, against the real client over HTTP: what it refuses, says and keeps, and that
//! all come to the same once the relay is honest and what it lost came by another road.
//!
//! A number in a name is that of an attack whose defence the test needs: it goes red without it. The other tests have none,
//! because no single condition holds what they show.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells what it measured and ends where it cannot go on"
)]

mod files;
mod http;
mod kit;
mod log;
mod packs;
mod people;
mod receipts;
