//! The relay from outside: over its routes in this process, and as a program.

mod attachments;
mod exchange;
mod faults;
mod hostile;
mod kit;
mod program;
