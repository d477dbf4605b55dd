//! One file for each command.

pub(crate) mod access;
pub(crate) mod application;
pub(crate) mod assign;
pub(crate) mod bundle;
pub(crate) mod charter;
pub(crate) mod completions;
pub(crate) mod compute;
pub(crate) mod conflict;
pub(crate) mod device;
pub(crate) mod eligibility;
pub(crate) mod enrol;
pub(crate) mod export;
pub(crate) mod home;
pub(crate) mod member;
pub(crate) mod passphrase;
pub(crate) mod programme;
pub(crate) mod queue;
pub(crate) mod ranking;
pub(crate) mod recovery;
pub(crate) mod review;
pub(crate) mod round;
pub(crate) mod scores;
pub(crate) mod search;
pub(crate) mod status;
pub(crate) mod sync;
pub(crate) mod totals;
