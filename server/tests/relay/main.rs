//! The relay from outside: over its routes in this process, and as a program.

mod exchange;
mod kit;
