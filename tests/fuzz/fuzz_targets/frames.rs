//! The frame codecs of the field bus: whatever bytes arrive, a frame is whole, and answers one question (`tests/src/frames.rs`).
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vestibule_tests::frames::check(input));
