//! One request on the wire and what comes of it.

use std::time::Duration;

use crate::channel::Channel;
use crate::frame::{Envelope, FrameBytes, Request, Verdict};
use crate::id::OrderId;
use crate::line::quarantine::Quarantine;
use crate::line::receiver::Heard;
use crate::line::timing::Timing;
use crate::order::PulseLength;
use crate::signal::ExceptionCode;
use crate::time::Monotonic;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// A lock pulse.
    Pulse {
        /// The order that asked for it.
        order: OrderId,
        /// The output.
        output: Channel,
        /// How long the board holds it.
        length: PulseLength,
    },
    /// A step of the slave's set-up.
    SetUp,
    /// The poll of that number in the model's plan.
    Poll(usize),
    /// A read that shows that nothing is owed any more.
    Fence,
    /// Whether a dead slave answers again.
    Probe,
}

/// How a transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// A read was answered with these data bytes.
    Data(Vec<u8>),
    /// A write was echoed exactly.
    Echo,
    /// The board said something about a pulse, which proves nothing.
    Word,
    /// The slave refused.
    Exception(ExceptionCode),
    /// No answer was owed, and none came.
    Quiet,
    /// No byte came in time.
    Silent,
    /// Bytes came, and none of them were the answer.
    Damaged,
}

impl Ending {
    /// Whether the slave answered.
    #[must_use]
    pub const fn is_answer(&self) -> bool {
        matches!(self, Self::Data(_) | Self::Echo | Self::Word | Self::Exception(_))
    }
}

/// What a frame is to the transaction in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hearing {
    /// It ends the transaction.
    Ends(Ending),
    /// Our own bytes, given back by the adapter.
    OwnEcho,
    /// An answer owed from before.
    Late,
    /// Nothing of ours.
    Foreign,
}

/// The transaction in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Place of the slave on the line.
    pub slave: usize,
    /// Its address, and the transaction's number.
    pub envelope: Envelope,
    /// What it is for.
    pub job: Job,
    /// What was asked.
    pub request: Request,
    /// The request as sent.
    pub frame: FrameBytes,
    /// When its first byte left.
    pub begun: Monotonic,
    /// When its last byte left.
    pub sent: Monotonic,
    /// When an answer can begin at the earliest.
    pub answer_from: Monotonic,
    /// When it is given up.
    pub deadline: Monotonic,
    heard_any: bool,
    own_echo_seen: bool,
}

impl Exchange {
    /// A transaction that goes out at `now`.
    #[must_use]
    pub fn begin(
        slave: usize,
        envelope: Envelope,
        job: Job,
        request: Request,
        timing: &Timing,
        response_timeout: Duration,
        now: Monotonic,
    ) -> Self {
        let frame = request.encode(envelope);
        let sent = now + timing.characters(frame.len());
        Self {
            slave,
            envelope,
            job,
            request,
            frame,
            begun: now,
            sent,
            answer_from: timing.answer_from(now, sent),
            deadline: sent + request.opening().map_or(response_timeout, |opening| opening.word_within),
            heard_any: false,
            own_echo_seen: false,
        }
    }

    /// The output that it energises, and how long the board holds it; none for anything but a pulse.
    #[must_use]
    pub fn pulses(&self) -> Option<(Channel, Duration)> {
        let Job::Pulse { output, length, .. } = self.job else { return None };
        Some((output, self.request.held(length)))
    }

    /// Bytes came at `now`. The first of them after the request make room for the rest of the answer.
    pub fn note_bytes(&mut self, timing: &Timing, now: Monotonic) {
        if now >= self.answer_from && !self.heard_any {
            self.heard_any = true;
            self.deadline = self.deadline + timing.answer(self.request.answer_bytes());
        }
    }

    /// What `heard` is. With `local_echo`, the first copy of our own frame is the adapter's.
    pub fn hear(&mut self, heard: &Heard, local_echo: bool, owed: &Quarantine, now: Monotonic) -> Hearing {
        let Some(view) = heard.view() else { return Hearing::Foreign };
        let own = self.frame == *heard.bytes.as_slice();
        let from_adapter = !self.request.is_write() || heard.early || local_echo;
        if own && from_adapter && !self.own_echo_seen {
            self.own_echo_seen = true;
            return Hearing::OwnEcho;
        }
        if owed.claims(&view, now) {
            return Hearing::Late;
        }
        match self.request.judge(self.envelope, &view) {
            // An answer cannot begin before the question has ended.
            _ if heard.early => Hearing::Foreign,
            Verdict::Data(data) => Hearing::Ends(Ending::Data(data.to_vec())),
            Verdict::Echo => Hearing::Ends(Ending::Echo),
            Verdict::Word => Hearing::Ends(Ending::Word),
            Verdict::Exception(code) => Hearing::Ends(Ending::Exception(code)),
            Verdict::NotMine => Hearing::Foreign,
        }
    }

