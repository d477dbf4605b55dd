//! Tests of the protocol through its public face, in one program.

mod charter;
mod kit;
