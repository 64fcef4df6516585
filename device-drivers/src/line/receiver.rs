//! Received bytes, cut into frames.

use crate::frame::{Head, Protocol, View};
use crate::limits::{MAX_FRAME, RESYNC};
use crate::time::Monotonic;
use std::time::Duration;

/// Bytes that have arrived and are no frame yet.
#[derive(Debug, Default)]
pub struct Receiver {
    protocol: Protocol,
    /// Length of the answer that was asked for last.
    expected: usize,
    run: Vec<u8>,
    /// How many bytes at the run's start came while our own request was still going out: no answer begins with them.
    early: usize,
    last_byte: Monotonic,
    /// What arrives is thrown away until the line is silent.
    deaf: bool,
    noise_bytes: u64,
}

/// One frame with good check bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What is spoken on the line.
    pub protocol: Protocol,
    /// The whole frame.
    pub bytes: Vec<u8>,
    /// Whether it began before our own request had ended.
    pub early: bool,
}

impl Heard {
    /// The frame as its format shows it.
    #[must_use]
    pub fn view(&self) -> Option<View<'_>> {
        View::new(self.protocol, &self.bytes)
    }
}

impl Receiver {
    /// For a line on which `protocol` is spoken.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        Self { protocol, ..Self::default() }
    }

    /// An answer of so many bytes is asked for.
    pub const fn expect(&mut self, answer_bytes: usize) {
        self.expected = answer_bytes;
    }

    /// Takes `bytes` that arrived at `now`; `early` when our own request was still going out.
    pub fn take(&mut self, bytes: &[u8], now: Monotonic, gap: Duration, early: bool) {
        let silence = now.since(self.last_byte);
        self.last_byte = now;
        if silence >= RESYNC {
            self.drop_run();
        }
        if silence >= gap {
            self.deaf = false;
        }
        if self.deaf || self.run.len() + bytes.len() > MAX_FRAME {
            self.noise_bytes += u64::try_from(bytes.len()).unwrap_or(0);
            self.drop_run();
            self.deaf = true;
            return;
        }
        self.run.extend_from_slice(bytes);
        if early {
            self.early = self.run.len();
        }
    }

    /// The next whole frame.
    pub fn next(&mut self) -> Option<Heard> {
        match self.protocol.head(&self.run, self.expected) {
            Head::More => None,
            Head::Noise => {
                self.drop_run();
                self.deaf = true;
                None
            }
            Head::Frame(length) => {
                let early = self.early > 0;
                self.early = self.early.saturating_sub(length);
                let bytes = self.run.drain(..length).collect();
                Some(Heard { protocol: self.protocol, bytes, early })
            }
        }
    }

    /// Forgets an unfinished run: it is noise.
    pub fn drop_run(&mut self) {
        self.noise_bytes += u64::try_from(self.run.len()).unwrap_or(0);
        self.run.clear();
        self.early = 0;
    }

    /// When the last byte arrived.
    #[must_use]
    pub const fn last_byte(&self) -> Monotonic {
        self.last_byte
    }

    /// Bytes so far that made no frame.
    #[must_use]
    pub const fn noise_bytes(&self) -> u64 {
        self.noise_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Duration = Duration::from_micros(3_646);
    const ANSWER: [u8; 6] = [0x01, 0x02, 0x01, 0x81, 0x61, 0xE8];

    fn ms(count: u64) -> Monotonic {
        Monotonic::from_micros(100_000 + count * 1_000)
    }

    #[test]
    fn frame_is_heard_when_it_comes_in_pieces_or_doubled() {
        let mut receiver = Receiver::default();
        receiver.take(&ANSWER[..2], ms(0), GAP, false);
        assert_eq!(receiver.next(), None);
        receiver.take(&[&ANSWER[2..], &ANSWER].concat(), ms(5), GAP, false);
        assert_eq!(receiver.next().map(|heard| heard.bytes), Some(ANSWER.to_vec()));
        assert_eq!(receiver.next().map(|heard| heard.bytes), Some(ANSWER.to_vec()));
        assert_eq!((receiver.next(), receiver.noise_bytes()), (None, 0));
    }

    #[test]
    fn nothing_is_heard_after_noise_until_the_line_is_silent() {
        let mut receiver = Receiver::default();
        receiver.take(&[0, 0x55], ms(0), GAP, false);
        assert_eq!(receiver.next(), None);
        receiver.take(&ANSWER, ms(1), GAP, false);
        assert_eq!(receiver.next(), None, "glued to noise");
        receiver.take(&ANSWER, ms(6), GAP, false);
        assert!(receiver.next().is_some());
        assert_eq!(receiver.noise_bytes(), 8);
    }

    #[test]
    fn cut_frame_is_forgotten_after_silence() {
        let mut receiver = Receiver::default();
        receiver.take(&ANSWER[..4], ms(0), GAP, false);
        assert_eq!(receiver.next(), None);
        receiver.take(&ANSWER, ms(25), GAP, false);
        assert!(receiver.next().is_some());
    }

    #[test]
    fn early_mark_covers_only_frames_that_began_early() {
        let mut receiver = Receiver::default();
        receiver.take(&ANSWER[..3], ms(0), GAP, true);
        receiver.take(&[&ANSWER[3..], &ANSWER].concat(), ms(1), GAP, false);
        let early: Vec<bool> = std::iter::from_fn(|| receiver.next()).map(|heard| heard.early).collect();
        assert_eq!(early, [true, false]);
    }

    #[test]
    fn run_is_bounded_when_bytes_never_end() {
        let mut receiver = Receiver::default();
        for at in 0..1_000 {
            receiver.take(&[0x01, 0x02], ms(at), GAP, false);
            assert!(receiver.run.len() <= MAX_FRAME);
            while receiver.next().is_some() {}
        }
    }
}
