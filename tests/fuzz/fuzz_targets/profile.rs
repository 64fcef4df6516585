//! A device profile: whatever an installer writes, it is refused or it moves nothing (`tests/src/profile.rs`).
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vestibule_tests::profile::check(input));
