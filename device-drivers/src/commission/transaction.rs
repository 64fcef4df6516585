//! One question on a wire that is silent otherwise: bytes and time in, one answer out.

use std::time::Duration;

use crate::commission::ask::{Answer, Encoded};
use crate::frame::{Envelope, Verdict};
use crate::line::receiver::{Heard, Receiver};
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
    timing: Timing,
    receiver: Receiver,
    heard_any: bool,
    /// The adapter is known to give back what is sent: the first of our own frames is never an answer.
    echoes: bool,
    own_echo_seen: bool,
}

impl Transaction {
    /// The question's first byte leaves at `now`.
    #[must_use]
    pub fn begin(asked: Encoded, timing: &Timing, now: Monotonic) -> Self {
        let sent = now + timing.characters(asked.frame.len());
        let room = timing.characters(asked.answer_bytes) + timing.gap();
        let opening = asked.request.and_then(|request| request.opening());
        let deadline = sent + opening.map_or(asked.timeout, |opening| opening.word_within);
        let mut receiver = Receiver::new(asked.protocol);
        receiver.expect(asked.answer_bytes);
        let (timing, echoes, heard_any, own_echo_seen) = (*timing, false, false, false);
        Self { asked, sent, deadline, room, timing, receiver, heard_any, echoes, own_echo_seen }
    }

    /// The same, through an adapter of which it is known whether it gives back what is sent.
    #[must_use]
    pub const fn through(mut self, echoes: bool) -> Self {
        self.echoes = echoes;
        self
    }

    /// Whether our own frame came back before any answer to it.
    #[must_use]
    pub const fn own_echo_seen(&self) -> bool {
        self.own_echo_seen
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
        self.receiver.take(bytes, now, &self.timing, early);
        while let Some(heard) = self.receiver.next() {
            let echo_before = self.own_echo_seen;
            if let Some(answer) = self.judge(&heard) {
                return Some(answer);
            }
            if self.own_echo_seen && !echo_before && heard.bytes.len() >= bytes.len() {
                // A late echo alone is no sign of a board: an empty address is silent behind such an adapter, too.
                self.heard_any = false;
            }
        }
        None
    }

    /// What a frame is to the question: exact in slave, function, length and echo.
    fn judge(&mut self, heard: &Heard) -> Option<Answer> {
        let own = heard.bytes == self.asked.frame;
        let is_write = self.asked.request.is_none_or(|request| request.is_write());
        // A read given back is the adapter's; a write is so where no board could have echoed it yet, or where the adapter is
        // known to give everything back.
        if own && !self.own_echo_seen && (heard.early || self.echoes || !is_write) {
            self.own_echo_seen = true;
            return None;
        }
        if heard.early {
            return None;
        }
        let Some(request) = self.asked.request else { return own.then_some(Answer::Echo) };
        let view = heard.view()?;
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
        let owed = self.asked.request.is_none_or(|request| request.opening().is_none());
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

    fn pulse() -> Transaction {
        begin(Ask::Pulse { model: "waveshare-relay-8".into(), output: 1, millis: 300 })
    }

    #[test]
    fn pulse_that_the_adapter_gives_back_is_no_acknowledgement_also_when_it_comes_in_pieces() {
        let mut split = pulse();
        let frame = split.asked.frame.clone();
        let (early, late) = (NOW, split.sent + Duration::from_micros(1));
        assert!(late.since(early) < split.timing.resync(), "one run of bytes");
        assert_eq!(split.received(&frame[..3], early), None, "our own bytes are still going out");
        assert_eq!(split.received(&frame[3..], late), None, "its end comes late");
        assert_eq!(split.received(&frame, late), Some(Answer::Echo), "the board's");
    }

    #[test]
    fn late_echo_of_an_adapter_that_is_known_for_it_is_no_acknowledgement() {
        let mut known = pulse().through(true);
        let frame = known.asked.frame.clone();
        assert_eq!(known.received(&frame, later()), None);
        assert_eq!(known.given_up(), Answer::Silent, "no board has said anything");
        assert_eq!(known.received(&frame, later()), Some(Answer::Echo));
        assert_eq!(pulse().received(&frame, later()), Some(Answer::Echo), "others do not give back");
    }
}
