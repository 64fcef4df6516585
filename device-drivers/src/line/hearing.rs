//! Bytes in: cut into frames, and each frame given to whom it belongs.

use crate::line::exchange::Hearing;
use crate::line::master::{Line, Wire};
use crate::line::receiver::Heard;
use crate::signal::{LineTrouble, Signal};
use crate::time::Monotonic;
use crate::trace::Kind;

impl Line {
    /// Takes bytes that arrived at `now`.
    pub fn received(&mut self, bytes: &[u8], now: Monotonic) {
        let early = match &mut self.wire {
            Wire::Closed => return,
            Wire::Idle => false,
            Wire::Awaiting(exchange) => {
                exchange.note_bytes(&self.timing, now);
                now < exchange.answer_from
            }
        };
        self.receiver.take(bytes, now, &self.timing, early);
        while let Some(heard) = self.receiver.next() {
            self.hear(&heard, now);
        }
        self.counters.noise_bytes = self.receiver.noise_bytes();
        self.trace_babble(now);
    }

    fn hear(&mut self, heard: &Heard, now: Monotonic) {
        let hearing = match &mut self.wire {
            Wire::Closed => return,
            Wire::Idle => Hearing::Foreign,
            Wire::Awaiting(exchange) => match self.slaves.get(exchange.slave) {
                Some(slave) => exchange.hear(heard, self.local_echo, &slave.owed, now),
                None => Hearing::Foreign,
            },
        };
        match hearing {
            Hearing::Ends(ending) => {
                self.trace_heard(Kind::Answer, heard, now);
                self.conclude(ending, now);
            }
            Hearing::OwnEcho => {
                self.trace_heard(Kind::Echo, heard, now);
                self.note_local_echo(now);
            }
            Hearing::Late | Hearing::Foreign => self.note_unasked(heard, now),
        }
    }

    fn note_local_echo(&mut self, now: Monotonic) {
        if !self.local_echo {
            self.local_echo = true;
            self.out.push_back(Signal::Line { at: now, trouble: LineTrouble::LocalEcho });
        }
    }

    /// A frame that ends no transaction: an answer that is owed and late, or somebody else's. An answer that was given is owed no
    /// more: whoever gives it again, or another in its place, speaks where nobody was asked.
    fn note_unasked(&mut self, heard: &Heard, now: Monotonic) {
        let Some(view) = heard.view() else { return };
        let slave = self.slaves.iter_mut().find(|slave| slave.address.number() == view.address());
        let kind = match slave {
            Some(slave) if slave.owed.knows(&view, now) => {
                slave.counters.late += 1;
                Kind::Late
            }
            // What a board says unasked proves nothing: it is asked.
            Some(slave) if let Some(input) = view.hint() => {
                slave.read_input_at(input, now);
                Kind::Unasked
            }
            _ => {
                self.counters.foreign += 1;
                self.foreign.add(&view);
                Kind::Foreign
            }
        };
        self.trace_heard(kind, heard, now);
    }
}
