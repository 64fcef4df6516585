//! Logs: human lines on a terminal, fields for journald under systemd.

use tracing_subscriber::filter::EnvFilter;

/// Checks a filter such as `info` or `vestibule::field=debug`.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check_filter(text: &str) -> Result<String, String> {
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
