#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tessera_fuzz::feed("kept", bytes));
