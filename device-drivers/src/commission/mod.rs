//! Commissioning: what is asked of boards before a building is sold to anybody, by one job that has a line to itself.
//!
//! Nothing here does I/O. A job ([`scan::Scan`], [`identify::Identify`], [`learn::Lesson`]) gives the next [`ask::Question`] and
//! takes its [`ask::Answer`]; a [`transaction::Transaction`] is one question on a wire, stepped with bytes and time.
//! [`port::Borrowed`](crate::port::Borrowed) plays both on a port that nobody else holds.

pub mod ask;
pub mod guard;
pub mod identify;
pub mod learn;
pub mod manner;
pub mod readdress;
pub mod scan;
pub mod setting;
mod signature;
pub mod transaction;
