//! The journal as the uplink reads it.

use std::sync::Arc;

use vestibule_core::unit::Digest;

/// A durable row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its sequence, gap-free from 1 per epoch.
    pub sequence: u64,
    /// SHA-256 over `bytes`.
    pub hash: Digest,
    /// CloudEvents type, e.g. `parcel.stored`.
    pub event_type: Box<str>,
    /// The document as stored.
    pub bytes: Arc<[u8]>,
}

/// Reading the journal failed; it is tried again.
#[derive(Debug, thiserror::Error)]
#[error("read journal rows after {after}: {reason}")]
pub struct OutboxError {
    /// The sequence that was read from.
    pub after: u64,
    /// What the store says.
    pub reason: String,
}

/// A source of durable rows. May block for a disk's time; it is called from a thread that may.
pub trait Outbox: Send + Sync + 'static {
    /// The newest sequence that the cloud acknowledged, as far as it is durable; 0 if there is none.
    ///
    /// # Errors
    /// [`OutboxError`] if the journal cannot be read now.
    fn acknowledged(&self) -> Result<u64, OutboxError>;

    /// At most `max` rows after a sequence, in order and without a gap.
    ///
    /// # Errors
    /// [`OutboxError`] if the journal cannot be read now.
    fn rows_after(&self, sequence: u64, max: usize) -> Result<Vec<OutboxRow>, OutboxError>;
}
