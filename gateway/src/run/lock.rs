//! One daemon on one state folder.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// Why the state folder is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It cannot be made or opened.
    #[error("open the state folder {}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another daemon holds it.
    #[error("lock the state folder {}: another vestibule runs on it", folder.display())]
    Taken {
        /// The folder.
        folder: PathBuf,
    },
    /// The file system cannot lock.
    #[error("lock the state folder {}", folder.display())]
    Lock {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A state folder that is ours until this is dropped, or the process dies.
#[derive(Debug)]
pub struct StateFolder {
    /// Held for its lock.
    _folder: File,
}

impl StateFolder {
    /// Makes the folder if it is missing, and locks it. The folder itself is locked: that works on a full disk too.
    ///
    /// # Errors
    /// [`LockError`] names the folder and what is wrong.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Folder { folder: path.into(), source };
        if !path.is_dir() {
            std::fs::create_dir_all(path).map_err(failed)?;
        }
        let folder = File::open(path).map_err(failed)?;
        match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _folder: folder }),
            Err(Errno::WOULDBLOCK) => Err(LockError::Taken { folder: path.into() }),
            Err(errno) => Err(LockError::Lock { folder: path.into(), source: errno.into() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_daemon_is_refused_until_the_first_is_gone() {
        let parent = tempfile::tempdir().expect("folder");
        let path = parent.path().join("state");
        let first = StateFolder::take(&path).expect("free");
        assert!(matches!(StateFolder::take(&path), Err(LockError::Taken { .. })));
        drop(first);
        assert!(StateFolder::take(&path).is_ok());
    }
}
