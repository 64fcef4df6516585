//! Progress of long work, shown to a person and to nobody else.

use indicatif::{ProgressBar, ProgressStyle};

use super::Out;

/// A bar over a number of rows; nothing at all in a pipe.
pub fn rows(out: &Out, of: u64) -> ProgressBar {
    if !out.watched {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(of);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} rows, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

/// A line that says which check runs; nothing at all in a pipe.
pub fn checks(out: &Out, of: usize) -> ProgressBar {
    if !out.watched {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(of).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// A line that says what is being done; nothing at all in a pipe.
pub fn steps(out: &Out) -> ProgressBar {
    if out.watched { ProgressBar::new_spinner() } else { ProgressBar::hidden() }
}

/// A bar over addresses and reads, with what is being tried; nothing at all in a pipe.
pub fn scan(out: &Out, of: usize) -> ProgressBar {
    if !out.watched {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(of).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent}%, {eta} left  {msg}") {
        bar.set_style(style);
    }
    bar
}
