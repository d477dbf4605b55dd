//! Journeys, simulation and faults that span crates.
