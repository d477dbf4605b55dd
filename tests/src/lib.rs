//! Tests that span crates, and what they share: the simulation. Nothing here ships.

pub mod sim;
