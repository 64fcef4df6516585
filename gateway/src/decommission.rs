//! The end of a gateway: keys first, then everything else, and a mark that keeps it from starting again by itself.
//!
//! Nothing is overwritten: on flash that writes elsewhere. Without its key a code opens nothing, without its key a certificate is
//! nobody, and both keys have 256 bits; what is left of the database on a worn card are residents' names and times.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::readers::keys::PREFIX;

/// The mark's name in the state folder; the units look for it there, too.
pub const MARK: &str = "decommissioned";
/// Where the package keeps backups before an upgrade.
pub const UPGRADE_BACKUPS: &str = "/var/backups/vestibule";

/// Something could not be removed; what is named stays, and whoever asked must see to it.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {path}")]
pub struct RemoveError {
    /// What was tried.
    operation: &'static str,
    /// Of which file.
    path: PathBuf,
    /// Why.
    source: io::Error,
}

/// When this gateway was decommissioned, in the words of its mark.
#[must_use]
pub fn mark(state_dir: &Path) -> Option<String> {
    let text = crate::config::read_bounded(&state_dir.join(MARK), 1_024).ok()?;
    Some(text.trim().to_owned())
}

/// Takes the mark away: somebody enrols this gateway anew.
///
/// # Errors
/// The disk refuses.
pub fn lift(state_dir: &Path) -> io::Result<()> {
    match fs::remove_file(state_dir.join(MARK)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Sets the mark and removes these keys, then every other file of these folders; returns what was removed.
///
/// # Errors
/// [`RemoveError`] names the first file that stays; the mark is set before anything goes, so that asking again goes on.
pub fn destroy(
    state_dir: &Path,
    words: &str,
    keys: &[PathBuf],
    folders: &[PathBuf],
) -> Result<Vec<PathBuf>, RemoveError> {
    let failed = |operation, path: &Path| {
        let path = path.to_owned();
        move |source| RemoveError { operation, path, source }
    };
    let mark = state_dir.join(MARK);
    set(&mark, words).map_err(failed("write", &mark))?;
    let code_keys = files(state_dir).map_err(failed("list", state_dir))?;
    let is_key = |path: &PathBuf| ["code.key", PREFIX].iter().any(|prefix| name(path).starts_with(prefix));
    let code_keys = code_keys.into_iter().filter(is_key);
    let mut removed = Vec::new();
    for path in code_keys.chain(keys.iter().cloned()) {
        remove(&path, &mut removed).map_err(failed("remove", &path))?;
    }
    for folder in std::iter::once(state_dir).chain(folders.iter().map(PathBuf::as_path)) {
        for path in files(folder).map_err(failed("list", folder))? {
            if path != mark {
                remove(&path, &mut removed).map_err(failed("remove", &path))?;
            }
        }
        sync(folder).map_err(failed("sync", folder))?;
    }
    Ok(removed)
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn set(mark: &Path, words: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(mark)?;
    writeln!(file, "{words}")?;
    file.sync_all()?;
    mark.parent().map_or(Ok(()), sync)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn remove(path: &Path, removed: &mut Vec<PathBuf>) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => removed.push(path.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        folder => folder?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_record_go_and_the_mark_stays_until_it_is_lifted() {
        let root = tempfile::tempdir().unwrap();
        let (state, tls, backups) =
            (root.path().join("state"), root.path().join("tls"), root.path().join("none"));
        for folder in [&state, &tls] {
            fs::create_dir(folder).unwrap();
        }
        for file in ["code.key", "code.key.void-1", "reader-room.key", "vestibule.redb", "learned.toml"] {
            fs::write(state.join(file), file).unwrap();
        }
        fs::write(tls.join("gateway.key"), "key").unwrap();
        fs::write(tls.join("gateway.pem"), "certificate").unwrap();
        let key = tls.join("gateway.key");
        let removed = destroy(&state, "on a day", std::slice::from_ref(&key), &[backups]).unwrap();
        let keys = ["code.key", "code.key.void-1", "reader-room.key"].map(|name| state.join(name));
        assert_eq!(removed[..4], [&keys[..], &[key]].concat(), "keys first");
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1);
        assert!(tls.join("gateway.pem").exists(), "it is still to be revoked");
        assert_eq!(mark(&state).as_deref(), Some("on a day"));
        lift(&state).unwrap();
        assert_eq!(mark(&state), None);
    }
}
