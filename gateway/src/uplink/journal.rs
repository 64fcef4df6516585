//! The journal on its way to the cloud: read ahead a little, sent in order, acknowledged in order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use vestibule_core::unit::Digest;
use vestibule_store::JournalRow;

use super::outbox::{Outbox, OutboxError};
use crate::mqtt::WINDOW;
use crate::supervise::Chain;

/// Rows read at once and held: two windows, so that reading and sending overlap. A row has at most 8 KiB.
const READ_MAX: usize = 2 * WINDOW;
/// Pause after the journal could not be read or the broker refused a row.
const PAUSE: Duration = Duration::from_secs(15);

const _: () = assert!(READ_MAX > WINDOW, "a full window must not wait for the disk");

/// Newest acknowledged row: what becomes durable, and the chain's anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Acknowledged {
    pub(super) sequence: u64,
    pub(super) hash: Digest,
}

/// Rows between the journal and the cloud.
pub(super) struct Journal {
    outbox: Arc<dyn Outbox>,
    /// Everything up to here is acknowledged; unknown until the journal was read once.
    cursor: Option<u64>,
    /// Read, not sent; in order, after everything in flight.
    waiting: VecDeque<JournalRow>,
    /// Sent, in order.
    in_flight: VecDeque<InFlight>,
    /// Whether rows can be sent; nothing is read while they cannot.
    connected: bool,
    /// Whether the journal may have rows that were not read.
    more: bool,
    reading: Option<JoinHandle<Result<Read, OutboxError>>>,
    paused_until: Option<Instant>,
    /// Rows up to here were durable before the connection stood.
    late_until: u64,
}

struct InFlight {
    sequence: u64,
    hash: Digest,
    acknowledged: bool,
}

struct Read {
    cursor: u64,
    rows: Vec<JournalRow>,
}

impl Journal {
    pub(super) fn new(outbox: Arc<dyn Outbox>) -> Self {
        Self {
            outbox,
            cursor: None,
            waiting: VecDeque::new(),
            in_flight: VecDeque::new(),
            connected: false,
            more: false,
            reading: None,
            paused_until: None,
            late_until: 0,
        }
    }

    /// The connection stands: begin after the last acknowledged row.
    pub(super) fn connected(&mut self, head: u64) {
        self.rewind();
        self.paused_until = None;
        self.late_until = head;
        self.connected = true;
    }

    /// The connection is gone: what is not acknowledged will be read again.
    pub(super) fn lost(&mut self) {
        self.rewind();
        self.connected = false;
    }

    /// A row became durable.
    pub(super) const fn poke(&mut self) {
        self.more = true;
    }

    /// The broker refused a row: nothing overtakes it. Rows before it stay in flight, or they would never be
    /// acknowledged while it is refused.
    pub(super) fn not_taken(&mut self, sequence: u64) {
        self.in_flight.retain(|row| row.sequence < sequence);
        self.waiting.clear();
        self.reading = None;
        self.more = true;
        self.pause();
    }

    fn rewind(&mut self) {
        self.waiting.clear();
        self.in_flight.clear();
        self.reading = None;
        self.more = true;
    }

    fn pause(&mut self) {
        self.paused_until = Some(Instant::now() + PAUSE);
    }

    /// The next row to send, and whether it is sent late.
    pub(super) fn next(&mut self) -> Option<(JournalRow, bool)> {
        if self.paused_until.is_some() {
            return None;
        }
        let row = self.waiting.pop_front()?;
        self.in_flight.push_back(InFlight { sequence: row.sequence, hash: row.hash, acknowledged: false });
        let late = row.sequence <= self.late_until;
        Some((row, late))
    }

    /// A row was acknowledged; gives the newest up to which all are, if that moved.
    pub(super) fn acknowledged(&mut self, sequence: u64) -> Option<Acknowledged> {
        // A row of before a rewind is not found; its second sending will be acknowledged, too.
        let row = self.in_flight.iter_mut().find(|row| row.sequence == sequence)?;
        row.acknowledged = true;
        let mut newest = None;
        while self.in_flight.front().is_some_and(|row| row.acknowledged) {
            newest = self.in_flight.pop_front();
        }
        let InFlight { sequence, hash, .. } = newest?;
        self.cursor = Some(sequence);
        Some(Acknowledged { sequence, hash })
    }

    /// Waits until rows were read, or a pause is over; for ever if nothing is to be read. Cancel-safe: the read goes on.
    pub(super) async fn refilled(&mut self) {
        if let Some(until) = self.paused_until {
            sleep_until(until).await;
            self.paused_until = None;
            return;
        }
        if self.reading.is_none() {
            if !self.connected || !self.more || self.waiting.len() >= WINDOW {
                return std::future::pending().await;
            }
            self.reading = Some(self.read());
        }
        if let Some(reading) = &mut self.reading {
            let read = reading.await;
            self.reading = None;
            match read {
                Ok(Ok(read)) => self.take(read),
                Ok(Err(error)) => self.not_read(&error),
                Err(error) => self.not_read(&error),
            }
        }
    }

