//! Real time as simulation time, on the kernel's monotonic clock.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::time::SimTime;

/// The moment that is [`SimTime::ZERO`], on the clock every process on the machine shares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin_micros: u64,
    origin: Instant,
}

impl Clock {
    pub fn start() -> Self {
        Self { origin_micros: monotonic_micros(), origin: Instant::now() }
    }

    pub fn now(&self) -> SimTime {
        SimTime::from_micros(monotonic_micros().saturating_sub(self.origin_micros))
    }

    pub fn instant(&self, at: SimTime) -> Instant {
        self.origin + Duration::from_micros(at.as_micros())
    }

    pub fn monotonic_micros(&self, at: SimTime) -> u64 {
        self.origin_micros.saturating_add(at.as_micros())
    }
}

/// CLOCK_MONOTONIC in microseconds; never negative on Linux.
fn monotonic_micros() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(now.tv_nsec).unwrap_or_default();
    seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000)
}
