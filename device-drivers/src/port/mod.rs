//! The only I/O of this crate: a thread that owns one serial port.

mod handle;

pub use handle::LineHandle;

use crate::time::Monotonic;

/// The system's monotonic clock.
#[must_use]
pub fn monotonic_now() -> Monotonic {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(now.tv_nsec).unwrap_or(0);
    Monotonic::from_micros(seconds * 1_000_000 + nanos / 1_000)
}
