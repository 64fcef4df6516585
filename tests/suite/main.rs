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

mod building;
mod crash_images;
mod kills;
mod line;
mod model;
mod spine;
mod tidy;
mod wire;
