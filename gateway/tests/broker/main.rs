//! The broker from outside: real clients over TLS against the guard, and the same rights against a real Mosquitto.

// Clippy knows tests by their attribute; helpers of a test binary have none.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

mod bench;
mod conformance;
mod flood;
mod hostile;
mod matrix;
mod mosquitto;
mod probe;
mod raw;
mod rights;
mod sessions;
mod trust;
