//! The simulators from outside: golden frames, doors and hands, faults, the pseudo-terminal and the witness.
#![allow(clippy::expect_used, reason = "a test may expect")]

mod common;
mod doors;
mod faults;
mod golden;
mod noise;
mod pty;
mod terminal;
mod witness;
