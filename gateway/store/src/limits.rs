//! Every limit of the store, with its reason.

use vestibule_core::time::Millis;

/// Page cache in bytes. redb's own default is 1 GiB; state rows are held in memory anyway, so the cache serves the uplink's reading
/// of recent rows and the inner pages of the trees, and the kernel caches the file, too. Half of it may be a transaction's
/// pages, 64 of them: a parcel's commits have 14 each, a pruning 60.
pub const CACHE_BYTES: usize = 512 * 1024;

/// Events that wait in memory while the disk is away: more than a week of 100 parcels a day at ten rows each.
pub const WAITING_EVENTS_MAX: usize = 8_192;

/// Estimated bytes of waiting events: a quarter of the daemon's memory budget of 16 MB.
pub const WAITING_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Erased state rows that wait in memory while the disk is away. Living rows are bounded by the core's own limits;
/// erased ones grow with every unlock and every notice of the outage.
pub const WAITING_ERASURES_MAX: usize = 16_384;

/// First pause before the file is opened again after an I/O error: a passing bus error is over by then.
pub const REOPEN_FIRST: Millis = Millis(100);

/// Longest pause: a technician who swapped a cable sees the store return within half a minute.
pub const REOPEN_LONGEST: Millis = Millis(30_000);

/// Rows pruned in one transaction: a decision that comes meanwhile waits for one commit of some 60 pages.
pub const PRUNE_ROWS_MAX: u64 = 256;

/// Most rows of the journal, whatever their age: the start is measured with as many, and they have about 1 GB. A month
/// without the cloud in a building of 900 parcels a day makes a third of them.
pub const JOURNAL_ROWS_MAX: u64 = 1_000_000;

/// Rows read at once while the journal is verified; bounds memory to about a megabyte.
pub const VERIFY_PAGE_ROWS: usize = 1_024;

/// Findings kept by `verify`; more say no more about where it began.
pub const FINDINGS_MAX: usize = 1_000;

/// Damaged files kept beside the database; the oldest beyond that are removed so that a dying disk is not filled.
pub const SET_ASIDE_MAX: usize = 5;

/// Most bytes one read of the journal returns, whatever the caller asks for; one row is always returned.
pub const READ_BYTES_MAX: usize = 4 * 1024 * 1024;

const _: () = assert!(REOPEN_FIRST.0 < REOPEN_LONGEST.0);
const _: () = assert!(PRUNE_ROWS_MAX < JOURNAL_ROWS_MAX);
const _: () = assert!(VERIFY_PAGE_ROWS <= FINDINGS_MAX * 2);
