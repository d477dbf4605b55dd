//! The relay from outside: over its routes in this process, and as a program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod attachments;
mod crowd;
mod exchange;
mod faults;
mod fuzzed;
mod golden;
mod hostile;
mod kit;
mod load;
mod model;
mod program;
