//! `[policy]`: the house's numbers by name, with units and ranges.

use std::ops::RangeInclusive;

use vestibule_core::policy::Policy;
use vestibule_core::time::Millis;

use super::problem::{Problem, Problems};
use super::reader::{Reader, Spot};

/// A duration of the policy: its name, its place in the value, its range in milliseconds.
struct Span(&'static str, fn(&mut Policy) -> &mut Millis, RangeInclusive<u64>);

const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;
const DAY: u64 = 24 * HOUR;

const SPANS: [Span; 13] = [
    Span("rest", |p| &mut p.rest, 500..=30 * SECOND),
    Span("settle", |p| &mut p.settle, 2 * SECOND..=120 * SECOND),
    Span("pickup_grace", |p| &mut p.pickup_grace, 0..=HOUR),
    Span("interrupted_grace", |p| &mut p.interrupted_grace, HOUR..=7 * DAY),
    Span("left_open_reminder", |p| &mut p.left_open_reminder, 5 * SECOND..=HOUR),
    Span("left_open_alert", |p| &mut p.left_open_alert, 10 * SECOND..=24 * HOUR),
    Span("terminal_idle", |p| &mut p.terminal_idle, 5 * SECOND..=600 * SECOND),
    Span("unlock_confirm", |p| &mut p.unlock_confirm, SECOND..=10 * SECOND),
    Span("pulse_deadline", |p| &mut p.pulse_deadline, 200..=10 * SECOND),
    Span("pulse", |p| &mut p.pulse, 100..=5 * SECOND),
    Span("debounce", |p| &mut p.debounce, 0..=SECOND),
    Span("stale", |p| &mut p.stale, SECOND..=600 * SECOND),
    Span("hold", |p| &mut p.hold, DAY..=60 * DAY),
];

/// Locker boards time their pulse in steps of this many milliseconds.
const PULSE_STEP_MS: u64 = 100;

/// Reads the policies over their defaults.
pub fn read(root: &mut Reader<'_>, problems: &Problems) -> Policy {
    let mut policy = Policy::default();
    let Some(mut reader) = root.table("policy") else { return policy };
    "[policy]".clone_into(&mut reader.what);
    for Span(name, field, range) in &SPANS {
        if let Some(span) = read_span(&mut reader, name, range) {
            *field(&mut policy) = span;
        }
    }
    let mut count = |name, field: fn(&mut Policy) -> &mut u32, range: RangeInclusive<u32>| {
        if let Some(number) = reader.integer(name, range) {
            *field(&mut policy) = number.value;
        }
    };
    count("guesses_a_day", |p| &mut p.guesses_a_day, 1..=1_000_000);
    count("guesses_a_year", |p| &mut p.guesses_a_year, 1..=100_000_000);
    count("unit_misses_a_day", |p| &mut p.unit_misses_a_day, 1..=1_000_000);
    count("building_misses_a_day", |p| &mut p.building_misses_a_day, 1..=1_000_000);
    let mut small = |name, field: fn(&mut Policy) -> &mut u8, range: RangeInclusive<u8>| {
        if let Some(number) = reader.integer(name, range) {
            *field(&mut policy) = number.value;
        }
    };
    small("unsettled_doors", |p| &mut p.unsettled_doors, 1..=20);
    small("unscanned_share", |p| &mut p.unscanned_share, 1..=100);
    small("capacity_low", |p| &mut p.capacity_low, 1..=100);
    agree(&mut reader, &policy, problems);
    reader.finish();
    policy
}

/// Reads a duration and holds it to its range in milliseconds.
pub(super) fn read_span(
    reader: &mut Reader<'_>,
    name: &'static str,
    range: &RangeInclusive<u64>,
) -> Option<Millis> {
    let text = reader.text(name)?;
    let place = text.place;
    let Spot { value, .. } = reader.parse(text, span)?;
    if range.contains(&value.0) {
        return Some(value);
    }
    let message = format!(
        "{name} is {}; {} to {} are allowed",
        words(value),
        words(Millis(*range.start())),
        words(Millis(*range.end()))
    );
    reader.problems.add(Problem::error(Some(place), message));
    None
}

/// Policies that must fit each other.
fn agree(reader: &mut Reader<'_>, policy: &Policy, problems: &Problems) {
    let mut must = |holds: bool, key, message: &str| {
        if !holds {
            let place = reader.get(key).map_or(reader.place, |node| node.place);
            problems.add(Problem::error(Some(place), message));
        }
    };
    must(
        policy.pulse.0.is_multiple_of(PULSE_STEP_MS),
        "pulse",
        "pulse must be a multiple of 100 ms: boards count in such steps",
    );
    must(
        policy.left_open_reminder < policy.left_open_alert,
        "left_open_alert",
        "left_open_alert must be later than left_open_reminder",
    );
    must(policy.rest < policy.settle, "settle", "settle must be longer than rest");
    must(policy.debounce < policy.rest, "debounce", "debounce must be shorter than rest");
    must(
        policy.pulse <= policy.unlock_confirm,
        "unlock_confirm",
        "unlock_confirm must be at least as long as pulse",
    );
    must(
        policy.guesses_a_day <= policy.guesses_a_year,
        "guesses_a_year",
        "guesses_a_year must not be less than guesses_a_day",
    );
}

/// Reads `500 ms`, `15 s`, `2 min`, `24 h`, `7 days`.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn span(text: &str) -> Result<Millis, String> {
    const HELP: &str = "write a whole number and a unit: ms, s, min, h or days";
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or(HELP)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| HELP)?;
    let unit = match unit.trim() {
        "ms" => 1,
        "s" => SECOND,
        "min" => 60 * SECOND,
        "h" => HOUR,
        "day" | "days" | "d" => DAY,
        _ => return Err(HELP.to_owned()),
    };
    number.checked_mul(unit).map(Millis).ok_or_else(|| "that is longer than time".to_owned())
}

/// A span as a person would write it.
#[must_use]
pub fn words(span: Millis) -> String {
    match span.0 {
        0 => "0 s".to_owned(),
        ms if ms.is_multiple_of(DAY) => format!("{} days", ms / DAY),
        ms if ms.is_multiple_of(HOUR) => format!("{} h", ms / HOUR),
        ms if ms.is_multiple_of(SECOND) => format!("{} s", ms / SECOND),
        ms => format!("{ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn span_is_read_with_its_unit_and_refused_without() {
        assert_eq!(span("500 ms"), Ok(Millis(500)));
        assert_eq!(span("15s"), Ok(Millis(15_000)));
        assert_eq!(span("2 min"), Ok(Millis(120_000)));
        assert_eq!(span("7 days"), Ok(Millis(604_800_000)));
        for bad in
            ["15", "s", "-1 s", "1.5 s", "3 weeks", "", "99999999999999999999 s", "9999999999999999 days"]
        {
            assert!(span(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_default_lies_in_its_range_and_survives_being_written() {
        for Span(name, field, range) in &SPANS {
            let default = *field(&mut Policy::default());
            assert!(range.contains(&default.0), "{name}");
            assert_eq!(span(&words(default)), Ok(default), "{name}");
        }
    }
}
