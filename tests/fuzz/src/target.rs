//! The targets, one file each.

pub(crate) mod answer;
pub(crate) mod bundle;
pub(crate) mod charter;
pub(crate) mod guard;
pub(crate) mod inside;
pub(crate) mod items;
pub(crate) mod kept;
pub(crate) mod pages;
pub(crate) mod people;
pub(crate) mod programme;
pub(crate) mod scores;
pub(crate) mod table;
pub(crate) mod wire;
