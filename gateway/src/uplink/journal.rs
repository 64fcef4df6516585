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
