//! Key and certificate files: made whole or not at all, private where they must be, never overwritten unasked.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::ca::Existing;
use super::error::EnrollError;

/// What a service's own group may be given of a key, and no other.
const GROUP_MAY_READ: u32 = 0o040;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readable {
    /// Its owner only: keys.
    Owner,
    /// Everybody: certificates.
    All,
}

impl Readable {
    const fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::All => 0o644,
        }
    }
}

/// Makes the directory and its parents, closed to others.
pub(super) fn make_directory(path: &Path) -> Result<(), EnrollError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| EnrollError::MakeDirectory { path: path.to_owned(), source })
}

/// Largest file that is read, in bytes: a list of 10,000 revoked certificates has 500 KiB, anything else far less.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Reads a small text file.
pub(super) fn read(path: &Path) -> Result<String, EnrollError> {
    let failed = |source| EnrollError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text))
        .map_err(failed)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        let words = format!("it is larger than {FILE_BYTES_MAX} bytes");
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, words)));
    }
    Ok(text)
}

/// Writes the file under a temporary name, syncs it and puts it in place, so that a power cut leaves the old or the new one.
pub(super) fn write(
    path: &Path,
    text: &str,
    readable: Readable,
    existing: Existing,
) -> Result<(), EnrollError> {
    let failed = |source| EnrollError::Write { path: path.to_owned(), source };
    let temporary = temporary_beside(path);
    write_synced(&temporary, text, readable).map_err(failed)?;
    let placed = match existing {
        // A hard link fails when the name is taken, which a rename does not.
        Existing::Refuse => fs::hard_link(&temporary, path).and_then(|()| fs::remove_file(&temporary)),
        Existing::Replace => inherit(path, &temporary, readable).and_then(|()| fs::rename(&temporary, path)),
    };
    match placed {
        Ok(()) => sync_directory(path).map_err(failed),
        Err(source) => {
            // It may hold a key. If it cannot be removed either, the first error is what matters.
            fs::remove_file(&temporary).ok();
            if source.kind() == io::ErrorKind::AlreadyExists {
                return Err(EnrollError::Exists(path.to_owned()));
            }
            Err(failed(source))
        }
    }
}

fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    PathBuf::from(name)
}

fn write_synced(path: &Path, text: &str, readable: Readable) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(readable.mode()).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A renewed file stays with whom the old one was given to: a service reads its key again while it runs.
fn inherit(old: &Path, new: &Path, readable: Readable) -> io::Result<()> {
    let Ok(old) = fs::metadata(old) else { return Ok(()) };
    chown(new, Some(old.uid()), Some(old.gid()))?;
    let group = readable.mode() | GROUP_MAY_READ;
    fs::set_permissions(new, Permissions::from_mode(old.mode() & group | readable.mode()))
}

fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(parent)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_private_and_kept_when_it_exists() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        write(&path, "one", Readable::Owner, Existing::Refuse).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = write(&path, "two", Readable::Owner, Existing::Refuse);
        assert!(matches!(again, Err(EnrollError::Exists(at)) if at == path));
        assert_eq!(read(&path).unwrap(), "one");
        write(&path, "three", Readable::Owner, Existing::Replace).unwrap();
        assert_eq!(read(&path).unwrap(), "three");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_renewed_key_is_read_by_whom_the_old_one_was_given_to_and_by_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        write(&path, "one", Readable::Owner, Existing::Refuse).unwrap();
        for (given, kept) in [(0o640, 0o640), (0o600, 0o600), (0o666, 0o640)] {
            fs::set_permissions(&path, Permissions::from_mode(given)).unwrap();
            write(&path, "two", Readable::Owner, Existing::Replace).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, kept, "{given:o}");
        }
    }
}
