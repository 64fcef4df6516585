//! Serial lines and the boards on them. Knows no parcels and no async runtime.
//!
//! A [`spec::LineSpec`] becomes a running line by [`port::spawn`]; [`order::Order`]s go in by the handle, [`signal::Signal`]s
//! come out by the sink. Readers have a line of their own: [`osdp`] and [`port::spawn_readers`]. Everything that decides is in [`mod@line`], which does no I/O and is stepped with time.

pub mod channel;
pub mod commission;
mod crc;
pub mod device;
pub mod duty;
pub mod frame;
pub mod id;
pub mod limits;
pub mod line;
pub mod order;
pub mod osdp;
pub mod port;
pub mod scanner;
pub mod signal;
pub mod spec;
pub mod supply;
pub mod time;
pub mod trace;
