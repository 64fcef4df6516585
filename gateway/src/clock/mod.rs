//! Time as the daemon reads it: the machine's two clocks, and how far the wall clock may be believed.

mod floor;
mod trust;

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use vestibule_core::time::{Millis, Mono, Now, Timestamp};

pub use floor::FlooredClock;
pub use trust::{STEP_MAX, Step, TrustKeeper};

/// How often the marker file is looked at: trust is a matter of minutes, and a look is a system call.
const MARKER_PERIOD: Millis = Millis::seconds(1);

/// The machine's clocks with the trust marker.
pub struct SystemClock {
    marker: PathBuf,
    keeper: TrustKeeper,
    looked: Option<(Mono, bool)>,
}

/// The monotonic clock (CLOCK_MONOTONIC), the same that the line threads use.
#[must_use]
pub fn monotonic() -> Mono {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_nsec / 1_000).unwrap_or(0);
    Mono(seconds.saturating_mul(1_000_000).saturating_add(micros))
}

/// The wall clock (CLOCK_REALTIME), believed or not. Asked through libc, as TLS and everybody else does: all of them
/// read the same clock.
#[must_use]
pub fn wall() -> Timestamp {
    let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => Timestamp(millis(since)),
        Err(before) => Timestamp(millis(before.duration()).saturating_neg()),
    }
}

impl SystemClock {
    /// A clock that is trusted while the marker file exists, as systemd-timesyncd and chrony's hooks make one.
    #[must_use]
    pub fn new(marker: PathBuf) -> Self {
        Self { marker, keeper: TrustKeeper::default(), looked: None }
    }

    /// Both clocks now, and the step of the wall clock since the last reading if there was one.
    pub fn read(&mut self) -> (Now, Option<Step>) {
        let mono = monotonic();
        let marked = self.marked(mono);
        self.keeper.observe(wall(), mono, marked)
    }

    fn marked(&mut self, mono: Mono) -> bool {
        match self.looked {
            Some((at, marked)) if mono.since(at) < MARKER_PERIOD => marked,
            _ => {
                let marked = self.marker.exists();
                self.looked = Some((mono, marked));
                marked
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::time::ClockTrust;

    use super::*;

    #[test]
    fn clock_is_synchronised_when_the_marker_exists() {
        let folder = tempfile::tempdir().expect("folder");
        let marker = folder.path().join("synchronized");
        assert_eq!(SystemClock::new(marker.clone()).read().0.trust, ClockTrust::Untrusted);
        std::fs::write(&marker, "").expect("marker");
        assert_eq!(SystemClock::new(marker).read().0.trust, ClockTrust::Synchronised);
    }

    #[test]
    fn monotonic_time_never_goes_back() {
        let first = monotonic();
        assert!(monotonic() >= first);
    }
}
