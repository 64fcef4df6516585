//! OSDP readers: keypads, cards, lights and sounds on a line of their own. This side is the control panel (ACU).
//!
//! Document: SIA OSDP 2.2, Annex D (Secure Channel) and E (vectors). Everything here is stepped with time and does no I/O; the
//! thread that owns the port is in [`crate::port`].
//!
//! What is believed: a reader with a key only inside its channel, under its own key. In clear text, or under the default key that
//! everybody knows, nothing is believed but a tamper switch, and that only to let somebody at the reader open an install window.
//! A reader that comes back without its key is told as such and never given another by itself.
//!
//! Traps: a reader answers a repeated sequence number with its last reply, so a command is repeated byte for byte; BUSY comes in
//! clear text with sequence 0, and NAK in clear text when the reader has lost its session, so both only delay or begin anew;
//! some readers acknowledge a new key in clear text; what a reader says of its abilities is not authentic before the channel, and
//! what lengths it announces never sizes anything here.

mod command;
mod crc;
mod frame;
mod key;
pub mod limits;
mod link;
mod panel;
mod reader;
mod session;
mod signal;

pub use frame::ReaderAddress;
pub use key::ReaderKey;
pub use panel::{Output, Panel};
pub use signal::{
    Buzz, Card, Colour, Identity, InstallOutcome, Light, Pressed, ReaderCounters, ReaderOrder, ReaderSignal,
    ReaderState, ReaderTask, Tamper, What,
};

use std::path::PathBuf;

use crate::id::{DeviceId, LineId};
use crate::spec::{Baud, Direction};

/// One reader on a line.
pub struct ReaderSpec {
    /// Its name.
    pub id: DeviceId,
    /// Its address.
    pub address: ReaderAddress,
    /// Its key, if it was installed.
    pub key: Option<ReaderKey>,
}

/// One OSDP line.
pub struct ReaderLineSpec {
    /// Its name.
    pub id: LineId,
    /// Path of the port; by-path names survive a replug.
    pub port: PathBuf,
    /// Who switches its RS-485 driver.
    pub direction: Direction,
    /// Speed; always 8N1.
    pub baud: Baud,
    /// The readers on it.
    pub readers: Vec<ReaderSpec>,
}
