//! Answers of one slave that may still be on their way.
//!
//! RTU frames carry no number, so a late answer looks like the answer to the next request of the same form. After a
//! request went unanswered, nothing of its form is asked or believed until either a *fence* was answered (a read whose
//! answer has another form: slaves and adapters answer in order, so whatever was owed is out or will never come), or
//! [`LATE_HORIZON`] has passed. Pulses do not lean on the order of answers: an output is held back by time alone
//! (see [`Slave::pulsed`](crate::line::slave::Slave::pulsed)).
//!
//! What no master of this protocol can see: an answer that was believed once and is sent again later than that, whole
//! and unchanged, in the window of the next request of its form.

use crate::frame::{Envelope, Request, Verdict, View};
use crate::limits::LATE_HORIZON;
use crate::time::Monotonic;

impl Owed {
    fn is(&self, view: &View<'_>, now: Monotonic) -> bool {
        self.until > now && self.request.judge(self.envelope, view) != Verdict::NotMine
    }
}

/// Unanswered requests to one slave. A request takes a response timeout, so the horizon bounds how many there are.
#[derive(Debug, Clone, Default)]
pub struct Quarantine {
    owed: Vec<Owed>,
}

#[derive(Debug, Clone, Copy)]
struct Owed {
    request: Request,
    envelope: Envelope,
    until: Monotonic,
}

impl Quarantine {
    /// `request`, sent in `envelope`, was given up at `now`.
    pub fn add(&mut self, request: Request, envelope: Envelope, now: Monotonic) {
        self.owed.retain(|owed| owed.request != request && owed.until > now);
        self.owed.push(Owed { request, envelope, until: now + LATE_HORIZON });
    }

    /// A fence was answered: nothing is owed any more.
    pub fn lift(&mut self) {
        self.owed.clear();
    }

    /// Nothing of `request`'s form is owed any more: its answer proves nothing, so that a late one does no harm.
    pub fn forgive(&mut self, request: &Request) {
        self.owed.retain(|owed| !owed.request.answers_alike(request));
    }

    /// Until when an answer to `request` could be a late one; none when it could not.
    #[must_use]
    pub fn blocks(&self, request: &Request, now: Monotonic) -> Option<Monotonic> {
        let alike = self.owed.iter().filter(|owed| owed.until > now && owed.request.answers_alike(request));
        alike.map(|owed| owed.until).max()
    }

    /// Whether `view` could be an answer that is owed, so that it is none to another request.
    #[must_use]
    pub fn claims(&self, view: &View<'_>, now: Monotonic) -> bool {
        self.owed.iter().any(|owed| owed.request.opening().is_none() && owed.is(view, now))
    }

    /// Whether `view` could be an answer, or a word, to anything asked lately.
    #[must_use]
    pub fn knows(&self, view: &View<'_>, now: Monotonic) -> bool {
        self.owed.iter().any(|owed| owed.is(view, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Protocol;
    use crate::frame::crc::check_bytes;
    use crate::frame::modbus_rtu::{self, Table};
    use crate::spec::Address;

    fn read(table: Table, count: u16) -> Request {
        modbus_rtu::Request::read(table, 0, count).unwrap().into()
    }

    fn to_one() -> Envelope {
        Address::new(1).unwrap().into()
    }

    fn ms(count: u64) -> Monotonic {
        Monotonic::from_micros(count * 1_000)
    }

    #[test]
    fn form_is_blocked_until_horizon_or_fence() {
        let inputs = read(Table::DiscreteInputs, 8);
        let coils = read(Table::Coils, 8);
        let mut quarantine = Quarantine::default();
        quarantine.add(inputs, to_one(), ms(100));
        assert_eq!(quarantine.blocks(&inputs, ms(100)), Some(ms(1_100)));
        assert_eq!(quarantine.blocks(&coils, ms(100)), None);
        assert_eq!(quarantine.blocks(&inputs, ms(1_100)), None);
        quarantine.forgive(&coils);
        assert_eq!(quarantine.blocks(&inputs, ms(100)), Some(ms(1_100)));
        quarantine.forgive(&inputs);
        assert_eq!(quarantine.blocks(&inputs, ms(100)), None);
        quarantine.add(inputs, to_one(), ms(100));
        quarantine.lift();
        assert_eq!(quarantine.blocks(&inputs, ms(100)), None);
    }

    #[test]
    fn owed_answer_and_owed_exception_are_claimed() {
        let mut quarantine = Quarantine::default();
        quarantine.add(read(Table::DiscreteInputs, 8), to_one(), ms(0));
        let claims = |body: &[u8], now| {
            let frame = [body, &check_bytes(body)].concat();
            quarantine.claims(&View::new(Protocol::ModbusRtu, &frame).unwrap(), now)
        };
        assert!(claims(&[1, 2, 1, 0], ms(1)));
        assert!(claims(&[1, 0x82, 2], ms(1)));
        assert!(!claims(&[2, 2, 1, 0], ms(1)));
        assert!(!claims(&[1, 2, 2, 0, 0], ms(1)));
        assert!(!claims(&[1, 2, 1, 0], ms(1_000)));
    }
}
