//! Scanners.

use std::fmt;

use super::families::{Families, plain, states};
use crate::console::snapshot::{SCANNER_STATES, Scanner, Snapshot};

/// Takes one number out of a scanner.
type Count = fn(&Scanner) -> u64;

/// Writes all of it; nothing where there is no scanner.
pub(super) fn write(families: &mut Families<'_>, snapshot: &Snapshot) -> fmt::Result {
    if snapshot.scanners.is_empty() {
        return Ok(());
    }
    let scanners = || snapshot.scanners.iter().map(|scanner| ([("scanner", scanner.id.as_str())], scanner));
    let state = snapshot.scanners.iter().flat_map(|scanner| {
        let labels = |word| [("scanner", scanner.id.as_str()), ("state", word)];
        states(SCANNER_STATES, Some(scanner.state.as_str())).map(move |(word, is)| (labels(word), is))
    });
    families.gauges(plain("vestibule_scanner_state", "1 for the state that a scanner is in."), state)?;
    let unsettled = scanners().map(|(labels, scanner)| (labels, i64::from(scanner.unsettled)));
    let help = "1 while settings that somebody changed are not put back.";
    families.gauges(plain("vestibule_scanner_settings_wrong", help), unsettled)?;
    let counts: [(&str, &str, Count); 8] = [
        ("vestibule_scanner_scans", "Scans passed on.", |scanner| scanner.scans),
        ("vestibule_scanner_repeated", "The same read once more.", |scanner| scanner.repeated),
        ("vestibule_scanner_dropped", "What came and was no scan.", |scanner| scanner.dropped),
        ("vestibule_scanner_commands", "Commands sent.", |scanner| scanner.commands),
        ("vestibule_scanner_unanswered", "Commands without a good reply.", |scanner| scanner.unanswered),
        ("vestibule_scanner_set_up_codes", "Set-up barcodes held before it; none passes.", |scanner| {
            scanner.set_up_codes
        }),
        ("vestibule_scanner_settings_changed", "Settings that were found changed.", |scanner| {
            scanner.changed
        }),
        ("vestibule_scanner_settings_undone", "Settings that were put back.", |scanner| scanner.undone),
    ];
    for (name, help, count) in counts {
        families.counters(plain(name, help), scanners().map(|(labels, scanner)| (labels, count(scanner))))?;
    }
    Ok(())
}