    fn read(&mut self) -> JoinHandle<Result<Read, OutboxError>> {
        // A poke during the read asks for another one.
        self.more = false;
        let outbox = Arc::clone(&self.outbox);
        let cursor = self.cursor;
        let newest = self.newest();
        tokio::task::spawn_blocking(move || {
            let cursor = match cursor {
                Some(cursor) => cursor,
                None => outbox.acknowledged()?,
            };
            let rows = outbox.rows_after(newest.unwrap_or(cursor), READ_MAX)?;
            Ok(Read { cursor, rows })
        })
    }

    /// The newest row held here.
    fn newest(&self) -> Option<u64> {
        let sent = self.in_flight.back().map(|row| row.sequence);
        self.waiting.back().map(|row| row.sequence).or(sent).or(self.cursor)
    }

    fn take(&mut self, read: Read) {
        let Read { cursor, rows } = read;
        // A read may end at a number of bytes before it ends at the head.
        self.more |= !rows.is_empty();
        self.cursor.get_or_insert(cursor);
        for row in rows {
            let expected = self.newest().map_or(1, |newest| newest + 1);
            if row.sequence != expected {
                tracing::error!(expected, found = row.sequence, "journal rows are missing before this one");
            }
            self.waiting.push_back(row);
        }
    }

    fn not_read(&mut self, error: &(dyn std::error::Error + 'static)) {
        tracing::warn!(error = %Chain(error), "journal not read for the cloud; tried again");
        self.more = true;
        self.pause();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A journal of this many rows, none acknowledged.
    struct Rows(u64);

    impl Outbox for Rows {
        fn acknowledged(&self) -> Result<u64, OutboxError> {
            Ok(0)
        }

        fn rows_after(&self, sequence: u64, max: usize) -> Result<Vec<JournalRow>, OutboxError> {
            let row = |sequence| JournalRow {
                sequence,
                hash: Digest([1; 32]),
                event_type: "compartment.closed".into(),
                bytes: Arc::from(*b"{}"),
            };
            Ok((sequence + 1..=self.0).take(max).map(row).collect())
        }
    }

    async fn connected(rows: u64) -> Journal {
        let mut journal = Journal::new(Arc::new(Rows(rows)));
        journal.connected(2);
        journal.refilled().await;
        journal
    }

    fn sent(journal: &mut Journal, count: usize) -> Vec<(u64, bool)> {
        let next = |_| journal.next().map(|(row, late)| (row.sequence, late));
        (0..count).filter_map(next).collect()
    }

    #[tokio::test]
    async fn rows_are_late_when_they_were_durable_before_the_connection() {
        let mut journal = connected(3).await;
        assert_eq!(sent(&mut journal, 9), [(1, true), (2, true), (3, false)]);
    }

    #[tokio::test]
    async fn cursor_moves_over_rows_in_order_when_acknowledgements_do_not_come_in_order() {
        let mut journal = connected(3).await;
        sent(&mut journal, 3);
        let moved = |journal: &mut Journal, row| journal.acknowledged(row).map(|newest| newest.sequence);
        assert_eq!(moved(&mut journal, 2), None);
        assert_eq!(moved(&mut journal, 1), Some(2));
        assert_eq!(moved(&mut journal, 1), None);
        assert_eq!(moved(&mut journal, 3), Some(3));
    }

    #[tokio::test]
    async fn rows_after_the_cursor_are_sent_again_when_the_connection_was_lost() {
        let mut journal = connected(5).await;
        sent(&mut journal, 4);
        journal.acknowledged(1);
        journal.acknowledged(3);
        journal.lost();
        assert_eq!(sent(&mut journal, 1), []);
        journal.connected(5);
        journal.refilled().await;
        assert_eq!(sent(&mut journal, 9), [(2, true), (3, true), (4, true), (5, true)]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_overtakes_a_refused_row_and_rows_before_it_are_acknowledged() {
        let mut journal = connected(5).await;
        sent(&mut journal, 4);
        journal.not_taken(3);
        assert_eq!(journal.acknowledged(4), None);
        assert_eq!(journal.acknowledged(1).map(|newest| newest.sequence), Some(1));
        assert_eq!(journal.acknowledged(2).map(|newest| newest.sequence), Some(2));
        assert_eq!(sent(&mut journal, 9), []);
        // The pause ends on the test's clock, then the rows are read again.
        journal.refilled().await;
        journal.refilled().await;
        assert_eq!(sent(&mut journal, 9).first().map(|row| row.0), Some(3));
    }
}
