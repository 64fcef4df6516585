//! A scanner's stream: texts, replies, noise and pauses (`tests/src/scanner.rs`).
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vestibule_tests::scanner::check(input));
