//! Misses in unit + code mode. Each unit has its own small limit; where the building's is spent too, the terminals that are
//! guessed at take a code only now and then.

use crate::draft::Draft;
use crate::id::{TerminalId, UnitId};
use crate::limits::MISSES_AHEAD;
use crate::pace::Asked;
use crate::refusal::Refusal;
use crate::row::{BudgetRow, Misses};

/// Misses of a unit that are charged in its row and have not happened yet: a guess must be written before it is
/// answered, and a commit for each would be worth more flash than all else in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paid {
    day: u32,
    left: u32,
}

impl Misses {
    /// The count of a unit.
    fn of(&self, unit: &UnitId) -> u32 {
        self.units.iter().find(|(id, _)| id == unit).map_or(0, |(_, count)| *count)
    }

    fn all(&self) -> u32 {
        self.units.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count))
    }
}

impl Draft<'_> {
    /// Whether a unit may be tried now in unit + code mode: a unit's tries of a day are few, the building's have no end.
    pub(crate) fn may_try(&self, terminal: &TerminalId, unit: &UnitId) -> Result<(), Refusal> {
        let misses = self.misses();
        if misses.of(unit) >= self.site.policy.unit_misses_a_day {
            return Err(Refusal::TooManyMisses);
        }
        if self.is_spent(&misses) { self.is_not_paused(terminal, Asked::UnitAndCode) } else { Ok(()) }
    }

    /// What is charged today in unit + code mode.
    fn charged(&self) -> Misses {
        let budget = self.budget();
        let today = budget.last();
        // A day that a wrong clock put into the future is today's: guesses are not forgiven by the calendar.
        let counted = if budget.misses.day >= today { budget.misses } else { Misses::default() };
        Misses { day: today, ..counted }
    }

    /// Today's misses in unit + code mode.
    fn misses(&self) -> Misses {
        let mut misses = self.charged();
        for (unit, count) in &mut misses.units {
            *count = count.saturating_sub(self.paid(misses.day, unit));
        }
        misses
    }

    fn paid(&self, today: u32, unit: &UnitId) -> u32 {
        self.t.paid.get(unit).filter(|paid| paid.day == today).map_or(0, |paid| paid.left)
    }

    fn is_spent(&self, misses: &Misses) -> bool {
        misses.all() >= self.site.policy.building_misses_a_day
    }

    /// A miss in unit + code mode. Units of the directory get here, which bounds the list.
    pub(crate) fn charge_miss(&mut self, terminal: &TerminalId, unit: &UnitId) {
        if self.is_spent(&self.misses()) {
            self.count_miss(terminal, Asked::UnitAndCode);
        }
        let mut misses = self.charged();
        let day = misses.day;
        let paid = self.paid(day, unit);
        let left = paid.checked_sub(1).unwrap_or(MISSES_AHEAD - 1);
        self.t.paid.put(unit.clone(), Paid { day, left });
        if paid > 0 {
            return;
        }
        match misses.units.iter_mut().find(|(id, _)| id == unit) {
            Some((_, count)) => *count = count.saturating_add(MISSES_AHEAD),
            None => misses.units.push((unit.clone(), MISSES_AHEAD)),
        }
        self.t.budget.put((), BudgetRow { misses, ..self.budget() });
    }
}
