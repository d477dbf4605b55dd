//! The child process in which changes of other people are tried, with a memory limit.
