//! Cuts what a slave hears into frames, by silence alone, as a real slave's timer does.

use std::collections::VecDeque;

use super::{Baud, WireByte};
use crate::time::SimTime;

/// The longest RTU frame (Modbus over serial line V1.02, 2.5.1). A slave stops storing beyond it.
const MAX_FRAME: usize = 256;
/// Frames cut but not yet taken. A master waits for answers, so more than a few are noise: the oldest goes.
const MAX_WAITING: usize = 64;

/// Characters between two silences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub bytes: Vec<u8>,
    /// When the last character had arrived whole.
    pub end: SimTime,
    /// The silence was heard out: what a slave may act on.
    pub complete_at: SimTime,
}

/// The silence timer and the characters since the last silence.
#[derive(Debug)]
pub(crate) struct Framer {
    baud: Baud,
    bytes: Vec<u8>,
    end: SimTime,
    overlong: bool,
    cut: VecDeque<Frame>,
}

impl Framer {
    pub fn new(baud: Baud) -> Self {
        Self { baud, bytes: Vec::new(), end: SimTime::ZERO, overlong: false, cut: VecDeque::new() }
    }

    /// A character arrived. Times never run backwards.
    pub fn hear(&mut self, heard: WireByte) {
        let start = heard.at.back(self.baud.characters(1));
        if !self.bytes.is_empty() && start >= self.end + self.baud.silence() {
            self.cut();
        }
        if self.bytes.len() < MAX_FRAME {
            self.bytes.push(heard.byte);
        } else {
            self.overlong = true;
        }
        self.end = heard.at;
    }

    /// When the silence after the newest character will have been heard out.
    pub fn next_deadline(&self) -> Option<SimTime> {
        match self.cut.front() {
            Some(frame) => Some(frame.complete_at),
            None if self.bytes.is_empty() => None,
            None => Some(self.end + self.baud.silence()),
        }
    }

    /// The oldest frame whose silence was heard out by `now`.
    pub fn take(&mut self, now: SimTime) -> Option<Frame> {
        if self.next_deadline()? > now {
            return None;
        }
        if self.cut.is_empty() {
            self.cut();
        }
        self.cut.pop_front()
    }

    /// Forgets everything: the line was unplugged.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.cut.clear();
        self.overlong = false;
    }

    fn cut(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let overlong = std::mem::take(&mut self.overlong);
        if overlong {
            return;
        }
        if self.cut.len() == MAX_WAITING {
            self.cut.pop_front();
        }
        self.cut.push_back(Frame { bytes, end: self.end, complete_at: self.end + self.baud.silence() });
    }
}

#[cfg(test)]
mod tests {
    use super::{Baud, Framer, WireByte};
    use crate::time::SimTime;

    fn hear(framer: &mut Framer, start: u64, bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            let at = SimTime::from_micros(start) + Baud::B9600.characters(index + 1);
            framer.hear(WireByte { at, byte: *byte });
        }
    }

    #[test]
    fn a_frame_ends_after_three_and_a_half_characters_of_silence() {
        let mut framer = Framer::new(Baud::B9600);
        hear(&mut framer, 0, &[1, 2]);
        let end = 2_084;
        assert_eq!(framer.take(SimTime::from_micros(end + 3_645)), None);
        let frame = framer.take(SimTime::from_micros(end + 3_646)).expect("3.5 characters are over");
        assert_eq!((frame.bytes, frame.end), (vec![1, 2], SimTime::from_micros(end)));
        assert_eq!(framer.next_deadline(), None);
    }

    #[test]
    fn a_shorter_gap_joins_two_frames_and_a_longer_one_parts_them() {
        let mut framer = Framer::new(Baud::B9600);
        hear(&mut framer, 0, &[1]);
        hear(&mut framer, 4_000, &[2]);
        hear(&mut framer, 20_000, &[3]);
        let late = SimTime::from_millis(100);
        assert_eq!(framer.take(late).map(|frame| frame.bytes), Some(vec![1, 2]));
        assert_eq!(framer.take(late).map(|frame| frame.bytes), Some(vec![3]));
    }

    #[test]
    fn an_overlong_frame_is_dropped_whole() {
        let mut framer = Framer::new(Baud::B9600);
        hear(&mut framer, 0, &[0; 300]);
        assert_eq!(framer.take(SimTime::from_millis(10_000)), None);
        hear(&mut framer, 20_000_000, &[7]);
        assert_eq!(framer.take(SimTime::from_millis(30_000)).map(|frame| frame.bytes), Some(vec![7]));
    }
}
