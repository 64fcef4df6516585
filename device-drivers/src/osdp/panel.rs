//! The line: one question at a time, to the reader that waits longest.

use std::time::Duration;

use super::ReaderLineSpec;
use super::frame::{MARK, Receiver, parse};
use super::limits::{GAP, READERS_MAX, REPLY_TIMEOUT};
use super::reader::{Heard, Reader, Told};
use super::signal::{ReaderOrder, ReaderSignal};
use crate::spec::{Baud, SpecError};
use crate::time::Monotonic;

/// Longest wait: silence and windows are looked at this often.
const TICK: Duration = Duration::from_secs(1);
/// Bits of a character, 8N1.
const CHARACTER_BITS: u32 = 10;

/// All readers of a line. Call [`poll`](Self::poll) until it says [`Output::Wait`]; after bytes, orders and time, again.
pub struct Panel {
    readers: Vec<Reader>,
    receiver: Receiver,
    baud: Baud,
    port: Port,
    /// Whose answer is awaited, and until when.
    current: Option<(usize, Monotonic)>,
    rest_until: Monotonic,
    told: Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Port {
    Open,
    Closed,
}

/// What is to be done.
pub enum Output {
    /// Tell this.
    Signal(ReaderSignal),
    /// Throw away what the port holds, then write this.
    Transmit(Vec<u8>),
    /// Nothing until then, or until bytes come.
    Wait(Monotonic),
}

impl Panel {
    /// A line whose port is not open yet.
    ///
    /// # Errors
    /// [`SpecError`]: too many readers, or two with one name or address.
    pub fn new(spec: ReaderLineSpec, now: Monotonic) -> Result<Self, SpecError> {
        let (count, most) = (spec.readers.len(), READERS_MAX);
        if count > most {
            return Err(SpecError::TooManyDevices { line: spec.id, count, most });
        }
        for (at, reader) in spec.readers.iter().enumerate() {
            for other in spec.readers.iter().skip(at + 1) {
                if other.id == reader.id {
                    return Err(SpecError::DoubledName(other.id.clone()));
                }
                if other.address == reader.address {
                    let (first, second) = (reader.id.clone(), other.id.clone());
                    return Err(SpecError::DoubledAddress { address: other.address.number(), first, second });
                }
            }
        }
        Ok(Self {
            readers: spec.readers.into_iter().map(|reader| Reader::new(reader, now)).collect(),
            receiver: Receiver::default(),
            baud: spec.baud,
            port: Port::Closed,
            current: None,
            rest_until: now,
            told: Told::new(),
        })
    }

    /// The port is open.
    pub const fn opened(&mut self) {
        self.port = Port::Open;
    }

    /// The port is gone.
    pub fn closed(&mut self, now: Monotonic) {
        (self.port, self.current) = (Port::Closed, None);
        self.receiver.clear();
        for reader in &mut self.readers {
            reader.unplugged(now, &mut self.told);
        }
    }

    /// Takes an order; one for a reader that is not on this line is dropped.
    pub fn order(&mut self, order: ReaderOrder, now: Monotonic) {
        if let Some(reader) = self.readers.iter_mut().find(|reader| *reader.id() == order.reader) {
            reader.order(order.task, now, &mut self.told);
        }
    }

    /// Bytes came.
    pub fn received(&mut self, bytes: &[u8], now: Monotonic) {
        self.receiver.push(bytes);
        while let Some(frame) = self.receiver.next() {
            let Ok(reply) = parse(&frame) else { continue };
            let from = self.readers.iter().position(|reader| reader.address().number() == reply.address);
            let Some((at, reader)) = from.and_then(|at| Some((at, self.readers.get_mut(at)?))) else {
                continue;
            };
            if self.current.is_none_or(|(awaited, _)| awaited != at) {
                reader.overheard(&reply, now, &mut self.told);
            } else if reader.heard(&reply, now, &mut self.told) == Heard::Answer {
                self.current = None;
                self.rest_until = now + GAP;
            }
        }
    }

    /// What is to be done now. `random` draws the number of each challenge; without one no channel is made.
    pub fn poll(&mut self, now: Monotonic, random: &mut dyn FnMut() -> Option<[u8; 8]>) -> Output {
        loop {
            if let Some(signal) = self.told.pop_front() {
                return Output::Signal(signal);
            }
            self.readers.iter_mut().for_each(|reader| reader.tick(now, &mut self.told));
            if !self.told.is_empty() {
                continue;
            }
            if let Some((at, deadline)) = self.current {
                if now < deadline {
                    return Output::Wait(deadline.min(now + TICK));
                }
                (self.current, self.rest_until) = (None, now + GAP);
                if let Some(reader) = self.readers.get_mut(at) {
                    reader.timed_out(now);
                }
            }
            let Some(at) = self.next() else { return Output::Wait(now + TICK) };
            let Some(reader) = self.readers.get_mut(at) else { return Output::Wait(now + TICK) };
            let due = reader.due().max(self.rest_until);
            if self.port == Port::Closed || now < due {
                return Output::Wait(due.max(now + GAP).min(now + TICK));
            }
            if let Some(frame) = reader.command(now, random) {
                self.receiver.clear();
                let frame = [&[MARK][..], &frame].concat();
                self.current = Some((at, now + self.sending(frame.len()) + REPLY_TIMEOUT));
                return Output::Transmit(frame);
            }
        }
    }

    /// The reader that has waited longest.
    fn next(&self) -> Option<usize> {
        (0..self.readers.len()).min_by_key(|at| self.readers.get(*at).map(Reader::due))
    }

    fn sending(&self, bytes: usize) -> Duration {
        let bits = u32::try_from(bytes).unwrap_or(u32::MAX).saturating_mul(CHARACTER_BITS);
        Duration::from_secs(1) * bits / self.baud.bits_per_second()
    }
}
