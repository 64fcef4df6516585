//! The key all pickup codes are derived from: made at the first start, read at every other. No state of its file stops
//! the boot: without it a new one is made, the old codes are void, and whoever waits for a parcel is told a new one.

use std::fs::{self, File, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use vestibule_core::building::CodeKey;
use vestibule_core::input::KeyState;
use zeroize::Zeroizing;

use crate::durable;
use crate::supervise::Chain;

/// Its name in the state folder.
const FILE: &str = "code.key";
/// A file that could not be used is kept under this name and the date.
const SET_ASIDE: &str = "code.key.damaged-";
/// A key of which no code counts any more is kept under this name and the date.
const VOID: &str = "code.key.void-";
/// Only the service's own user.
const MODE: u32 = 0o600;
/// What nobody else may do with it.
const OTHERS: u32 = 0o077;
/// Its length in bytes.
const BYTES: usize = 32;

/// Why the file is not the key.
#[derive(Debug, thiserror::Error)]
enum KeyError {
    /// The file does not hold what was written.
    #[error("read {}: it holds {found} bytes instead of {BYTES}", file.display())]
    Length {
        /// The file.
        file: PathBuf,
        /// Bytes found; one more than allowed stands for all that is longer.
        found: usize,
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

/// Reads the key, or takes `fresh` as the new one if there is none that can be read. A new key is on the disk when it is
/// returned, unless the disk refuses, which is logged.
pub fn code_key(folder: &Path, fresh: Zeroizing<[u8; BYTES]>) -> (CodeKey, KeyState) {
    let file = folder.join(FILE);
    match File::open(&file) {
        Ok(opened) => match read(&file, opened) {
            Ok(key) => return (key, KeyState::Kept),
            Err(error) => set_aside(&file, &error),
        },
        Err(source) if source.kind() == io::ErrorKind::NotFound => {}
        Err(source) => set_aside(&file, &KeyError::Io { operation: "open", file: file.clone(), source }),
    }
    match durable::replace(&file, MODE, &fresh[..]) {
        Ok(()) => tracing::info!(file = %file.display(), "made the key of all pickup codes; back it up"),
        Err(error) => tracing::error!(
            error = %Chain(&error),
            "the key of all pickup codes cannot be written; codes told from now on are void with the next start"
        ),
    }
    (CodeKey(*fresh), KeyState::Renewed)
}

fn read(file: &Path, opened: File) -> Result<CodeKey, KeyError> {
    let failed = |operation| move |source| KeyError::Io { operation, file: file.into(), source };
    let mode = opened.metadata().map_err(failed("inspect"))?.mode() & 0o777;
    if mode & OTHERS != 0 {
        close(file, &opened, mode);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES + 1));
    let most = u64::try_from(BYTES).unwrap_or(u64::MAX) + 1;
    opened.take(most).read_to_end(&mut bytes).map_err(failed("read"))?;
    match <[u8; BYTES]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(CodeKey(key)),
        Err(_) => Err(KeyError::Length { file: file.into(), found: bytes.len() }),
    }
}

/// Others could read it: that is no reason to make every code void, and somebody must judge who those others are.
fn close(file: &Path, opened: &File, mode: u32) {
    let closed = opened.set_permissions(Permissions::from_mode(MODE)).err();
    tracing::error!(
        file = %file.display(),
        mode = format!("{mode:o}"),
        error = closed.map(|error| error.to_string()),
        "other users of this computer could read the key of all pickup codes; if one may have, stop the daemon, \
         remove the file and start again: everybody is then told a new code"
    );
}

/// Keeps what cannot be used as evidence, and says what it means for the building.
fn set_aside(file: &Path, error: &KeyError) {
    let date = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let aside = file.with_file_name(format!("{SET_ASIDE}{date}"));
    let kept = match fs::rename(file, &aside) {
        Ok(()) => format!("kept as {}", aside.display()),
        Err(error) => format!("not kept: {error}"),
    };
    tracing::error!(
        error = %Chain(error),
        file = kept,
        "the key of all pickup codes cannot be used and a new one is made"
    );
}

/// Takes the key out of use and keeps it under a dated name: the next start makes a new one, and every code told before is
/// void.
///
/// # Errors
/// The disk refuses; the key is then still in use.
pub fn void(folder: &Path) -> io::Result<()> {
    let file = folder.join(FILE);
    let date = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%fZ");
    match fs::rename(&file, file.with_file_name(format!("{VOID}{date}"))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => File::open(folder)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(folder: &Path, fresh: u8) -> ([u8; BYTES], KeyState) {
        let (key, state) = code_key(folder, Zeroizing::new([fresh; BYTES]));
        (key.0, state)
    }

    fn aside(folder: &Path) -> Vec<Vec<u8>> {
        let entries = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path());
        let damaged = entries.filter(|path| path.display().to_string().contains(SET_ASIDE));
        damaged.map(|path| fs::read(path).unwrap_or_default()).collect()
    }

    #[test]
    fn key_is_made_once_and_read_ever_after() {
        let folder = tempfile::tempdir().expect("folder");
        assert_eq!(key(folder.path(), 1), ([1; BYTES], KeyState::Renewed));
        assert_eq!(key(folder.path(), 2), ([1; BYTES], KeyState::Kept));
        let mode = fs::metadata(folder.path().join(FILE)).expect("file").mode() & 0o777;
        assert_eq!(mode, MODE);
    }

    #[test]
    fn damaged_file_is_kept_aside_and_a_new_key_stays_when_it_is_cut_or_too_long() {
        for damaged in [Vec::new(), vec![7; 31], vec![7; 33]] {
            let folder = tempfile::tempdir().expect("folder");
            fs::write(folder.path().join(FILE), &damaged).expect("write");
            assert_eq!(key(folder.path(), 2), ([2; BYTES], KeyState::Renewed));
            assert_eq!(aside(folder.path()), [damaged]);
            assert_eq!(key(folder.path(), 3), ([2; BYTES], KeyState::Kept));
        }
    }

    #[test]
    fn new_key_is_made_when_the_name_is_not_a_file() {
        let folder = tempfile::tempdir().expect("folder");
        fs::create_dir(folder.path().join(FILE)).expect("make");
        assert_eq!(key(folder.path(), 2), ([2; BYTES], KeyState::Renewed));
        assert_eq!(aside(folder.path()).len(), 1);
        assert_eq!(key(folder.path(), 3), ([2; BYTES], KeyState::Kept));
    }

    #[test]
    fn key_of_this_start_is_a_passing_one_when_none_can_be_written() {
        let folder = tempfile::tempdir().expect("folder");
        let gone = folder.path().join("gone");
        assert_eq!(key(&gone, 2), ([2; BYTES], KeyState::Renewed));
        assert_eq!(key(&gone, 3), ([3; BYTES], KeyState::Renewed));
    }

    #[test]
    fn key_is_closed_to_others_and_used_when_it_was_open() {
        let folder = tempfile::tempdir().expect("folder");
        key(folder.path(), 1);
        let file = folder.path().join(FILE);
        fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("mode");
        assert_eq!(key(folder.path(), 2), ([1; BYTES], KeyState::Kept));
        assert_eq!(fs::metadata(&file).expect("file").mode() & 0o777, MODE);
    }

    #[test]
    fn key_is_made_when_a_power_cut_left_an_unfinished_one() {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("code.key.new"), "half").expect("write");
        assert_eq!(key(folder.path(), 3), ([3; BYTES], KeyState::Renewed));
    }
}
