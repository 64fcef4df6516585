//! What was on a line, for people: the last frames in a ring that anybody may read, and what they say in words.
//!
//! The line writes, whoever listens reads on from where they were; nobody waits for anybody. A reader that is slower than
//! the ring turns is told how many it missed.

mod lock_words;
mod words;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use words::words;

use crate::limits::{TRACE_BYTES, TRACE_RECORDS};
use crate::time::Monotonic;

/// What a frame on the line was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// We sent it.
    Sent,
    /// It answered what was asked.
    Answer,
    /// Our own bytes, given back by the adapter.
    Echo,
    /// An answer to what had been given up, or one that came twice.
    Late,
    /// A board of this line said something unasked, as its kind does.
    Unasked,
    /// A valid frame that nobody here asked for.
    Foreign,
    /// Bytes that made no frame.
    Noise,
    /// Nothing came in time.
    Silence,
    /// The port was opened.
    Opened,
    /// The port was closed or lost.
    Closed,
    /// Something was read that may be a code: its length alone is known here.
    Scan,
}

/// One frame, or what stood for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Counts from 0 since the line was started.
    pub sequence: u64,
    /// When it was sent or had been heard.
    pub at: Monotonic,
    /// What it was.
    pub kind: Kind,
    /// Address of the slave that it is to or from, where that is known.
    pub address: Option<u8>,
    /// How many bytes it had.
    pub length: usize,
    /// The bytes; none where they may be somebody's code, the first ones where there were many.
    pub bytes: Vec<u8>,
}

/// Records read from a tape.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The records, oldest first.
    pub records: Vec<Record>,
    /// How many before them were gone already.
    pub missed: u64,
    /// Where to read on.
    pub next: u64,
}

/// The last frames of one line: at most [`TRACE_RECORDS`] and [`TRACE_BYTES`]. Cheap to clone; all clones are one tape.
#[derive(Debug, Clone, Default)]
pub struct Tape(Arc<Mutex<Reel>>);

/// Bytes of all records one after the other: no allocation for each.
#[derive(Debug, Default)]
struct Reel {
    heads: VecDeque<Head>,
    bytes: VecDeque<u8>,
    /// Sequence of the next record.
    next: u64,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    at: Monotonic,
    kind: Kind,
    address: Option<u8>,
    length: u32,
    kept: u16,
}

impl Tape {
    /// Most bytes of one record that are kept.
    const KEPT: usize = 256;

    /// Notes a frame.
    pub fn note(&self, at: Monotonic, kind: Kind, address: Option<u8>, bytes: &[u8]) {
        let kept = bytes.get(..Self::KEPT).unwrap_or(bytes);
        self.push(at, kind, address, bytes.len(), kept);
    }

    /// Notes that something was there, and nothing of what it was.
    pub fn note_length(&self, at: Monotonic, kind: Kind, length: usize) {
        self.push(at, kind, None, length, &[]);
    }

    /// Sequence of the next record: whoever reads from it hears what comes from now on.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.lock().next
    }

    /// At most `most` records from `from` on.
    #[must_use]
    pub fn since(&self, from: u64, most: usize) -> Reading {
        let reel = self.lock();
        let oldest = reel.next - u64::try_from(reel.heads.len()).unwrap_or(0);
        let first = from.clamp(oldest, reel.next);
        let skip = usize::try_from(first - oldest).unwrap_or(usize::MAX);
        let mut at: usize = reel.heads.iter().take(skip).map(|head| usize::from(head.kept)).sum();
        let mut records = Vec::new();
        for (head, sequence) in reel.heads.iter().skip(skip).zip(first..).take(most) {
            let end = at + usize::from(head.kept);
            let Head { at: when, kind, address, length, .. } = *head;
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let bytes = reel.bytes.range(at..end).copied().collect();
            records.push(Record { sequence, at: when, kind, address, length, bytes });
            at = end;
        }
        let next = first + u64::try_from(records.len()).unwrap_or(0);
        Reading { records, missed: first.saturating_sub(from), next }
    }

    fn push(&self, at: Monotonic, kind: Kind, address: Option<u8>, length: usize, kept: &[u8]) {
        let mut reel = self.lock();
        while reel.heads.len() >= TRACE_RECORDS || reel.bytes.len() + kept.len() > TRACE_BYTES {
            let Some(oldest) = reel.heads.pop_front() else { break };
            reel.bytes.drain(..usize::from(oldest.kept));
        }
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let kept_bytes = u16::try_from(kept.len()).unwrap_or(0);
        reel.heads.push_back(Head { at, kind, address, length, kept: kept_bytes });
        reel.bytes.extend(kept);
        reel.next += 1;
    }

    /// A panic elsewhere leaves the reel whole enough to be read.
    fn lock(&self) -> MutexGuard<'_, Reel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kind {
    /// Whether it went out.
    #[must_use]
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Sent)
    }

    /// One word for it, for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Answer => "answer",
            Self::Echo => "echo",
            Self::Late => "late",
            Self::Unasked => "unasked",
            Self::Foreign => "foreign",
            Self::Noise => "noise",
            Self::Silence => "silence",
            Self::Opened => "opened",
            Self::Closed => "closed",
            Self::Scan => "scan",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(count: u64) -> Monotonic {
        Monotonic::from_micros(count)
    }

    #[test]
    fn reader_goes_on_where_it_was_and_is_told_what_it_missed() {
        let tape = Tape::default();
        tape.note(at(1), Kind::Sent, Some(1), &[1, 2, 3]);
        let start = tape.next();
        tape.note(at(2), Kind::Answer, Some(1), &[4, 5]);
        let read = tape.since(start, 10);
        assert_eq!((read.records.len(), read.missed, read.next), (1, 0, 2));
        assert_eq!(read.records[0].bytes, [4, 5]);
        assert_eq!(tape.since(read.next, 10), Reading { records: Vec::new(), missed: 0, next: 2 });
        for count in 0..2_500 {
            tape.note(at(count), Kind::Noise, None, &[7]);
        }
        let late = tape.since(read.next, 5);
        assert_eq!((late.missed, late.records.len()), (1_500, 5));
        assert_eq!(late.records[0].sequence, 1_502);
    }

    #[test]
    fn tape_is_bounded_in_records_and_in_bytes() {
        let tape = Tape::default();
        for count in 0..10_000 {
            tape.note(at(count), Kind::Foreign, None, &[0; 300]);
        }
        let all = tape.since(0, usize::MAX);
        assert_eq!(all.records.len(), TRACE_BYTES / Tape::KEPT);
        assert!(all.records.iter().all(|record| record.length == 300 && record.bytes.len() == Tape::KEPT));
        for count in 0..10_000 {
            tape.note_length(at(count), Kind::Scan, 12);
        }
        let all = tape.since(0, usize::MAX);
        assert_eq!(all.records.len(), TRACE_RECORDS);
        assert!(all.records.iter().all(|record| record.length == 12 && record.bytes.is_empty()));
    }
}