    /// How it ends when nothing more is waited for.
    #[must_use]
    pub const fn given_up(&self) -> Ending {
        match (self.request.opening(), self.heard_any) {
            (Some(_), _) => Ending::Quiet,
            (None, true) => Ending::Damaged,
            (None, false) => Ending::Silent,
        }
    }

    /// Whether our own bytes came back before the answer.
    #[must_use]
    pub const fn own_echo_seen(&self) -> bool {
        self.own_echo_seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Protocol;
    use crate::frame::modbus_rtu::{self, RelayOutput, Table};
    use crate::spec::{Address, Baud, Parity};

    const NOW: Monotonic = Monotonic::from_micros(1_000_000);

    fn exchange(request: Request) -> Exchange {
        let timing = Timing::new(Baud::new(9_600).unwrap(), Parity::None);
        let (to, job) = (Address::new(1).unwrap().into(), Job::Fence);
        Exchange::begin(0, to, job, request, &timing, Duration::from_millis(100), NOW)
    }

    fn pulse() -> Request {
        let output = RelayOutput::new(Channel::new(1).unwrap(), 8).unwrap();
        modbus_rtu::Request::flash_on(output, PulseLength::from_millis(700).unwrap()).into()
    }

    fn inputs() -> Request {
        modbus_rtu::Request::read(Table::DiscreteInputs, 0, 8).unwrap().into()
    }

    fn hear(exchange: &mut Exchange, bytes: &[u8], early: bool, local_echo: bool) -> Hearing {
        let heard = Heard { protocol: Protocol::ModbusRtu, bytes: bytes.to_vec(), early };
        exchange.hear(&heard, local_echo, &Quarantine::default(), NOW)
    }

    #[test]
    fn echo_ends_a_pulse_only_when_it_cannot_be_the_adapters() {
        let mut plain = exchange(pulse());
        let frame = plain.frame;
        assert_eq!(hear(&mut plain, &frame, false, false), Hearing::Ends(Ending::Echo));

        let mut early = exchange(pulse());
        assert_eq!(hear(&mut early, &frame, true, false), Hearing::OwnEcho);
        assert_eq!(hear(&mut early, &frame, false, false), Hearing::Ends(Ending::Echo));

        let mut echoing = exchange(pulse());
        assert_eq!(hear(&mut echoing, &frame, false, true), Hearing::OwnEcho);
        assert_eq!(hear(&mut echoing, &frame, false, true), Hearing::Ends(Ending::Echo));
    }

    #[test]
    fn read_given_back_is_the_adapters_echo() {
        let mut read = exchange(inputs());
        let frame = read.frame;
        assert_eq!(hear(&mut read, &frame, false, false), Hearing::OwnEcho);
        let answer = [0x01, 0x02, 0x01, 0x81, 0x61, 0xE8];
        assert_eq!(hear(&mut read, &answer, false, false), Hearing::Ends(Ending::Data(vec![0x81])));
    }

    #[test]
    fn owed_answer_is_late_even_when_it_fits() {
        let mut owed = Quarantine::default();
        owed.add(inputs(), Address::new(1).unwrap().into(), NOW);
        let bytes = vec![0x01, 0x02, 0x01, 0x81, 0x61, 0xE8];
        let heard = Heard { protocol: Protocol::ModbusRtu, bytes, early: false };
        assert_eq!(exchange(inputs()).hear(&heard, false, &owed, NOW), Hearing::Late);
    }

    #[test]
    fn first_byte_makes_room_for_the_rest_once() {
        let timing = Timing::new(Baud::new(9_600).unwrap(), Parity::None);
        let mut pulse = exchange(pulse());
        let deadline = pulse.deadline;
        pulse.note_bytes(&timing, NOW);
        assert_eq!((pulse.deadline, pulse.given_up()), (deadline, Ending::Silent));
        let late = pulse.sent + Duration::from_millis(99);
        pulse.note_bytes(&timing, late);
        pulse.note_bytes(&timing, late);
        assert_eq!(pulse.deadline, deadline + timing.characters(8));
        assert_eq!(pulse.given_up(), Ending::Damaged);
    }
}
