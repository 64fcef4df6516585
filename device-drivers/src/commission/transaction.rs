//! One question on a wire that is silent otherwise: bytes and time in, one answer out.

use std::time::Duration;

use crate::commission::ask::{Answer, Encoded};
use crate::frame::{Envelope, Head, Verdict, View};
use crate::limits::MAX_FRAME;
use crate::line::timing::Timing;
use crate::time::Monotonic;

/// A question in flight.
#[derive(Debug)]
pub struct Transaction {
    asked: Encoded,
    sent: Monotonic,
    deadline: Monotonic,
    /// Time that the rest of an answer takes after its first byte.
    room: Duration,
    run: Vec<u8>,
    heard_any: bool,
    own_echo_seen: bool,
    /// Bytes that can become no frame were heard.
    noise: bool,
}

impl Transaction {
    /// The question's first byte leaves at `now`.
    #[must_use]
    pub fn begin(asked: Encoded, timing: &Timing, now: Monotonic) -> Self {
        let sent = now + timing.characters(asked.frame.len());
        let room = timing.characters(asked.answer_bytes) + timing.gap();
        let quiet = asked.request.and_then(|request| request.quiet());
        let deadline = sent + quiet.unwrap_or(asked.timeout);
        let (run, noise) = (Vec::new(), false);
        Self { asked, sent, deadline, room, run, heard_any: false, own_echo_seen: false, noise }
    }

    /// When it is given up.
    #[must_use]
    pub const fn deadline(&self) -> Monotonic {
        self.deadline
    }

    /// Bytes arrived at `now`; the answer, if they complete it.
    pub fn received(&mut self, bytes: &[u8], now: Monotonic) -> Option<Answer> {
        let early = now < self.sent;
        if !early && !self.heard_any {
            self.heard_any = true;
            self.deadline = self.deadline.max(now) + self.room;
        }
        self.noise |= self.run.len() + bytes.len() > MAX_FRAME;
        if !self.noise {
            self.run.extend_from_slice(bytes);
        }
        while !self.noise {
            match self.asked.protocol.head(&self.run, self.asked.answer_bytes) {
                Head::More => return None,
                Head::Noise => self.noise = true,
                Head::Frame(length) => {
                    let frame: Vec<u8> = self.run.drain(..length).collect();
                    if let Some(answer) = self.judge(&frame, early) {
                        return Some(answer);
                    }
                }
            }
        }
        None
    }

    /// What `frame` is to the question: exact in slave, function, length and echo.
    fn judge(&mut self, frame: &[u8], early: bool) -> Option<Answer> {
        let own = frame == self.asked.frame;
        let is_write = self.asked.request.is_none_or(|request| request.is_write());
        // A read given back is the adapter's; a write is so only where no board could have echoed it yet.
        if own && !self.own_echo_seen && (early || !is_write) {
            self.own_echo_seen = true;
            return None;
        }
        if early {
            return None;
        }
        let Some(request) = self.asked.request else { return own.then_some(Answer::Echo) };
        let view = View::new(self.asked.protocol, frame)?;
        match request.judge(Envelope::from(self.asked.address), &view) {
            Verdict::Data(data) => Some(Answer::Data(data.to_vec())),
            Verdict::Echo => Some(Answer::Echo),
            Verdict::Word => Some(Answer::Unproven),
            Verdict::Exception(code) => Some(Answer::Exception(code.0)),
            Verdict::NotMine => None,
        }
    }

    /// What it is when nothing more is waited for.
    #[must_use]
    pub fn given_up(&self) -> Answer {
        let owed = self.asked.request.is_none_or(|request| request.quiet().is_none());
        match (owed, self.heard_any) {
            (false, _) => Answer::Unproven,
            (true, true) => Answer::Damaged,
            (true, false) => Answer::Silent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commission::ask::{Ask, Question};
    use crate::commission::setting::Setting;

    const NOW: Monotonic = Monotonic::from_micros(1_000_000);

    fn begin(ask: Ask) -> Transaction {
        let setting = Setting::likely(&[], &[])[0];
        let asked = Question { setting, address: 1, ask, timeout_ms: 100 }.encode().unwrap();
        Transaction::begin(asked, &Timing::new(setting.baud, setting.parity), NOW)
    }

    fn later() -> Monotonic {
        NOW + Duration::from_millis(20)
    }

    #[test]
    fn answer_is_taken_in_pieces_after_the_adapters_echo() {
        let mut read = begin(Ask::Read { function: 2, first: 0, count: 8 });
        assert_eq!(read.received(&[0x01, 0x02, 0, 0, 0, 8, 0x79, 0xCC], NOW), None, "our own bytes");
        assert_eq!(read.received(&[0x01, 0x02, 0x01], later()), None);
        assert_eq!(read.received(&[0x81, 0x61, 0xE8], later()), Some(Answer::Data(vec![0x81])));
    }

    #[test]
    fn refusal_is_an_answer_and_another_boards_frame_is_none() {
        let mut read = begin(Ask::Read { function: 2, first: 0, count: 8 });
        let other = [0x02, 0x02, 0x01, 0x81];
        let other = [&other[..], &crate::frame::crc::check_bytes(&other)].concat();
        assert_eq!(read.received(&other, later()), None);
        let refusal = [0x01, 0x82, 0x02];
        let refusal = [&refusal[..], &crate::frame::crc::check_bytes(&refusal)].concat();
        assert_eq!(read.received(&refusal, later()), Some(Answer::Exception(2)));
    }

    #[test]
    fn damaged_answer_is_told_from_silence() {
        let mut read = begin(Ask::Read { function: 2, first: 0, count: 8 });
        assert_eq!(read.given_up(), Answer::Silent);
        assert_eq!(read.received(&[0x01, 0x02, 0x01, 0x80, 0x61, 0xE8, 0, 0], later()), None);
        assert_eq!(read.given_up(), Answer::Damaged);
    }
}
