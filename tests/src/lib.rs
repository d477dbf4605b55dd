//! Tests that span crates, and what they share: the simulation, its relay behind a socket, the real relay in a process,
//! and people with homes. Nothing here ships.

pub mod homes;
pub mod process;
pub mod sim;
pub mod stand_in;
