//! Files that a power cut leaves as they were or as they are to be: written beside their place under another name, synced, put there
//! in one step, and their folder synced after them.
//!
//! Whoever writes one place is alone with it (a lock, or one process): two at a time would throw away each other's beginning.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Mode of a file for its user alone.
pub const PRIVATE: u32 = 0o600;
/// Mode of a file that everybody may read.
pub const PUBLIC: u32 = 0o644;

/// What failed, and where.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {}", path.display())]
pub struct DurableError {
    /// What was to be done.
    pub operation: &'static str,
    /// With what.
    pub path: PathBuf,
    /// Why it was not.
    pub source: io::Error,
}

impl From<DurableError> for io::Error {
    /// The system's reason alone, for callers that name the operation themselves.
    fn from(error: DurableError) -> Self {
        error.source
    }
}

fn failed<'a>(operation: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> DurableError + 'a {
    move |source| DurableError { operation, path: path.to_owned(), source }
}

/// A file that is not in its place yet. One that is dropped instead goes away.
#[derive(Debug)]
pub struct Unfinished {
    file: File,
    /// Where it lies until it is finished; empty once it is in its place.
    at: PathBuf,
    place: PathBuf,
}

impl Unfinished {
    /// Begins what is to be `place`, readable as `mode` says and the process allows. What a power cut left of an earlier beginning
    /// is thrown away: it may be somebody else's, or open to others.
    ///
    /// # Errors
    /// [`DurableError`].
    pub fn beside(place: &Path, mode: u32) -> Result<Self, DurableError> {
        let mut name = OsString::from(place);
        name.push(".new");
        let at = PathBuf::from(name);
        match fs::remove_file(&at) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("make", &at)(error)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(mode).open(&at).map_err(failed("make", &at))?;
        Ok(Self { file, at, place: place.to_owned() })
    }

    /// Writes `bytes` after what was written.
    ///
    /// # Errors
    /// [`DurableError`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DurableError> {
        self.file.write_all(bytes).map_err(failed("write", &self.at))
    }

    /// The open file, to be given to its owner.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// Puts it in its place, over what is there; on the disk when this returns.
    ///
    /// # Errors
    /// [`DurableError`]: what was there is whole; only where the folder could not be synced it may be either.
    pub fn finish(mut self) -> Result<(), DurableError> {
        self.file.sync_all().map_err(failed("sync", &self.at))?;
        fs::rename(&self.at, &self.place).map_err(failed("rename", &self.at))?;
        self.at.clear();
        self.place.parent().map_or(Ok(()), sync_folder)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It may hold a key. If it cannot be removed, the error that brought us here is what matters.
        if !self.at.as_os_str().is_empty() {
            fs::remove_file(&self.at).ok();
        }
    }
}

/// Puts `bytes` in `place` in one step; on the disk when this returns.
///
/// # Errors
/// [`DurableError`]: what was there is whole; only where the folder could not be synced it may be either.
pub fn replace(place: &Path, mode: u32, bytes: &[u8]) -> Result<(), DurableError> {
    let mut file = Unfinished::beside(place, mode)?;
    file.write(bytes)?;
    file.finish()
}

/// Makes names in a folder durable: a rename is not, until then.
///
/// # Errors
/// [`DurableError`].
pub fn sync_folder(folder: &Path) -> Result<(), DurableError> {
    // The folder of a bare name is the one we are in.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|open| open.sync_all()).map_err(failed("sync", folder))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<OsString> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn file_is_replaced_whole_with_its_mode_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.key");
        fs::write(folder.path().join("a.key.new"), "half of an earlier one, for everybody").unwrap();
        replace(&place, PRIVATE, b"one").unwrap();
        replace(&place, PRIVATE, b"two").unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"two");
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, PRIVATE);
        assert_eq!(names(folder.path()), ["a.key"]);
    }

    #[test]
    fn place_is_as_it_was_when_the_file_is_not_finished() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("seal.json");
        replace(&place, PRIVATE, b"whole").unwrap();
        let mut unfinished = Unfinished::beside(&place, PRIVATE).unwrap();
        unfinished.write(b"ha").unwrap();
        assert_eq!(names(folder.path()), ["seal.json", "seal.json.new"]);
        drop(unfinished);
        assert_eq!(names(folder.path()), ["seal.json"]);
        assert_eq!(fs::read(&place).unwrap(), b"whole");
    }

    #[test]
    fn error_names_the_operation_and_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = replace(&folder.path().join("none/a"), PUBLIC, b"").unwrap_err();
        assert_eq!((error.operation, error.source.kind()), ("make", io::ErrorKind::NotFound));
        assert!(error.path.ends_with("none/a.new"));
        fs::create_dir_all(folder.path().join("taken/within")).unwrap();
        let error = replace(&folder.path().join("taken"), PUBLIC, b"").unwrap_err();
        assert_eq!(error.operation, "rename");
        assert_eq!(names(folder.path()), ["taken"], "what could not be placed goes away");
    }
}
