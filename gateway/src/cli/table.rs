//! Aligned columns, and times as a person says them.

/// Rows of equally many cells as aligned text; the first row is the head.
#[must_use]
pub fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A span in milliseconds in the two largest units: `3 d 4 h`, `12 min`, `8 s`.
#[must_use]
pub fn span(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let two = |large: i64, large_unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        small => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => two(minutes, "min", if minutes < 10 { seconds % 60 } else { 0 }, "s"),
        (0, hours, _) => two(hours, "h", minutes % 60, "min"),
        (days, ..) => two(days, "d", hours % 24, "h"),
    }
}

/// Thousandths of a degree as `3.4 °C`.
#[must_use]
pub fn celsius(milli: i32) -> String {
    let tenths = (milli + if milli < 0 { -50 } else { 50 }) / 100;
    let sign = if tenths < 0 { "-" } else { "" };
    format!("{sign}{}.{} °C", (tenths / 10).abs(), (tenths % 10).abs())
}

/// `one door`, `3 doors`.
#[must_use]
pub fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [vec!["ÄÄ".into(), "b".into()], vec!["a".into(), "long".into()]];
        assert_eq!(aligned(&rows), "ÄÄ  b\na   long\n");
    }

    #[test]
    fn span_is_said_in_two_units_at_most() {
        assert_eq!(span(-5), "0 s");
        assert_eq!(span(8_900), "8 s");
        assert_eq!(span(125_000), "2 min 5 s");
        assert_eq!(span(725_000), "12 min");
        assert_eq!(span(7_440_000), "2 h 4 min");
        assert_eq!(span(273_600_000), "3 d 4 h");
    }

    #[test]
    fn temperature_keeps_its_sign_near_zero() {
        assert_eq!(celsius(3_440), "3.4 °C");
        assert_eq!(celsius(-300), "-0.3 °C");
        assert_eq!(celsius(-18_060), "-18.1 °C");
        assert_eq!(celsius(-20), "0.0 °C");
    }
}
