//! What one commit makes durable, all of it or nothing.

use vestibule_core::event::Event;
use vestibule_core::row::{Row, RowKey};

use crate::journal::JournalRow;

/// Changes for one transaction: of one decision, or of many decisions as a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// State rows that changed, with `None` for those that are gone; a later entry of the same key wins.
    pub rows: Vec<(RowKey, Option<Row>)>,
    /// Facts for the journal, in order.
    pub events: Vec<Event>,
}

/// What a commit made durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The new rows of the journal, in order.
    pub rows: Vec<JournalRow>,
}

impl Batch {
    /// Whether anything is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.events.is_empty()
    }

    /// Puts a later batch behind this one.
    pub fn extend(&mut self, later: Self) {
        self.rows.extend(later.rows);
        self.events.extend(later.events);
    }
}
