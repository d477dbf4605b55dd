//! Keys and bytes.
//!
//! This crate makes everything that is secret and everything that is sealed: a device's identity and the
//! file that keeps it, stream keys, the items inside a pack and their seal, welcomes, attachments, recovery
//! papers and enrolment. It knows nothing of reviews, relays or storage; it reads no clock, no file and no
//! environment. It decides no permission: what it opens was signed by somebody, and whether that somebody
//! may say so is [`tessera_protocol::permission`]'s question.
//!
//! Three rules hold in the types. Only [`seal::Sealed`] or [`sign::Clear`] can be signed, so only they can
//! leave a device. Only a [`Verified`](tessera_protocol::signature::Verified) pack can be opened. What was
//! opened gives its items away only after its content root was recomputed ([`seal::Opened::check`]).
//!
//! Randomness is a parameter (`&mut impl CryptoRng`), with one exception: age draws its own from the
//! operating system, for the file key, the ephemeral share and the nonce of an age file. Everything that age
//! writes is therefore new at every call; all else is a function of its arguments. (The strength estimate of
//! a typed passphrase takes the current year from its library; nothing is decided by it.)
//!
//! Secret types wipe themselves when dropped and have neither `Debug` nor `Serialize`.
//!
//! Reading order: [`secret`] (the primitives), [`words`], [`key`], [`items`], [`content`], [`seal`];
//! [`identity`] and [`sign`] (a device), [`welcome`], [`ids`]; [`attachment`]; [`passphrase`], [`recovery`],
//! [`enrol`], [`keychain`] (people and their computers). `age_file` alone touches age.

mod age_file;
pub mod attachment;
pub mod content;
pub mod enrol;
pub mod identity;
pub mod ids;
pub mod items;
pub mod key;
pub mod keychain;
pub mod passphrase;
pub mod recovery;
pub mod seal;
pub mod secret;
pub mod sign;
pub mod text;
pub mod welcome;
pub mod words;

#[cfg(test)]
mod tests;
