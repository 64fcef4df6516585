//! What a line counts, per slave and in all. Totals since the line was started; they never go back.

use std::time::Duration;

/// Totals of one slave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlaveCounters {
    /// Transactions answered as asked.
    pub ok: u64,
    /// Transactions without any byte in answer.
    pub timeout: u64,
    /// Transactions whose answer was damaged or cut.
    pub crc: u64,
    /// Transactions answered with an exception.
    pub exception: u64,
    /// Valid answers that came after their transaction had been given up.
    pub late: u64,
    /// Shortest time from our last byte to the answer's last byte; zero before the first.
    pub latency_least: Duration,
    /// Longest such time.
    pub latency_most: Duration,
    /// Sum of such times over `ok`.
    pub latency_sum: Duration,
}

impl SlaveCounters {
    /// Notes a good answer that took `latency`.
    pub(crate) fn answered(&mut self, latency: Duration) {
        self.latency_least = if self.ok == 0 { latency } else { self.latency_least.min(latency) };
        self.latency_most = self.latency_most.max(latency);
        self.latency_sum = self.latency_sum.saturating_add(latency);
        self.ok += 1;
    }

    /// Mean time from our last byte to the answer's last byte; none before the first answer.
    #[must_use]
    pub fn latency_mean(&self) -> Option<Duration> {
        let count = u32::try_from(self.ok).unwrap_or(u32::MAX);
        self.latency_sum.checked_div(count)
    }
}

/// Totals of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineCounters {
    /// Transactions begun.
    pub transactions: u64,
    /// Time from each request's first byte to its answer's last byte or timeout.
    pub busy: Duration,
    /// Time in which the wire could carry nothing else: `busy`, and the silence that follows each transaction. Over the time
    /// that passed it is the line's use; 1 is all that the wire can carry.
    pub occupied: Duration,
    /// Part of `busy` spent on dead slaves.
    pub busy_dead: Duration,
    /// Valid frames that nobody here asked for, answers given twice among them.
    pub foreign: u64,
    /// Bytes that made no frame.
    pub noise_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_has_no_mean_when_nothing_was_answered() {
        let mut counters = SlaveCounters::default();
        assert_eq!(counters.latency_mean(), None);
        counters.answered(Duration::from_millis(4));
        counters.answered(Duration::from_millis(8));
        assert_eq!(counters.latency_mean(), Some(Duration::from_millis(6)));
        assert_eq!(counters.latency_least, Duration::from_millis(4));
        assert_eq!(counters.latency_most, Duration::from_millis(8));
    }
}
