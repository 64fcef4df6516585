//! What the slaves have put on the wire and the master has not heard yet, character by character.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Baud, WireByte};
use crate::time::SimTime;

/// Characters on their way. Eight longest frames: slaves answer one request at a time.
const MAX_CHARACTERS: usize = 2_048;

/// Ends of characters are rounded up to the microsecond, so that neighbours may seem to overlap by this much.
const ROUNDING: Duration = Duration::from_micros(2);

/// The characters in the order in which their last bits arrive.
#[derive(Debug)]
pub(crate) struct Outgoing {
    baud: Baud,
    characters: VecDeque<WireByte>,
    dropped: u64,
}

impl Outgoing {
    pub fn new(baud: Baud) -> Self {
        Self { baud, characters: VecDeque::new(), dropped: 0 }
    }

    /// A burst that waits for its turn: it starts at `earliest`, or one silence after the burst before it.
    pub fn queue(&mut self, earliest: SimTime, bytes: &[u8]) {
        let start = match self.characters.back() {
            Some(last) => earliest.max(last.at + self.baud.silence()),
            None => earliest,
        };
        for (index, byte) in bytes.iter().enumerate() {
            self.push(WireByte { at: start + self.baud.characters(index + 1), byte: *byte });
        }
    }

    /// A burst that starts at `start` whoever is talking. Where two characters meet, the wire carries the
    /// logical AND of both (a dominant 0 wins): what a doubled address looks like.
    pub fn collide(&mut self, start: SimTime, bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            let at = start + self.baud.characters(index + 1);
            match self.talking_at(at) {
                Some(other) => other.byte &= *byte,
                None => self.push(WireByte { at, byte: *byte }),
            }
        }
    }

    /// A master's character that ends at `at` meets what slaves say: what is left of it, bit by bit as they lie in time.
    pub fn mixed_with(&self, at: SimTime, byte: u8) -> u8 {
        let length = self.baud.characters(1);
        let start = at.back(length);
        let met = |other: &&WireByte| other.at > start && other.at.back(length) < at;
        self.characters.iter().filter(met).fold(byte, |left, other| {
            // Each bit is read in its middle, the first of them after the start bit.
            let sunk = (0..8_u32).filter(|bit| !high(*other, length, start + length * (2 * bit + 3) / 20));
            sunk.fold(left, |left, bit| left & !(1 << bit))
        })
    }

    /// When the next character will have arrived.
    pub fn next_deadline(&self) -> Option<SimTime> {
        self.characters.front().map(|first| first.at)
    }

    /// The last moment within `window` after the first character at which more arrive: one wake-up then
    /// delivers all of them.
    pub fn next_delivery(&self, window: Duration) -> Option<SimTime> {
        let first = self.characters.front()?.at;
        self.characters.iter().map(|character| character.at).take_while(|at| *at <= first + window).last()
    }

    /// The next character that has arrived by `now`.
    pub fn take(&mut self, now: SimTime) -> Option<WireByte> {
        if self.characters.front()?.at > now {
            return None;
        }
        self.characters.pop_front()
    }

    /// Drops everything: the line was unplugged.
    pub fn clear(&mut self) {
        self.characters.clear();
    }

    /// The character that overlaps one ending at `at` the most.
    fn talking_at(&mut self, at: SimTime) -> Option<&mut WireByte> {
        let length = self.baud.characters(1);
        let apart = |other: &WireByte| (other.at - at).max(at - other.at);
        let nearest = self.characters.iter_mut().min_by_key(|other| apart(other))?;
        (apart(nearest) + ROUNDING < length).then_some(nearest)
    }

    fn push(&mut self, character: WireByte) {
        if self.characters.len() == MAX_CHARACTERS {
            self.dropped += 1;
            return;
        }
        let place = self.characters.partition_point(|other| other.at <= character.at);
        self.characters.insert(place, character);
    }
}

/// Whether `character`, of such a length, leaves the wire high at `moment`: before, after, in its stop bit, in bits that are set.
fn high(character: WireByte, length: Duration, moment: SimTime) -> bool {
    let start = character.at.back(length);
    if moment < start || moment >= character.at {
        return true;
    }
    match (moment - start).as_micros() * 10 / length.as_micros().max(1) {
        0 => false,
        bit @ 1..=8 => character.byte >> (bit - 1) & 1 == 1,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{Baud, Outgoing};
    use crate::time::SimTime;

    fn heard(mut outgoing: Outgoing) -> Vec<u8> {
        std::iter::from_fn(|| outgoing.take(SimTime::from_millis(1_000))).map(|heard| heard.byte).collect()
    }

    #[test]
    fn a_queued_burst_waits_for_the_one_before_it() {
        let mut outgoing = Outgoing::new(Baud::B9600);
        outgoing.queue(SimTime::ZERO, &[1]);
        outgoing.queue(SimTime::ZERO, &[2]);
        assert_eq!(outgoing.take(SimTime::from_micros(1_041)), None);
        assert_eq!(outgoing.take(SimTime::from_micros(1_042)).map(|heard| heard.byte), Some(1));
        assert_eq!(outgoing.next_deadline(), Some(SimTime::from_micros(1_042 + 3_646 + 1_042)));
    }

    #[test]
    fn two_talkers_leave_the_and_of_their_characters() {
        let mut outgoing = Outgoing::new(Baud::B9600);
        outgoing.collide(SimTime::ZERO, &[0b1100, 0xFF]);
        outgoing.collide(SimTime::ZERO, &[0b1010]);
        assert_eq!(heard(outgoing), [0b1000, 0xFF]);
    }

    #[test]
    fn master_and_slave_meet_bit_by_bit_as_they_lie_in_time() {
        let mut outgoing = Outgoing::new(Baud::B9600);
        outgoing.queue(SimTime::from_millis(10), &[0b1100_0110]);
        let met = |micros: u64, byte| outgoing.mixed_with(SimTime::from_micros(10_000_u64 + micros), byte);
        assert_eq!(met(1_042, 0b1010_1010), 0b1000_0010, "at the same moment");
        assert_eq!(met(1_042 + 10, 0b1010_1010), 0b1000_0010, "a tenth of a bit later");
        assert_eq!(met(1_042 + 104, 0xFF), 0b1110_0011, "a bit later");
        assert_eq!(met(1_042 - 104, 0xFF), 0b1000_1100, "a bit earlier: the start bit sinks the first");
        assert_eq!(met(2_084, 0x5A), 0x5A, "when it is over");
    }
}
