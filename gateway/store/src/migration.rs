//! Numbered steps from one file format to the next.
//!
//! Format 1 is the first; there are no steps yet. A new format adds one arm to [`plan`] and one function that changes
//! the file in a single transaction.

use crate::meta::FORMAT;

/// What is to be done with a file of some format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: it is the format this program writes.
    Use,
    /// Refuse: a newer program wrote it, and its rows may mean something else.
    RefuseNewer,
    /// Refuse: no program ever wrote it.
    RefuseUnknown,
}

/// Decides by the format alone.
#[must_use]
pub const fn plan(format: u32) -> Plan {
    match format {
        0 => Plan::RefuseUnknown,
        FORMAT => Plan::Use,
        _ => Plan::RefuseNewer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_refused_when_its_format_is_not_known() {
        assert_eq!(plan(0), Plan::RefuseUnknown);
        assert_eq!(plan(FORMAT), Plan::Use);
        assert_eq!(plan(FORMAT + 1), Plan::RefuseNewer);
    }
}
