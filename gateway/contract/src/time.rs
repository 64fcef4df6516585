//! Wall-clock time as RFC 3339 text with milliseconds, in UTC.

use jiff::fmt::temporal::DateTimePrinter;
use vestibule_core::time::Timestamp;

/// Newest time that jiff represents in every time zone: 9999-12-30T22:00:00.000Z, in milliseconds.
const NEWEST: i64 = 253_402_207_200_000;
/// Oldest time: 0000-01-01T00:00:00.000Z, in milliseconds.
const OLDEST: i64 = -62_167_219_200_000;

/// Writes `2026-03-01T07:30:00.123Z`. Times outside of the years 0 to 9999 are shown as the nearest one inside.
#[must_use]
pub fn text(time: Timestamp) -> String {
    let inside = time.0.clamp(OLDEST, NEWEST);
    let instant = jiff::Timestamp::from_millisecond(inside).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    DateTimePrinter::new().precision(Some(3)).timestamp_to_string(&instant)
}

/// Reads RFC 3339 text with any offset; fractions below a millisecond are cut off.
///
/// # Errors
/// Says what is not a time.
pub fn parse(text: &str) -> Result<Timestamp, BadTime> {
    let instant: jiff::Timestamp = text.parse().map_err(|source| BadTime { source })?;
    Ok(Timestamp(instant.as_millisecond()))
}

/// A text is not a time.
#[derive(Debug, thiserror::Error)]
#[error("read a time like 2026-03-01T07:30:00Z: {source}")]
pub struct BadTime {
    source: jiff::Error,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_has_three_decimals_when_it_is_whole_seconds() {
        assert_eq!(text(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(Timestamp(1_772_350_200_007)), "2026-03-01T07:30:00.007Z");
    }

    #[test]
    fn time_is_the_nearest_one_with_four_digits_when_the_clock_is_absurd() {
        assert_eq!(text(Timestamp(i64::MAX)), "9999-12-30T22:00:00.000Z");
        assert_eq!(text(Timestamp(i64::MIN)), "0000-01-01T00:00:00.000Z");
    }

    #[test]
    fn offset_is_honoured_when_reading() {
        assert_eq!(parse("2026-03-01T01:30:00.0079-06:00").unwrap(), Timestamp(1_772_350_200_007));
        assert!(parse("2026-03-01T01:30:00").is_err());
        assert!(parse("soon").is_err());
    }

    #[test]
    fn reading_gives_back_what_was_written() {
        for ms in [0, 1, -1, 1_772_350_200_007, NEWEST, OLDEST] {
            assert_eq!(parse(&text(Timestamp(ms))).unwrap(), Timestamp(ms));
        }
    }
}
