//! The lines of the table.

/// Prints one line: what was measured, beside what, and their ratio (below 1 is within the limit, or better than the peer).
pub(crate) fn row(what: &str, measured: &str, beside: &str, ratio: f64) {
    println!("| {what:<66} | {measured:>14} | {beside:<52} | {ratio:>6.2} |");
}

/// The median of some numbers.
pub(crate) fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
