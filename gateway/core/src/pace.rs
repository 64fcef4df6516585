//! Pauses that grow with what is missed at a terminal: guessing becomes slow there, nobody is locked out, and no other
//! terminal feels it. Kept in memory only: a start costs more than a pause.

use crate::draft::Draft;
use crate::id::TerminalId;
use crate::limits::{
    CARRIER_FREE_MISSES, CARRIER_PAUSE, CARRIER_PAUSE_MOST, PAUSES_FORGOTTEN, UNIT_PAUSE, UNIT_PAUSE_MOST,
};
use crate::refusal::Refusal;
use crate::time::{Millis, Mono};

/// What is asked for; each is paced by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// A carrier's code.
    Carrier,
    /// Unit and code, once the building's misses of the day are spent.
    UnitAndCode,
}

/// What was missed lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missed {
    count: u32,
    last: Mono,
}

/// How pauses grow.
struct Pace {
    /// Misses without a pause.
    free: u32,
    /// The first pause; each further miss doubles it.
    first: Millis,
    most: Millis,
}

impl Asked {
    const fn pace(self) -> Pace {
        match self {
            Self::Carrier => {
                Pace { free: CARRIER_FREE_MISSES, first: CARRIER_PAUSE, most: CARRIER_PAUSE_MOST }
            }
            Self::UnitAndCode => Pace { free: 0, first: UNIT_PAUSE, most: UNIT_PAUSE_MOST },
        }
    }
}

impl Missed {
    /// When the next try is taken.
    fn over_at(self, pace: &Pace) -> Mono {
        let doublings = match self.count.checked_sub(pace.free) {
            None | Some(0) => return self.last,
            Some(paused) => paused - 1,
        };
        let factor = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
        self.last.after(Millis(pace.first.0.saturating_mul(factor)).min(pace.most))
    }

    /// One miss more; those of long ago are forgotten together.
    fn and_now(self, now: Mono) -> Self {
        let forgotten = now >= self.last.after(PAUSES_FORGOTTEN);
        Self { count: if forgotten { 1 } else { self.count.saturating_add(1) }, last: now }
    }
}

impl Draft<'_> {
    /// Whether a try is taken now. One that is not is neither judged nor counted: it prolongs nothing.
    pub(crate) fn is_not_paused(&self, terminal: &TerminalId, asked: Asked) -> Result<(), Refusal> {
        let missed = self.t.missed.get(&(terminal.clone(), asked));
        let paused = missed.is_some_and(|missed| self.now.mono < missed.over_at(&asked.pace()));
        if paused { Err(Refusal::TryLater) } else { Ok(()) }
    }

    pub(crate) fn count_miss(&mut self, terminal: &TerminalId, asked: Asked) {
        let (key, now) = ((terminal.clone(), asked), self.now.mono);
        let missed = self.t.missed.get(&key).map_or(Missed { count: 1, last: now }, |m| m.and_now(now));
        self.t.missed.put(key, missed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_doubles_up_to_its_most_when_misses_follow_one_another() {
        let pauses = |asked: Asked, last| {
            let seconds = |count| Missed { count, last: Mono(0) }.over_at(&asked.pace()).0 / 1_000_000;
            (1..=last).map(seconds).collect::<alloc::vec::Vec<_>>()
        };
        assert_eq!(pauses(Asked::Carrier, 11), [0, 0, 0, 0, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses(Asked::UnitAndCode, 6), [30, 60, 120, 240, 300, 300]);
        assert_eq!(Missed { count: u32::MAX, last: Mono(0) }.over_at(&Asked::Carrier.pace()).0, 60_000_000);
    }

    #[test]
    fn misses_are_forgotten_when_none_came_for_a_while() {
        let many = Missed { count: 9, last: Mono(0) };
        assert_eq!(many.and_now(Mono(PAUSES_FORGOTTEN.0 * 1_000 - 1)).count, 10);
        assert_eq!(many.and_now(Mono(PAUSES_FORGOTTEN.0 * 1_000)).count, 1);
    }
}
