//! One file for each command.

pub(crate) mod bundle;
pub(crate) mod compute;
pub(crate) mod enrol;
pub(crate) mod member;
pub(crate) mod programme;
pub(crate) mod sync;
