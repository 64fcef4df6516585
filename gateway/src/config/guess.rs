//! How likely a year of guessing finds a live pickup code, from the policies alone.
//!
//! A code has nine random digits; its check digit costs a guesser nothing. Two ways are open to a guesser, and both count:
//! codes alone, until the building's rolling budget is spent, each try meeting any live code of the building; then unit and
//! code, each try meeting only the codes of that unit. Budgets are persisted, so restarts do not refill them.
//!
//! In unit + code mode a building's misses have no end: once those of the day are spent, each terminal that is guessed at goes
//! on taking codes at its slow pace. Only a unit's own misses are a hard stop.

use vestibule_core::policy::Policy;
use vestibule_core::unit_tries_a_day;

use super::problem::{Problem, Problems};
use super::source::Place;

/// Codes there are: nine free digits.
pub const CODES: u64 = 1_000_000_000;
/// Live codes one unit may have at a time that the figure allows for: one per resident of the directory.
pub const UNIT_CODES: u64 = 10;
/// Greatest yearly probability for a building: 1e-3, in parts of [`CODES`].
pub const BUILDING_MOST: u64 = 1_000_000;
/// Greatest yearly probability for a unit: 1e-4, in parts of [`CODES`].
pub const UNIT_MOST: u64 = 100_000;

const DAYS: u64 = 365;

/// Yearly probabilities in parts of [`CODES`] (an upper bound: expectations are added).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance {
    /// That some live code of the building is found.
    pub building: u64,
    /// That some live code of one given unit is found.
    pub unit: u64,
}

/// Computes the chances for a building with this many compartments, each of which may have a live code, and this many
/// terminals, each guessed at day and night.
#[must_use]
pub fn chance(policy: &Policy, compartments: usize, terminals: usize) -> Chance {
    let number = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
    let live = number(compartments).max(1);
    let unit_live = live.min(UNIT_CODES);
    let alone = (u64::from(policy.guesses_a_day) * DAYS).min(u64::from(policy.guesses_a_year));
    let paced = number(terminals).max(1).saturating_mul(unit_tries_a_day());
    let tries = u64::from(policy.building_misses_a_day).saturating_add(paced);
    let of_a_unit = u64::from(policy.unit_misses_a_day);
    // Each live code can be met only by its own unit's tries, wherever the codes lie.
    let met = tries.saturating_mul(unit_live).min(of_a_unit.saturating_mul(live));
    let in_unit = tries.min(of_a_unit) * DAYS;
    Chance {
        building: alone.saturating_mul(live).saturating_add(met.saturating_mul(DAYS)),
        unit: alone.saturating_add(in_unit).saturating_mul(unit_live),
    }
}

/// Refuses policies under which guessing is too likely.
pub fn check(policy: &Policy, compartments: usize, terminals: usize, place: Place, problems: &Problems) {
    let Chance { building, unit } = chance(policy, compartments, terminals);
    let refuse = |whose: &str, parts: u64, most: u64, names: &str| {
        if parts > most {
            let message = format!(
                "a year of guessing finds a pickup code of {whose} with a probability of {}; at most {} is allowed",
                power(parts),
                power(most)
            );
            problems.add(Problem::error(Some(place), message).help(format!("lower {names}")));
        }
    };
    refuse("the building", building, BUILDING_MOST, "guesses_a_year or unit_misses_a_day");
    refuse("one unit", unit, UNIT_MOST, "guesses_a_year or unit_misses_a_day");
}

/// Parts of [`CODES`] as `1.2e-3`.
#[must_use]
pub fn power(parts: u64) -> String {
    if parts >= CODES {
        return "1".to_owned();
    }
    let (mut tenths, mut exponent) = (parts.saturating_mul(10), 9);
    while tenths >= 100 {
        tenths /= 10;
        exponent -= 1;
    }
    format!("{}.{}e-{exponent}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_hold_up_to_240_compartments_and_fewer_misses_a_unit_hold_beyond() {
        let Chance { building, unit } = chance(&Policy::default(), 240, 4);
        assert_eq!((building, unit), (500 * 240 + 3_650 * 240, (500 + 3_650) * 10));
        assert!(building <= BUILDING_MOST && unit <= UNIT_MOST);
        assert!(chance(&Policy::default(), 241, 4).building > BUILDING_MOST);
        let strict = Policy { unit_misses_a_day: 1, ..Policy::default() };
        assert!(chance(&strict, 1_000, 4).building <= BUILDING_MOST);
    }

    #[test]
    fn terminals_that_are_guessed_at_count_beyond_the_buildings_misses() {
        let policy = Policy { unit_misses_a_day: 1_000, building_misses_a_day: 0, ..Policy::default() };
        let one = chance(&policy, 5, 1).building;
        assert_eq!(one, 500 * 5 + 365 * 427 * 5);
        assert_eq!(chance(&policy, 5, 2).building, one + 365 * 427 * 5);
    }

    #[test]
    fn yearly_budget_bounds_the_sustained_rate_when_the_daily_one_is_larger() {
        let policy =
            Policy { guesses_a_day: 100, guesses_a_year: 200, unit_misses_a_day: 1, ..Policy::default() };
        assert_eq!(chance(&policy, 1, 1).building, 200 + 365);
    }

    #[test]
    fn policy_is_refused_when_guessing_is_too_likely() {
        let place = Place { source: 0, start: 0, end: 1 };
        let refused = |policy: &Policy| {
            let problems = Problems::default();
            check(policy, 100, 2, place, &problems);
            problems.errors()
        };
        assert_eq!(refused(&Policy::default()), 0);
        assert_eq!(refused(&Policy { guesses_a_year: 36_500, guesses_a_day: 100, ..Policy::default() }), 2);
        assert_eq!(refused(&Policy { unit_misses_a_day: 26, ..Policy::default() }), 0);
        assert_eq!(refused(&Policy { unit_misses_a_day: 27, ..Policy::default() }), 2);
        assert_eq!(refused(&Policy { building_misses_a_day: 1_000, ..Policy::default() }), 0);
    }

    #[test]
    fn probability_is_written_as_people_compare_it() {
        assert_eq!(power(1_000_000), "1.0e-3");
        assert_eq!(power(1_234_567), "1.2e-3");
        assert_eq!(power(41_500), "4.1e-5");
        assert_eq!(power(0), "0.0e-9");
    }
}
