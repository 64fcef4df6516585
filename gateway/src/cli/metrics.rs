//! `vestibule metrics`: the building's numbers for a collector that reads files, or for a look.

use std::path::Path;

use super::{Exit, Failure, Out, ask};
use crate::metrics;

/// Runs the command.
///
/// # Errors
/// The daemon cannot be reached.
pub fn metrics(socket: &Path, out: &mut Out) -> Result<Exit, Failure> {
    let snapshot = ask::snapshot(&mut ask::connect(socket)?)?;
    let text = metrics::building_text(snapshot);
    out.line(text.trim_end())?;
    Ok(Exit::Done)
}
