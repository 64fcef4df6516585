//! The building's durable record: journal, state rows and outbox in one redb file. The only user of redb.
//!
//! [`Store::open`] loads, [`Store::commit`] makes decisions durable, [`Store::reopen`] is the way back after an I/O error,
//! [`Reader`] reads the journal beside the writer, [`audit::verify`] says whether it is whole.
#![forbid(unsafe_code)]

pub mod audit;
mod backend;
mod backoff;
mod batch;
mod codec;
mod create;
pub mod fault;
mod file;
mod journal;
pub mod limits;
#[cfg(any(test, feature = "simulation"))]
pub mod memory;
mod meta;
pub mod migration;
mod open;
mod overlay;
mod pending;
mod place;
mod prune;
mod reader;
mod reopen;
mod rewind;
mod store;
pub mod tables;
mod write;

pub use batch::{Batch, Committed};
pub use codec::{ROW_VERSION, RowDamage};
pub use fault::Refused;
pub use file::DamagedRow;
pub use journal::{Head, JournalRow};
pub use meta::{FORMAT, Meta};
pub use open::{Loaded, OpenError, Opening, Origin};
pub use pending::Dropped;
pub use place::{DATABASE, Folder, Place, REWOUND, SET_ASIDE, UNFINISHED};
pub use prune::{Outlet, PruneError, Pruned, Retention};
pub use reader::{ReadError, Reader};
pub use reopen::{ReopenError, Reopened, Resumption};
pub use rewind::{Renewal, RenewalError, Snapshot, SnapshotError, renew};
pub use store::{CommitError, Store};

#[cfg(test)]
mod tests;
