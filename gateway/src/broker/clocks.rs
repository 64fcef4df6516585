//! When things happened to one connection, and what follows from it: keep-alive, a reader too slow, a pause.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ending::Ending;
use super::limits::Limits;
use super::pace::{Allowance, Total};

/// Longest wait when nothing is due: a writer without credit is neither silent nor stalled.
const IDLE: Duration = Duration::from_secs(60);

/// One connection's moments.
pub(super) struct Clocks {
    silence_max: Duration,
    /// How long a client may take no byte, or leave one message unacknowledged.
    stall_max: Duration,
    heard: Instant,
    stalled: Option<Instant>,
    /// The oldest command and the oldest other message that the client has not acknowledged, and since when each is the
    /// oldest: acknowledging only the ones must not keep the others for ever.
    oldest: [Option<(u64, Instant)>; 2],
    /// When the client's certificate is judged again.
    pub(super) judge_at: Instant,
    pub(super) allowance: Allowance,
}

impl Clocks {
    /// A connection that begins now; `total` where it counts.
    pub(super) fn new(
        keep_alive: Duration,
        limits: &Limits,
        total: Option<Arc<Total>>,
        now: Instant,
    ) -> Self {
        Self {
            // One and a half keep-alives, as MQTT has it.
            silence_max: keep_alive + keep_alive / 2,
            stall_max: limits.write_stall,
            heard: now,
            stalled: None,
            oldest: [None; 2],
            judge_at: now + limits.judged_every,
            allowance: Allowance::new(limits, total, now),
        }
    }

    /// The client was heard.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// The client took bytes.
    pub(super) fn took(&mut self, now: Instant) {
        self.stalled = Some(now);
    }

    /// What waits for the client now: bytes, and the oldest message of either kind.
    pub(super) fn waits(&mut self, bytes: Unwritten, oldest: [Option<u64>; 2], now: Instant) {
        match bytes {
            Unwritten::None => self.stalled = None,
            Unwritten::Some => {
                self.stalled.get_or_insert(now);
            }
        }
        for (known, oldest) in self.oldest.iter_mut().zip(oldest) {
            let same = known.filter(|(number, _)| Some(*number) == oldest);
            *known = same.or(oldest.map(|number| (number, now)));
        }
    }

    /// What is due by now, if anything. A client that we do not read is not silent.
    pub(super) fn due(&self, now: Instant, reading: Reading) -> Option<Ending> {
        if self.stalled.is_some_and(|since| now >= since + self.stall_max) {
            return Some(Ending::SlowReader);
        }
        // Read or not: a pause is shorter, and whoever waits for credit that it holds itself would wait for ever.
        if self.unacknowledged_until().is_some_and(|until| now >= until) {
            return Some(Ending::Unacknowledged);
        }
        if reading == Reading::Yes && now >= self.heard + self.silence_max {
            return Some(Ending::KeepAlive);
        }
        None
    }

    /// When to look again.
    pub(super) fn next(&self, paused: Option<Instant>, reading: Reading, now: Instant) -> Instant {
        let silence = match reading {
            Reading::Yes => Some(self.heard + self.silence_max),
            Reading::No => None,
        };
        let stall = self.stalled.map(|since| since + self.stall_max);
        let acknowledged = self.unacknowledged_until();
        [silence, acknowledged, stall, paused].into_iter().flatten().min().unwrap_or(now + IDLE)
    }

    fn unacknowledged_until(&self) -> Option<Instant> {
        self.oldest.iter().flatten().map(|(_, since)| *since + self.stall_max).min()
    }
}

/// Whether the client is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Yes,
    No,
}

/// Whether there are bytes that the client has not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unwritten {
    None,
    Some,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_acknowledges_nothing_ends_and_a_slow_one_does_not() {
        let start = Instant::now();
        let stall = Limits::default().write_stall;
        let mut clocks = Clocks::new(Duration::from_secs(300), &Limits::default(), None, start);
        clocks.waits(Unwritten::None, [Some(1), None], start);
        clocks.waits(Unwritten::None, [Some(2), None], start + stall / 2);
        assert!(clocks.due(start + stall, Reading::Yes).is_none(), "it goes on");
        assert_eq!(clocks.next(None, Reading::Yes, start), start + stall / 2 + stall);
        let late = start + stall / 2 + stall;
        assert!(matches!(clocks.due(late, Reading::Yes), Some(Ending::Unacknowledged)));
        assert!(matches!(clocks.due(late, Reading::No), Some(Ending::Unacknowledged)));
        clocks.waits(Unwritten::None, [None; 2], late);
        assert!(clocks.due(late, Reading::Yes).is_none());
        assert_eq!(clocks.next(None, Reading::No, late), late + IDLE);
    }

    #[test]
    fn acknowledging_commands_alone_does_not_keep_an_event_for_ever() {
        let start = Instant::now();
        let stall = Limits::default().write_stall;
        let mut clocks = Clocks::new(Duration::from_secs(300), &Limits::default(), None, start);
        clocks.waits(Unwritten::None, [Some(1), Some(2)], start);
        clocks.waits(Unwritten::None, [Some(3), Some(2)], start + stall / 2);
        assert!(matches!(clocks.due(start + stall, Reading::Yes), Some(Ending::Unacknowledged)));
    }
}
