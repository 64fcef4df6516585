//! The only I/O of this crate: a thread that owns one port, of this computer or of a serial server.

mod borrowed;
mod handle;
mod keeper;
mod link;
mod loan;
pub mod mbap;
mod opening;
mod readers;
mod rs485;
mod scanner;
mod tcp;
mod thread;
mod tty;

#[cfg(test)]
mod tests;

use std::{io, thread as os};

pub use borrowed::{AskFailed, Borrowed};
pub use handle::LineHandle;
pub use loan::{Loan, NotLent};
pub use readers::{Random, ReaderLine, spawn_readers};
pub use scanner::{ScannerHandle, spawn as spawn_scanner};

use crate::line::Line;
use crate::signal::Signal;
use crate::spec::LineSpec;
use crate::time::Monotonic;

/// Starts the line of `spec` on its own thread. A port that cannot be opened is no error here: it is told as
/// [`PortState::OpenFailed`](crate::signal::PortState::OpenFailed) and tried again.
///
/// `sink` is called on that thread and must not block: a lock waits behind it. `clock` is the monotonic clock, for the
/// daemon [`monotonic_now`].
///
/// # Errors
/// `InvalidInput` for a specification that contradicts itself; otherwise the system's reason for no thread or no eventfd.
pub fn spawn(
    spec: &LineSpec,
    sink: impl FnMut(Signal) + Send + 'static,
    clock: impl Fn() -> Monotonic + Send + 'static,
) -> io::Result<LineHandle> {
    let line =
        Line::new(spec, clock()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    LineHandle::with_thread(spec, line.tape(), |inbox| {
        let runner = thread::Runner::new(line, spec, inbox, sink, clock);
        os::Builder::new().name(format!("line-{}", spec.id)).spawn(move || runner.run())
    })
}

/// The system's monotonic clock.
#[must_use]
pub fn monotonic_now() -> Monotonic {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(now.tv_nsec).unwrap_or(0);
    Monotonic::from_micros(seconds * 1_000_000 + nanos / 1_000)
}
