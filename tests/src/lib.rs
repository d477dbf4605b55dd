//! Tests that span crates, and what they share: the simulation, its relay behind a socket, and people with homes.
//! Nothing here ships.

pub mod homes;
pub mod sim;
pub mod stand_in;
