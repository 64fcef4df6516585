//! A barcode scanner at a terminal's window: a GM65 as its manual describes it, on a pseudo-terminal.

mod gm65;
mod port;

use std::time::Duration;

pub use gm65::{Gm65, SetUpCode};
pub use port::ScannerPort;

/// What goes wrong with a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanFault {
    /// The line end is not sent.
    NoEnd,
    /// It stops in the middle for so long.
    Split(Duration),
    /// It is sent twice.
    Doubled,
    /// These bytes come before it.
    Noise(Vec<u8>),
}
