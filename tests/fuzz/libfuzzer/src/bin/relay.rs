#![no_main]
#![allow(dead_code, reason = "the relay's tests use the rest")]

#[path = "../../../../../server/tests/relay/fuzzed.rs"]
mod fuzzed;
#[path = "../../../../../server/tests/relay/kit.rs"]
mod kit;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzed::feed(bytes));
