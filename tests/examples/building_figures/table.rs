//! The lines of the table.

use vestibule_tests::figure::line;

/// Prints one line.
pub(crate) fn row(what: &str, measured: &str, beside: &str, ratio: f64) {
    println!("{}", line(what, measured, beside, ratio));
}

/// The median of some numbers.
pub(crate) fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
