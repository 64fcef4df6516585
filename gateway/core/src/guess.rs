//! What guessing costs: the persisted budget of never-issued codes, and counted denials.
//!
//! Misses never lock a terminal out: they step it up to unit + code.

use crate::draft::Draft;
use crate::event::Fact;
use crate::id::TerminalId;
use crate::limits::{BUDGET_DAYS, BUDGET_YEAR, CHARGED_AT_START, DENIALS_EVERY};
use crate::row::BudgetRow;
use crate::site::Site;
use crate::time::{Millis, Mono, Timestamp};

/// Denials at one terminal that are not written yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denials {
    pub(crate) count: u64,
    pub(crate) since: Mono,
}

/// A day of the budget, and since when it counts by the monotonic clock: with an untrusted clock the next one begins
/// 24 h later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DayMark {
    day: u32,
    since: Mono,
}

/// How codes are asked for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// The code alone.
    Code,
    /// The unit first, then the code.
    UnitAndCode,
}

const DAY_MS: i64 = 86_400_000;
const DAY: Millis = Millis::hours(24);

fn day(at: Timestamp) -> u32 {
    u32::try_from(at.0.div_euclid(DAY_MS)).unwrap_or(0)
}

impl DayMark {
    pub(crate) const BEFORE_START: Self = Self { day: 0, since: Mono(0) };

    fn reached(self, now: Mono) -> u32 {
        self.day.saturating_add(u32::try_from(now.since(self.since).0 / DAY.0).unwrap_or(u32::MAX))
    }
}

impl BudgetRow {
    /// Never-issued codes of a day.
    fn on(&self, day: u32) -> u32 {
        let at = day.checked_sub(self.first_day).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.days.get(at)).copied().unwrap_or(0)
    }

    /// Never-issued codes of the year that ends with a day.
    fn in_year_to(&self, day: u32) -> u32 {
        let begin = day.saturating_sub(BUDGET_YEAR - 1);
        let counted = (self.first_day..).zip(&self.days).filter(|(at, _)| (begin..=day).contains(at));
        counted.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Newest day that counts.
    pub(crate) fn last(&self) -> u32 {
        self.first_day.saturating_add(u32::try_from(self.days.len()).unwrap_or(0)).saturating_sub(1)
    }

    /// The same budget with `today` as its newest day; older days than the year leave. Days that a wrong clock
    /// put into the future become today: guesses are not forgiven by the calendar.
    fn reaching(mut self, today: u32) -> Self {
        if self.days.is_empty() || today.saturating_sub(self.last()) > BUDGET_YEAR {
            return Self { first_day: today, days: alloc::vec![0], misses: self.misses };
        }
        let ahead = self.last().saturating_sub(today);
        self.first_day = self.first_day.saturating_sub(ahead);
        let length = today.saturating_sub(self.first_day).saturating_add(1);
        self.days.resize(usize::try_from(length).unwrap_or(1), 0);
        let surplus = self.days.len().saturating_sub(BUDGET_DAYS);
        self.days.drain(..surplus);
        self.first_day = self.first_day.saturating_add(u32::try_from(surplus).unwrap_or(0));
        self
    }

    /// How codes are asked for; the budget reaches today.
    fn asking(&self, site: &Site) -> Asking {
        let today = self.last();
        let spent = self.on(today) >= site.policy.guesses_a_day
            || self.in_year_to(today) >= site.policy.guesses_a_year;
        if spent { Asking::UnitAndCode } else { Asking::Code }
    }
}

impl Draft<'_> {
    /// The budget, reaching today.
    pub(crate) fn budget(&self) -> BudgetRow {
        let budget = self.t.budget.get(&()).cloned().unwrap_or_default();
        let today = if self.clock_is_trusted() || budget.days.is_empty() {
            day(self.wall)
        } else {
            budget.last().max(self.running().guesses.reached(self.now.mono))
        };
        budget.reaching(today)
    }

    /// The day from which days are counted while the clock is not trusted: the newest one that was charged. Neither a
    /// start nor a change of trust makes a day shorter.
    pub(crate) fn day_mark(&self) -> DayMark {
        let newest = self.t.budget.get(&()).filter(|budget| !budget.days.is_empty()).map(BudgetRow::last);
        DayMark { day: newest.unwrap_or_else(|| day(self.wall)), since: self.now.mono }
    }

    pub(crate) fn asking(&self) -> Asking {
        self.budget().asking(self.site)
    }

    /// A check-valid code that was never issued.
    pub(crate) fn charge_guess(&mut self, count: u32) {
        let mut budget = self.budget();
        let before = budget.asking(self.site);
        if let Some(today) = budget.days.last_mut() {
            *today = today.saturating_add(count);
        }
        let never_issued_today = budget.days.last().copied().unwrap_or(0);
        let after = budget.asking(self.site);
        self.t.budget.put((), budget);
        if before == Asking::Code && after == Asking::UnitAndCode {
            self.record(Fact::AccessSteppedUp { never_issued_today });
        }
    }

    /// What a start charges for the guesses that the last stop may have lost.
    pub(crate) fn charge_start(&mut self) {
        self.charge_guess(CHARGED_AT_START);
    }

    /// Counts a denial; the count is written together with others.
    pub(crate) fn deny(&mut self, terminal: &TerminalId) {
        let mono = self.now.mono;
        let mut denials = self.t.denials.get(terminal).cloned().unwrap_or(Denials { count: 0, since: mono });
        denials.count = denials.count.saturating_add(1);
        self.t.denials.put(terminal.clone(), denials);
    }

    /// Writes the denials that were counted before an instant.
    pub(crate) fn write_denials(&mut self, counted_before: Mono) {
        let due: alloc::vec::Vec<_> = self
            .t
            .denials
            .iter()
            .filter(|(_, denials)| denials.since <= counted_before)
            .map(|(terminal, denials)| (terminal.clone(), denials.count))
            .collect();
        for (terminal, count) in due {
            self.t.denials.remove(&terminal);
            self.record(Fact::AccessDenied { terminal, count });
        }
    }
}

/// When a terminal's denials are written.
pub(crate) const fn written_at(denials: &Denials) -> Mono {
    denials.since.after(DENIALS_EVERY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charged(budget: BudgetRow, day: u32, count: u32) -> BudgetRow {
        let mut budget = budget.reaching(day);
        *budget.days.last_mut().unwrap() += count;
        budget
    }

    #[test]
    fn guesses_are_forgotten_when_a_year_has_passed() {
        let budget = charged(charged(BudgetRow::default(), 20_000, 7), 20_364, 1);
        assert_eq!(budget.in_year_to(20_364), 8);
        let budget = charged(budget, 20_365, 1);
        assert_eq!((budget.in_year_to(20_365), budget.days.len()), (2, BUDGET_DAYS));
        let budget = charged(budget, 20_400, 1);
        assert_eq!((budget.days.len(), budget.on(20_400), budget.on(20_365)), (BUDGET_DAYS, 1, 1));
    }

    #[test]
    fn guesses_become_todays_when_the_clock_comes_back_from_the_future() {
        let budget = charged(charged(BudgetRow::default(), 20_100, 3), 20_000, 2);
        assert_eq!((budget.on(20_000), budget.last()), (5, 20_000));
    }

    #[test]
    fn budget_stays_bounded_when_the_clock_jumps_by_decades() {
        let mut budget = BudgetRow::default();
        for at in [20_000, 60_000, 20_000, 4_000_000, 0] {
            budget = charged(budget, at, 1);
            assert!(budget.days.len() <= BUDGET_DAYS, "{at}");
        }
    }
}
