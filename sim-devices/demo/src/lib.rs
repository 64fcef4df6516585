//! A simulated building around the real daemon: what `cargo demo` shows and the whole-system tests stand on.

pub mod process;
mod words;
