//! The broker's packet path: whatever a client sends, nothing passes that its role forbids (`tests/src/front_door`).
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vestibule_tests::front_door::check(input));
