//! What can go wrong below the store, in three kinds that are handled differently; panics of redb are among them.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::{DatabaseError, StorageError};
use vestibule_core::id::BuildingId;

/// A failed operation on the database file.
#[derive(Debug)]
pub enum Fault {
    /// There is no file.
    Missing,
    /// Another process holds the file.
    Locked,
    /// The disk refuses; the file may be whole. Trying again later may help.
    Disk(String),
    /// The content is not what this program writes. Trying again does not help.
    Damaged(String),
    /// The file is whole and not for this program.
    Refused(Refused),
}

/// Why a whole file is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is another building's record.
    #[error("the database belongs to building {found}, and this is {expected}")]
    OtherBuilding {
        /// Whose it is.
        found: BuildingId,
        /// Who we are.
        expected: BuildingId,
    },
    /// A newer program wrote it.
    #[error(
        "the database has format {found}, and this program knows formats up to {known}; it is left as it is: \
         install the newer version again, or restore the state that was kept before the upgrade (/var/backups/vestibule)"
    )]
    NewerFormat {
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
}

impl Fault {
    /// A fault of a file operation.
    #[must_use]
    pub fn of_file(operation: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            // Without a number of the operating system, the file was read and does not make sense.
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput
                if error.raw_os_error().is_none() =>
            {
                Self::Damaged(format!("{operation}: {error}"))
            }
            _ => Self::Disk(format!("{operation}: {error}")),
        }
    }

    /// A fault of a redb operation.
    #[must_use]
    pub fn of_redb(operation: &str, error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::Locked,
            redb::Error::Io(error) => Self::of_file(operation, &error),
            error @ (redb::Error::PreviousIo
            | redb::Error::DatabaseClosed
            | redb::Error::LockPoisoned(_)
            | redb::Error::Unsupported) => Self::Disk(format!("{operation}: {error}")),
            error => Self::Damaged(format!("{operation}: {error}")),
        }
    }

    /// Turns any of redb's errors into a fault, naming the operation.
    pub fn at<E: Into<redb::Error>>(operation: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::of_redb(operation, error.into())
    }

    /// What happened, for a person.
    #[must_use]
    pub fn into_text(self) -> String {
        match self {
            Self::Missing => "there is no database file".into(),
            Self::Locked => "another process holds the database file".into(),
            Self::Disk(text) | Self::Damaged(text) => text,
            Self::Refused(refused) => refused.to_string(),
        }
    }
}

/// Runs an operation; a panic in it (redb asserts on some damaged pages) becomes damage instead of ending the daemon.
///
/// # Errors
/// The operation's own fault, or `Damaged` for a panic.
pub fn contained<T>(operation: &str, run: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no text");
        Err(Fault::Damaged(format!("{operation}: the database asserts: {said}")))
    })
}

// A missing file is told apart from other I/O errors by the operation that opens it, never by redb.
impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        Self::of_redb("read the database", error.into())
    }
}

impl From<DatabaseError> for Fault {
    fn from(error: DatabaseError) -> Self {
        Self::of_redb("open the database", error.into())
    }
}
