//! Decisions that have a best answer: who reads what ([`assignment`]), and who is selected ([`selection`]).
//!
//! Pure functions on the values of `tessera-model`, over one exact solver ([`mip`] is the only module that names it).
//! It is a crate of its own because the solver is C++ that takes minutes to compile: whoever only needs the review domain
//! does not wait for it, and the engine and the relay cannot reach it. It opens no file and draws no random number;
//! only the solver looks at a clock, where a limit was set.
//!
//! How to read it:
//! - [`assignment`]: the rules, the result, and the order of what is optimised; `problem` (pairs and what bars them),
//!   `model` (the mathematical programme), `connect` (one component, by swaps), `account` (exact figures, what is
//!   unmet and why), `explain` (why not this pair), `further` (one more reader beside those who
//!   read);
//! - [`selection`]: seats down the order under floors and caps; `pool` (who is there), `quotas` (can the rest still be completed?), `snapshot`
//!   (the bytes that anyone can recompute);
//! - [`compute`]: both on files in memory.
//!
//! No figure of the solver is believed: it only says which pairs, and what is said of them is calculated from the
//! decimals as they were written.

pub mod assignment;
pub mod compute;
mod mip;
pub mod selection;
