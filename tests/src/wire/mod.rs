//! The line master of `device-drivers` against the simulated boards of `sim-devices`, on virtual time.
//!
//! A [`script::Script`] makes orders from a seed, a [`bench::Bench`] steps both sides of the wire, and a [`docket::Docket`]
//! compares what was ordered and told with what the relays did.

pub mod bench;
pub mod case;
pub mod docket;
pub mod figures;
pub mod judge;
pub mod lines;
pub mod lockers;
pub mod onset;
pub mod run;
pub mod script;
pub mod tally;
pub mod trouble;
