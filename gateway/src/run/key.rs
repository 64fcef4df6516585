//! The key all pickup codes are derived from: made at the first start, read at every other.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use vestibule_core::building::CodeKey;
use zeroize::Zeroizing;

/// Its name in the state folder.
const FILE: &str = "code.key";
/// Only the service's own user.
const MODE: u32 = 0o600;
/// Its length in bytes.
const BYTES: usize = 32;

/// Why there is no code key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file does not hold what was written.
    #[error("read {}: it holds {found} bytes instead of {BYTES}; restore it from the backup", file.display())]
    Length {
        /// The file.
        file: PathBuf,
        /// Bytes found.
        found: usize,
    },
    /// Others can read it.
    #[error("read {}: its mode is {mode:o}; other users may have read it: make it {MODE:o} and renew the codes", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The disk or the system refuses.
    #[error("{operation} {}", file.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Reads the key, or makes it from `fresh` if there is none. A key that was returned is on the disk.
///
/// # Errors
/// [`KeyError`] names the file and what is wrong with it.
pub fn code_key(folder: &Path, fresh: Zeroizing<[u8; BYTES]>) -> Result<CodeKey, KeyError> {
    let file = folder.join(FILE);
    match File::open(&file) {
        Ok(opened) => read(&file, opened),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(folder, &file, &fresh),
        Err(source) => Err(KeyError::Io { operation: "open", file, source }),
    }
}

fn read(file: &Path, opened: File) -> Result<CodeKey, KeyError> {
    let failed = |operation| move |source| KeyError::Io { operation, file: file.into(), source };
    let mode = opened.metadata().map_err(failed("inspect"))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Open { file: file.into(), mode });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES + 1));
    let most = u64::try_from(BYTES).unwrap_or(u64::MAX) + 1;
    opened.take(most).read_to_end(&mut bytes).map_err(failed("read"))?;
    match <[u8; BYTES]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(CodeKey(key)),
        Err(_) => Err(KeyError::Length { file: file.into(), found: bytes.len() }),
    }
}

/// Written under another name, synced and renamed, so that no power cut leaves half a key under the real one.
fn make(folder: &Path, file: &Path, fresh: &[u8; BYTES]) -> Result<CodeKey, KeyError> {
    let failed = |operation| move |source| KeyError::Io { operation, file: file.into(), source };
    let unfinished = file.with_extension("key.new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("make")(error)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut made =
        options.write(true).create_new(true).mode(MODE).open(&unfinished).map_err(failed("make"))?;
    made.write_all(fresh).map_err(failed("write"))?;
    made.sync_all().map_err(failed("sync"))?;
    fs::rename(&unfinished, file).map_err(failed("rename"))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync the folder of"))?;
    tracing::info!(file = %file.display(), "made the key of all pickup codes; back it up");
    Ok(CodeKey(*fresh))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn key(folder: &Path, fresh: u8) -> Result<[u8; BYTES], KeyError> {
        code_key(folder, Zeroizing::new([fresh; BYTES])).map(|key| key.0)
    }

    #[test]
    fn key_is_made_once_and_read_ever_after() {
        let folder = tempfile::tempdir().expect("folder");
        assert_eq!(key(folder.path(), 1).expect("made"), [1; BYTES]);
        assert_eq!(key(folder.path(), 2).expect("read"), [1; BYTES]);
        let mode = fs::metadata(folder.path().join(FILE)).expect("file").mode() & 0o777;
        assert_eq!(mode, MODE);
    }

    #[test]
    fn key_is_refused_when_cut_or_open_to_others() {
        let folder = tempfile::tempdir().expect("folder");
        key(folder.path(), 1).expect("made");
        let file = folder.path().join(FILE);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("mode");
        assert!(matches!(key(folder.path(), 2), Err(KeyError::Open { mode: 0o644, .. })));
        fs::remove_file(&file).expect("remove");
        OpenOptions::new().write(true).create_new(true).mode(MODE).open(&file).expect("make");
        assert!(matches!(key(folder.path(), 2), Err(KeyError::Length { found: 0, .. })));
    }

    #[test]
    fn key_is_made_when_a_power_cut_left_an_unfinished_one() {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("code.key.new"), "half").expect("write");
        assert_eq!(key(folder.path(), 3).expect("made"), [3; BYTES]);
    }
}
