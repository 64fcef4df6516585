//! How fast one client may send, and all together: a burst at once, then a steady rate. What is over waits in its socket,
//! nothing is lost.
//!
//! Each client has a share that is its own whatever the others do; what is above it is paid from the total of all. So a
//! flood from every connection at once is bounded, and costs a client that keeps to its share nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::limits::{
    BYTES_BURST, BYTES_PER_SECOND, Limits, SHARE_BYTES_BURST, SHARE_BYTES_PER_SECOND, SHARE_PACKETS_BURST,
    SHARE_PACKETS_PER_SECOND, TOTAL_BYTES_BURST, TOTAL_BYTES_PER_SECOND, TOTAL_PACKETS_BURST,
    TOTAL_PACKETS_PER_SECOND,
};

/// A rate with a burst, kept as the moment until which the sent units have used it up.
#[derive(Debug)]
pub(super) struct Pace {
    unit: Duration,
    burst: Duration,
    used_until: Instant,
}

impl Pace {
    /// `per_second` units in the long run, `burst` units at once.
    pub(super) fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        let unit = Duration::from_secs(1) / per_second.max(1);
        Self { unit, burst: unit * burst, used_until: now }
    }

    /// Counts `units` sent now.
    pub(super) fn spend(&mut self, units: u32, now: Instant) {
        self.used_until = self.used_until.max(now) + self.unit * units;
    }

    /// When more may be read; in the past if now.
    pub(super) fn ready_at(&self) -> Instant {
        self.used_until.checked_sub(self.burst).unwrap_or(self.used_until)
    }
}

/// Packets and bytes, each with its rate.
#[derive(Debug)]
struct Rates {
    packets: Pace,
    bytes: Pace,
}

impl Rates {
    fn spend(&mut self, bytes: usize, now: Instant) {
        self.packets.spend(1, now);
        self.bytes.spend(u32::try_from(bytes).unwrap_or(u32::MAX), now);
    }

    fn ready_at(&self) -> Instant {
        self.packets.ready_at().max(self.bytes.ready_at())
    }
}

/// What all clients together send above their shares.
#[derive(Debug)]
pub(super) struct Total(Mutex<Rates>);

impl Total {
    /// Nothing sent yet.
    pub(super) fn new(now: Instant) -> Arc<Self> {
        let packets = Pace::new(TOTAL_PACKETS_PER_SECOND, TOTAL_PACKETS_BURST, now);
        let bytes = Pace::new(TOTAL_BYTES_PER_SECOND, TOTAL_BYTES_BURST, now);
        Arc::new(Self(Mutex::new(Rates { packets, bytes })))
    }

    fn lock(&self) -> MutexGuard<'_, Rates> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Above {
    /// It is above the most that one client may send.
    Own,
    /// It is above its share, and all together above the total.
    Total,
}

/// What one client may send.
#[derive(Debug)]
pub(super) struct Allowance {
    own: Rates,
    share: Rates,
    /// None for a client that is not counted in the total.
    total: Option<Arc<Total>>,
}

impl Allowance {
    /// Nothing sent yet.
    pub(super) fn new(limits: &Limits, total: Option<Arc<Total>>, now: Instant) -> Self {
        let own = Rates {
            packets: Pace::new(limits.packets_per_second, limits.packets_burst, now),
            bytes: Pace::new(BYTES_PER_SECOND, BYTES_BURST, now),
        };
        let share = Rates {
            packets: Pace::new(SHARE_PACKETS_PER_SECOND, SHARE_PACKETS_BURST, now),
            bytes: Pace::new(SHARE_BYTES_PER_SECOND, SHARE_BYTES_BURST, now),
        };
        Self { own, share, total }
    }

    /// Counts one packet.
    pub(super) fn spend(&mut self, bytes: usize, now: Instant) {
        self.own.spend(bytes, now);
        match &self.total {
            Some(total) if self.share.ready_at() > now => total.lock().spend(bytes, now),
            _ => self.share.spend(bytes, now),
        }
    }

    /// Until when the client waits, and why, if it is not to be read now.
    pub(super) fn paused_until(&self, now: Instant) -> Option<(Instant, Above)> {
        let own = self.own.ready_at();
        let others =
            self.total.as_ref().map_or(own, |total| self.share.ready_at().min(total.lock().ready_at()));
        match own.max(others) {
            until if until <= now => None,
            until if until == own => Some((until, Above::Own)),
            until => Some((until, Above::Total)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_by_everybody_leaves_each_client_its_share() {
        let now = Instant::now();
        let total = Total::new(now);
        let mut flooders: Vec<_> =
            (0..64).map(|_| Allowance::new(&Limits::default(), Some(Arc::clone(&total)), now)).collect();
        let mut sent = 0_u32;
        for flooder in &mut flooders {
            while flooder.paused_until(now).is_none() {
                flooder.spend(100, now);
                sent += 1;
            }
        }
        // One packet each, and one of the total, pass before the bucket is seen to be empty.
        assert!(sent <= TOTAL_PACKETS_BURST + 1 + 64 * (SHARE_PACKETS_BURST + 1), "{sent}");
        assert!(
            flooders
                .iter()
                .skip(40)
                .all(|one| one.paused_until(now).is_some_and(|(_, why)| why == Above::Total))
        );
        let mut good = Allowance::new(&Limits::default(), Some(Arc::clone(&total)), now);
        for _ in 0..SHARE_PACKETS_BURST {
            assert_eq!(good.paused_until(now), None);
            good.spend(100, now);
        }
        let mut gateway = Allowance::new(&Limits::default(), None, now);
        for _ in 0..500 {
            assert_eq!(gateway.paused_until(now), None, "a resync of a large building");
            gateway.spend(300, now);
        }
    }

    #[test]
    fn a_burst_passes_and_the_rest_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(10, 5, start);
        pace.spend(5, start);
        assert!(pace.ready_at() <= start);
        pace.spend(1, start);
        assert_eq!(pace.ready_at(), start + Duration::from_millis(100));
        let later = start + Duration::from_secs(60);
        pace.spend(1, later);
        assert!(pace.ready_at() <= later, "an idle time restores the burst and no more");
        pace.spend(5, later);
        assert_eq!(pace.ready_at(), later + Duration::from_millis(100));
    }
}
