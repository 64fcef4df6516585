//! One test binary over the whole: every module is a sentence of what must hold.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::let_underscore_must_use,
    reason = "a test ends by panicking and reports by printing"
)]

mod commission;
mod crash_images;
mod front_door;
mod model;
mod profiles;
mod readers;
mod scanner_framing;
mod tidy;
mod whole;
mod wire;
