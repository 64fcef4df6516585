//! Received bytes, cut into frames.

use crate::frame::{Head, Protocol, View};
use crate::limits::MAX_FRAME;
use crate::line::timing::Timing;
use crate::time::Monotonic;

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
    /// Noise that nobody has looked at yet, the first of it.
    noise: Vec<u8>,
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
    pub fn take(&mut self, bytes: &[u8], now: Monotonic, timing: &Timing, early: bool) {
        let silence = now.since(self.last_byte);
        self.last_byte = now;
        if silence >= timing.resync() {
            self.drop_run();
        }
        if silence >= timing.gap() {
            self.deaf = false;
        }
        if self.deaf || self.run.len() + bytes.len() > MAX_FRAME {
            self.drop_run();
            self.note_noise(bytes);
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
        let mut run = std::mem::take(&mut self.run);
        self.note_noise(&run);
        run.clear();
        self.run = run;
        self.early = 0;
    }

    /// The first of the noise that has come since this was last asked, if it is at least so many bytes.
    pub fn take_noise(&mut self, least: usize) -> Option<Vec<u8>> {
        (!self.noise.is_empty() && self.noise.len() >= least).then(|| std::mem::take(&mut self.noise))
    }

    fn note_noise(&mut self, bytes: &[u8]) {
        self.noise_bytes += u64::try_from(bytes.len()).unwrap_or(0);
        let room = MAX_FRAME - self.noise.len();
        self.noise.extend(bytes.iter().take(room));
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
    use crate::spec::{Baud, Medium, Parity};

    /// 9600 baud: a gap of 3.646 ms.
    fn wire() -> Timing {
        Timing::new(Baud::new(9_600).unwrap(), Parity::None)
    }

    const ANSWER: [u8; 6] = [0x01, 0x02, 0x01, 0x81, 0x61, 0xE8];

    fn ms(count: u64) -> Monotonic {
        Monotonic::from_micros(100_000 + count * 1_000)
    }

    #[test]
    fn frame_is_heard_when_it_comes_in_pieces_or_doubled() {
        let mut receiver = Receiver::default();
        receiver.take(&ANSWER[..2], ms(0), &wire(), false);
        assert_eq!(receiver.next(), None);
        receiver.take(&[&ANSWER[2..], &ANSWER].concat(), ms(5), &wire(), false);
        assert_eq!(receiver.next().map(|heard| heard.bytes), Some(ANSWER.to_vec()));
        assert_eq!(receiver.next().map(|heard| heard.bytes), Some(ANSWER.to_vec()));
        assert_eq!((receiver.next(), receiver.noise_bytes()), (None, 0));
    }

    #[test]
    fn nothing_is_heard_after_noise_until_the_line_is_silent() {
        let mut receiver = Receiver::default();
        receiver.take(&[0, 0x55], ms(0), &wire(), false);
        assert_eq!(receiver.next(), None);
        receiver.take(&ANSWER, ms(1), &wire(), false);
        assert_eq!(receiver.next(), None, "glued to noise");
        receiver.take(&ANSWER, ms(6), &wire(), false);
        assert!(receiver.next().is_some());
        assert_eq!(receiver.noise_bytes(), 8);
    }

    #[test]
    fn cut_frame_is_forgotten_after_silence() {
        let mut receiver = Receiver::default();
        receiver.take(&ANSWER[..4], ms(0), &wire(), false);
        assert_eq!(receiver.next(), None);
        receiver.take(&ANSWER, ms(25), &wire(), false);
        assert!(receiver.next().is_some());
    }

    #[test]
    fn frame_in_pieces_is_whole_behind_a_network() {
        let mut receiver = Receiver::default();
        let network = wire().behind(Medium::Network);
        for (piece, at) in ANSWER.chunks(2).zip([0, 60, 130]) {
            assert_eq!(receiver.next(), None);
            receiver.take(piece, ms(at), &network, false);
        }
        assert_eq!(receiver.next().map(|heard| heard.bytes), Some(ANSWER.to_vec()));
        receiver.take(&ANSWER[..2], ms(200), &network, false);
        receiver.take(&ANSWER, ms(700), &network, false);
        assert!(receiver.next().is_some(), "half a frame is forgotten after silence");
    }

    #[test]
    fn early_mark_covers_only_frames_that_began_early() {
        let mut receiver = Receiver::default();
        receiver.take(&ANSWER[..3], ms(0), &wire(), true);
        receiver.take(&[&ANSWER[3..], &ANSWER].concat(), ms(1), &wire(), false);
        let early: Vec<bool> = std::iter::from_fn(|| receiver.next()).map(|heard| heard.early).collect();
        assert_eq!(early, [true, false]);
    }

    #[test]
    fn run_is_bounded_when_bytes_never_end() {
        let mut receiver = Receiver::default();
        for at in 0..1_000 {
            receiver.take(&[0x01, 0x02], ms(at), &wire(), false);
            assert!(receiver.run.len() <= MAX_FRAME);
            while receiver.next().is_some() {}
        }
    }
}
