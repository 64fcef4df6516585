//! Modbus/TCP at the port: whatever a server sends, only the newest question is answered, and once (`tests/src/mbap.rs`).
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    vestibule_tests::mbap::check(input);
});
