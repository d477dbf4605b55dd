//! A relay that can be told to misbehave, for tests of the real client. It stands before the real relay, which runs in a
//! process of its own, and holds that relay's key: whoever runs, buys or breaks into a relay can do no more. What it passes
//! on it can leave out, change, invent, double and delay, and sign anew; what it says over HTTP can be anything at all.
//!
//! Each way has one word: [`Behaviour`]. A test tells [`HostileRelay`] one, lets people exchange through it, and looks at what
//! they refuse, say and keep; then it tells it to be honest, and everything must come to the same in the end.
//!
//! It speaks HTTP by itself, over a bare socket: a library for servers would not let it lie about lengths.
//!
//! Reading order: [`behaviour`], [`relay`], `answer`, `http`; then [`world`], the people, and [`patched`], a member
//! whose program somebody changed. The program `hostile-client` is a client that tells what it did and what it used, for
//! measuring it as a process. Tests: `tests/wire/` and `tests/automerge.rs`.

pub mod behaviour;
pub mod patched;
pub mod relay;
pub mod world;

mod answer;
mod http;

pub use behaviour::Behaviour;
pub use relay::HostileRelay;
