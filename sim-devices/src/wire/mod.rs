//! The two-wire line itself: how long a character takes, where a frame ends, what a collision does.

mod baud;
mod crc;
mod framer;
mod outgoing;

pub use baud::{Baud, WireByte};
pub use crc::{checked, crc16, sealed};
pub(crate) use framer::{Frame, Framer};
pub(crate) use outgoing::Outgoing;
