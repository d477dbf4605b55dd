//! The simulation: admins, coordinators and reviewers in memory, with a relay, couriers and seeded faults,
//! in virtual time. No socket, no thread inside a run, no sleep, no clock.
//!
//! A run is decided by its seed alone. When the faults have stopped and everybody has talked to everybody,
//! the oracle ([`oracle`]), which knows only what reviewers were told and what admins did, compares: every
//! submitted review is at every coordinator, or in a named queue there; nothing is lost, nothing counts twice.

pub mod dice;
pub mod oracle;
pub mod relay;
pub mod world;
