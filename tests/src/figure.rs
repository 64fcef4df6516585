//! One line of the table that `tests/figures` ends with.

/// What was measured, beside what, and their ratio: below 1 is within the limit, or better than the peer.
#[must_use]
pub fn line(what: &str, measured: &str, beside: &str, ratio: f64) -> String {
    format!("| {what:<66} | {measured:>14} | {beside:<52} | {ratio:>6.2} |")
}
