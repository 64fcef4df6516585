//! The snapshot that everybody outside the engine reads.

use vestibule_core::unit::Digest;
use vestibule_core::view::View;

/// The newest durable journal row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its sequence.
    pub sequence: u64,
    /// Its hash.
    pub hash: Digest,
}

/// What the engine counts since the start of the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counters {
    /// Inputs decided.
    pub inputs: u64,
    /// Commits that became durable.
    pub commits: u64,
    /// Journal rows that became durable.
    pub rows: u64,
    /// Journal rows whose retention ended.
    pub rows_pruned: u64,
    /// Commits, prunings and reopenings that failed.
    pub storage_failures: u64,
    /// Unlock orders handed to the field.
    pub unlocks: u64,
    /// Unlocks that were not released because their intent could not be recorded.
    pub unlocks_withheld: u64,
    /// Inputs refused because their lane was full.
    pub inputs_refused: u64,
    /// Messages that a slow bus, uplink or console did not get.
    pub outgoing_dropped: u64,
    /// Length of the last step that made rows durable, in microseconds.
    pub last_commit_us: u64,
}

/// The public truth after a step, and how the engine is.
#[derive(Clone, Debug)]
pub struct Published {
    /// What the building looks like.
    pub view: View,
    /// The newest durable row, if there is one.
    pub head: Option<Head>,
    /// Rows that wait in memory for the disk; 0 while the disk is well, riders apart.
    pub waiting_rows: u64,
    /// The newest row that the cloud acknowledged; none before the first.
    pub acknowledged: Option<u64>,
    /// Notices that the notifier has not acknowledged yet.
    pub waiting_notices: usize,
    /// What is counted.
    pub counters: Counters,
}
