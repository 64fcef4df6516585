//! The whole line on virtual time, against boards that answer from a few lines of script.

mod behaviour;
pub(crate) mod bench;
mod power;
mod properties;
mod share;
