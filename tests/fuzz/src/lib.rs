//! What hostile bytes are fed to: one function for each kind of reader. Each takes any bytes and comes back: bytes of
//! somebody else may be refused, and must never panic, loop or ask for memory without bound; what is read must be what
//! its writer writes.
//!
//! Behind a signature, a hash or a seal nothing can be found by changing bytes at random, so the functions put these
//! right where an attacker could: a member signs its own packs, a relay its own answers, a writer seals what it likes.
//!
//! `corpus/` holds real objects and whatever once failed, a folder for each target; `cargo test` replays all of it.
//! `libfuzzer/` is a workspace of its own that looks for new ones, led by coverage: `make fuzz`. The relay's
//! own target is beside its tests (`server/tests/relay/fuzzed.rs`), because it is never built together with the rest.

pub mod forge;
pub mod seeds;
mod target;
pub mod world;

/// A reader with its corpus.
#[derive(Clone, Copy)]
pub struct Target {
    /// The folder of its corpus, and the program that looks for more.
    pub name: &'static str,
    /// Feeds it.
    pub feed: fn(&[u8]),
}

/// All of them but the relay's.
pub const TARGETS: [Target; 13] = [
    Target { name: "wire", feed: target::wire::feed },
    Target { name: "charter", feed: target::charter::feed },
    Target { name: "bundle", feed: target::bundle::feed },
    Target { name: "answer", feed: target::answer::feed },
    Target { name: "items", feed: target::items::feed },
    Target { name: "people", feed: target::people::feed },
    Target { name: "inside", feed: target::inside::feed },
    Target { name: "kept", feed: target::kept::feed },
    Target { name: "pages", feed: target::pages::feed },
    Target { name: "guard", feed: target::guard::feed },
    Target { name: "table", feed: target::table::feed },
    Target { name: "programme", feed: target::programme::feed },
    Target { name: "scores", feed: target::scores::feed },
];

/// Feeds a target by its name.
///
/// # Panics
/// Where there is no such target, and where what it feeds is not as it must be.
pub fn feed(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    (target.feed)(bytes);
}
