//! Who holds the engine while an exchange waits for the network: nobody. A window goes on saving what a person types
//! while a slow relay answers.

use tessera_engine::Engine;
use tessera_engine::store::Store;

/// Gives the engine for one step of an exchange at a time.
pub trait Lend {
    /// Where the engine keeps its records.
    type Store: Store;

    /// Runs a step with the engine, alone.
    fn lend<T>(&mut self, step: impl FnOnce(&mut Engine<Self::Store>) -> T) -> T;
}

impl<S: Store> Lend for Engine<S> {
    type Store = S;

    fn lend<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> T {
        step(self)
    }
}
