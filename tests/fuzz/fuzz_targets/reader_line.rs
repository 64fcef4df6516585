//! A line of OSDP readers: whoever has the wires and not the key, nothing of what they send is believed (`tests/src/readers.rs`).
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vestibule_tests::readers::check(input));
