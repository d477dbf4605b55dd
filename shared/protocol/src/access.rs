//! The relay's rule: who may write and read which stream, from charter, statements and the headers of
//! `to/` packs alone. Clients use the same rule. Not here: quotas, requests, and anything about content.

pub mod class;
pub mod refusal;

pub use class::{Class, Classes};
pub use refusal::Refusal;
