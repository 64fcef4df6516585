//! Readers.

use std::fmt;

use super::families::{Families, plain, states};
use crate::console::snapshot::{READER_STATES, Reader, Snapshot};

/// Takes one number out of a reader.
type Count = fn(&Reader) -> u64;

/// Writes all of it; nothing where no terminal is a reader.
pub(super) fn write(families: &mut Families<'_>, snapshot: &Snapshot) -> fmt::Result {
    if snapshot.readers.is_empty() {
        return Ok(());
    }
    let readers = || snapshot.readers.iter().map(|reader| ([("reader", reader.id.as_str())], reader));
    let state = snapshot.readers.iter().flat_map(|reader| {
        let labels = |word| [("reader", reader.id.as_str()), ("state", word)];
        states(READER_STATES, Some(reader.state.as_str())).map(move |(word, is)| (labels(word), is))
    });
    families.gauges(plain("vestibule_reader_state", "1 for the state that a reader is in."), state)?;
    let open = readers().map(|(labels, reader)| (labels, i64::from(reader.tampered == Some(true))));
    families.gauges(plain("vestibule_reader_tampered", "1 while a reader's housing is open."), open)?;
    let counts: [(&str, &str, Count); 5] = [
        ("vestibule_reader_answered", "Commands answered.", |reader| reader.answered),
        ("vestibule_reader_unanswered", "Commands without an answer in time.", |reader| reader.unanswered),
        ("vestibule_reader_channels", "Secure channels made.", |reader| reader.channels),
        ("vestibule_reader_clear_reads", "Cards and keys in clear text, ignored.", |reader| {
            reader.clear_reads
        }),
        ("vestibule_reader_distrusted", "Other frames that were not believed.", |reader| reader.distrusted),
    ];
    for (name, help, count) in counts {
        families.counters(plain(name, help), readers().map(|(labels, reader)| (labels, count(reader))))?;
    }
    Ok(())
}
