//! Commissioning: a person with boards that nobody knows yet, over a pty with true wire timing.

mod address;
mod bench;
mod harmless;
mod locks;
mod scan;
mod walk;
