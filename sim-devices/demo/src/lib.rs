//! A simulated building around the real daemon: what `cargo demo` shows and the whole-system tests stand on.

pub mod cloud;
pub mod ear;
pub mod house;
pub mod process;
pub mod settings;
pub mod story;
pub mod summary;
pub mod terminal;
pub mod timeline;
pub mod watcher;
pub mod wires;
mod words;
