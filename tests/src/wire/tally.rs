//! How orders ended and how often locks moved: of one board, of one model, of all.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

/// How orders ended, and how often relays moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pulses that the board echoed.
    pub acknowledged: u64,
    /// Pulses sent without an answer of their own.
    pub unanswered: u64,
    /// Pulses that the board refused.
    pub refused: u64,
    /// Orders of which nothing was sent.
    pub not_sent: u64,
    /// Watches that ran.
    pub watched: u64,
    /// Relays energised, or told to stay so.
    pub energised: u64,
    /// Locks that moved because a frame was bent on its way: no master can prevent it.
    pub misled: u64,
}

impl Tally {
    /// Pulses that left.
    #[must_use]
    pub const fn pulsed(&self) -> u64 {
        self.acknowledged + self.unanswered + self.refused
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.unanswered += other.unanswered;
        self.refused += other.refused;
        self.not_sent += other.not_sent;
        self.watched += other.watched;
        self.energised += other.energised;
        self.misled += other.misled;
    }
}

/// The same of each board of a line, or of each model of many lines, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tallies(BTreeMap<String, (u64, Tally)>);

impl Tallies {
    /// Something of that name was there, once more, and came to `tally`.
    pub fn add(&mut self, name: &str, tally: Tally) {
        let (times, sum) = self.0.entry(name.to_owned()).or_default();
        *times += 1;
        *sum += tally;
    }

    /// A part of what something of that name came to; it is not there once more by that.
    pub fn add_part(&mut self, name: &str, tally: Tally) {
        self.0.entry(name.to_owned()).or_default().1 += tally;
    }

    /// What something of that name came to.
    #[must_use]
    pub fn of(&self, name: &str) -> Tally {
        self.0.get(name).map(|(_, tally)| *tally).unwrap_or_default()
    }

    /// How often something of that name was there.
    #[must_use]
    pub fn times(&self, name: &str) -> u64 {
        self.0.get(name).map_or(0, |(times, _)| *times)
    }

    /// Everything together.
    #[must_use]
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.0.values().for_each(|(_, tally)| total += *tally);
        total
    }
}

impl AddAssign<&Self> for Tallies {
    fn add_assign(&mut self, other: &Self) {
        for (name, (times, tally)) in &other.0 {
            let (sum_of_times, sum) = self.0.entry(name.clone()).or_default();
            *sum_of_times += times;
            *sum += *tally;
        }
    }
}

impl fmt::Display for Tallies {
    /// A table, one line a name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<20} {:>9} {:>12} {:>10} {:>7} {:>8} {:>10} {:>10} {:>6}",
            "model",
            "boards",
            "acknowledged",
            "unanswered",
            "refused",
            "not sent",
            "watched",
            "energised",
            "misled"
        )?;
        for (name, (times, tally)) in &self.0 {
            let Tally { acknowledged, unanswered, refused, not_sent, watched, energised, misled } = tally;
            writeln!(
                f,
                "{name:<20} {times:>9} {acknowledged:>12} {unanswered:>10} {refused:>7} {not_sent:>8} {watched:>10} {energised:>10} {misled:>6}"
            )?;
        }
        Ok(())
    }
}
