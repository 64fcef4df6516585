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

/// Most codes a terminal takes in 24 h, day after day, from somebody who guesses in unit + code mode once the building's misses of the day
/// are spent: after a few misses it is quicker to let them be forgotten than to wait for the longest pause.
#[must_use]
pub const fn unit_tries_a_day() -> u64 {
    const DAY: u64 = Millis::hours(24).0;
    let mut most = DAY.div_ceil(UNIT_PAUSE_MOST.0);
    let (mut tries, mut waited, mut pause) = (1, 0, UNIT_PAUSE.0);
    while pause < UNIT_PAUSE_MOST.0 {
        let forgotten = (tries * DAY).div_ceil(waited + PAUSES_FORGOTTEN.0);
        if forgotten > most {
            most = forgotten;
        }
        (tries, waited, pause) = (tries + 1, waited + pause, pause * 2);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rhythm_of_guessing_gets_more_codes_taken_than_is_reckoned_with() {
        let day = Millis::hours(24);
        let taken = |in_a_row: u32| {
            let pace = Asked::UnitAndCode.pace();
            let (mut tries, mut missed) = (1_u64, Missed { count: 1, last: Mono(0) });
            loop {
                let next = if missed.count < in_a_row {
                    missed.over_at(&pace)
                } else {
                    missed.last.after(PAUSES_FORGOTTEN)
                };
                if next >= Mono(0).after(day) {
                    return tries;
                }
                (tries, missed) = (tries + 1, missed.and_now(next));
            }
        };
        let best = [1, 2, 3, 4, 5, 6, 7, u32::MAX].map(taken).into_iter().max();
        // A first day begins without anything to forget.
        let sustained = unit_tries_a_day();
        assert!(best.is_some_and(|best| (sustained..sustained + 4).contains(&best)), "{best:?}");
        assert_eq!(unit_tries_a_day(), 427);
    }

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
