//! Seeded sample material for the demo, the tests and the benchmarks: applicants for the seminar, their attachments,
//! six reviewers, an assignment, scores with a known truth, and the search for what must not be readable.
//!
//! Everybody in it is invented; addresses end in `.example`. The same seed gives the same bytes on every machine.
//! Nothing here depends on the project's other crates, so that what it makes is a check on them.
//!
//! Reading order: [`applicant`] (what there is), [`culture`] and `grammar` (what it is made of), [`mod@generate`],
//! [`oddity`](applicant::Oddity), [`panel`], [`score`], [`attachment`], [`mod@write`], [`needle`] and [`mod@search`];
//! [`mod@workload`] is the shape that the benchmarks measure.

pub mod applicant;
pub mod attachment;
pub mod culture;
pub mod generate;
pub mod needle;
pub mod panel;
pub mod score;
pub mod search;
pub mod workload;
pub mod write;

mod grammar;
mod oddity;
mod pdf;
mod rng;

pub use applicant::Applicant;
pub use generate::{Sample, generate};
pub use needle::{Needle, needles};
pub use score::{ScoreSpec, scores};
pub use search::{Hits, search};
pub use workload::workload;
pub use write::{Format, WriteOptions, write_sample};
