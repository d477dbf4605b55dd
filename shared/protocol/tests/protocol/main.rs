//! Tests of the protocol through its public face, in one program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod any;
mod charter;
mod codec;
mod kit;
mod layers;
mod model;
mod orders;
mod samples;
mod vectors;
