//! The line master: one owner of one serial line, without I/O, stepped with time.
//!
//! The law of use: after every input ([`Line::opened`], [`Line::closed`], [`Line::received`], [`Line::submit`], or time
//! alone) call [`Line::poll`] until it answers [`Output::Wait`], doing what each output says before the next call; then
//! wait for the next input, at most until the time given with it.

mod agreement;
mod conclude;
pub mod counters;
mod dead;
mod exchange;
mod foreign;
mod health;
mod hearing;
mod lanes;
mod lend;
mod master;
mod orders;
mod outputs;
mod parts;
mod polls;
mod quarantine;
pub(crate) mod receiver;
mod report;
mod schedule;
mod set_up;
mod slave;
mod supplies;
pub mod timing;
mod tracing;

#[cfg(test)]
pub(crate) mod tests;

pub use master::{Line, Output, Reason};
