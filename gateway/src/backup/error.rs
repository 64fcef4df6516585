//! What can go wrong with a backup, one variant an operation.

use std::io;
use std::path::PathBuf;

use vestibule_store::{RenewalError, SnapshotError};

use crate::durable::DurableError;

/// A backup was not made, or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file exists already.
    #[error("{0} exists; a backup never replaces one")]
    Exists(PathBuf),
    /// Others could read or exchange the file there.
    #[error(
        "{path} is no place for a backup: {why}. It holds private keys and residents' names; choose a folder of your own"
    )]
    OpenPlace {
        /// The file.
        path: PathBuf,
        /// What is wrong with the place.
        why: String,
    },
    /// The backup cannot be read or written.
    #[error("{operation} {path}")]
    File {
        /// What was tried.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what was written: nothing is restored.
    #[error("{path} is not a whole backup: {why}")]
    NotWhole {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// Its state cannot be used here.
    #[error("the backup's state cannot be used")]
    State(#[from] SnapshotError),
    /// It is another building's.
    #[error("the backup is of building {found}, and this is {expected}")]
    OtherBuilding {
        /// Whose it is.
        found: String,
        /// Who we are.
        expected: String,
    },
    /// The new record could not be made; the present one is as it was.
    #[error(transparent)]
    Renew(#[from] RenewalError),
}

impl From<DurableError> for BackupError {
    fn from(DurableError { operation, path, source }: DurableError) -> Self {
        Self::File { operation, path, source }
    }
}
