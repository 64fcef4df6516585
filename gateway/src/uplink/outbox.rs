//! The journal as the uplink reads it.

use vestibule_store::{JournalRow, ReadError, Reader};

/// About how many bytes one read takes at most: rows are a few hundred bytes, and at most 8 KiB.
const READ_BYTES_MAX: usize = 256 * 1024;

/// Reading the journal failed; it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// Where to begin is not known.
    #[error("read what the cloud acknowledged")]
    Acknowledged(#[source] ReadError),
    /// The rows could not be read.
    #[error("read journal rows after {after}")]
    Rows {
        /// The sequence that was read from.
        after: u64,
        /// What the store says.
        #[source]
        source: ReadError,
    },
}

/// A source of durable rows. May block for a disk's time; it is called from a thread that may.
pub trait Outbox: Send + Sync + 'static {
    /// The newest sequence that the cloud acknowledged, as far as it is durable; 0 if there is none.
    ///
    /// # Errors
    /// [`OutboxError`] if the journal cannot be read now.
    fn acknowledged(&self) -> Result<u64, OutboxError>;

    /// At most `max` rows after a sequence, in order and without a gap; one at least if there is one.
    ///
    /// # Errors
    /// [`OutboxError`] if the journal cannot be read now.
    fn rows_after(&self, sequence: u64, max: usize) -> Result<Vec<JournalRow>, OutboxError>;
}

impl Outbox for Reader {
    fn acknowledged(&self) -> Result<u64, OutboxError> {
        let acknowledged = Self::acknowledged(self).map_err(OutboxError::Acknowledged)?;
        Ok(acknowledged.map_or(0, |head| head.sequence))
    }

    fn rows_after(&self, sequence: u64, max: usize) -> Result<Vec<JournalRow>, OutboxError> {
        Self::rows_after(self, sequence, max, READ_BYTES_MAX)
            .map_err(|source| OutboxError::Rows { after: sequence, source })
    }
}
