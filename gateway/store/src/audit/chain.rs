//! Following the chain row by row, and saying which row a broken link accuses.
//!
//! A link is broken when a row's `previoushash` is not the hash of the row before. One broken link accuses the row
//! before it. Two in a row accuse the one between them: its own `previoushash` was edited, so both its links broke.

use vestibule_contract::event::{hash, read_header};
use vestibule_core::unit::Digest;

use super::Finding;
use crate::journal::{Head, StoredRow};

/// Where the reading is.
pub(super) struct Chain {
    before: Head,
    /// The row before is known to be damaged already; a broken link to it says nothing new.
    accused: bool,
    /// A broken link whose accused depends on the next link.
    broken: Option<u64>,
}

impl Chain {
    pub(super) const fn behind(head: Head) -> Self {
        Self { before: head, accused: false, broken: None }
    }

    /// Checks the next row of the file; returns the hash of its bytes.
    pub(super) fn take(&mut self, row: &StoredRow, report: &mut dyn FnMut(Finding)) -> Digest {
        let hash = hash(&row.bytes);
        let expected = self.before.sequence + 1;
        if row.sequence > expected {
            self.settle(report);
            report(Finding::Missing { from: expected, to: row.sequence - 1 });
        }
        let fault = self.fault(row, hash);
        let adjacent = row.sequence == expected;
        let linked = read_header(&row.bytes).is_ok_and(|header| header.previous == self.before.hash);
        match (fault, adjacent && !linked) {
            (Some(finding), _) => {
                self.settle(report);
                report(finding);
                self.accused = true;
            }
            (None, true) => self.break_link(row.sequence, report),
            (None, false) => {
                self.settle(report);
                self.accused = false;
            }
        }
        self.before = Head { sequence: row.sequence, hash };
        hash
    }

    /// The last broken link accuses the row before it.
    pub(super) fn end(&mut self, report: &mut dyn FnMut(Finding)) {
        self.settle(report);
    }

    /// What is wrong with a row by itself.
    fn fault(&self, row: &StoredRow, hash: Digest) -> Option<Finding> {
        let sequence = row.sequence;
        match read_header(&row.bytes) {
            Err(_) => Some(Finding::Edited { sequence }),
            Ok(header) if header.sequence != sequence => {
                Some(Finding::Moved { sequence, belongs: header.sequence })
            }
            Ok(_) if hash != row.hash => Some(Finding::Edited { sequence }),
            Ok(_) => None,
        }
    }

    fn break_link(&mut self, sequence: u64, report: &mut dyn FnMut(Finding)) {
        match self.broken {
            // Both links of the row before are broken: it is the one.
            Some(_) => {
                self.broken = None;
                report(Finding::Edited { sequence: self.before.sequence });
                self.accused = true;
            }
            None if self.accused => self.accused = false,
            None => self.broken = Some(sequence),
        }
    }

    fn settle(&mut self, report: &mut dyn FnMut(Finding)) {
        if let Some(sequence) = self.broken.take() {
            report(Finding::Edited { sequence: sequence - 1 });
        }
    }
}
