//! The seal of a commissioned site, and every time somebody broke it to pulse or set boards past the daemon.
//!
//! It is kept twice, in the state folder and in the mark's folder beside it, and each copy tells when the other is gone. Breaks
//! that the journal does not know yet wait here until the daemon has recorded them. Who is root can remove both copies: then
//! the site reads as never commissioned, which `vestibule status` and the next walk say.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::run::mark_folder;

const FILE: &str = "seal.json";
const BYTES_MAX: u64 = 256 * 1024;
/// Breaks that are kept; older ones are in the journal.
const BREAKS_MAX: usize = 200;

/// Why the seal cannot be kept; nothing may be pulsed then.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {}: {source}", path.display())]
pub struct SealError {
    operation: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// A commissioned site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Who walked it first, as `os:{user}`.
    pub by: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Every break that is kept, oldest first.
    pub breaks: Vec<Break>,
}

/// Somebody pulsed or set boards past the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// Who, as `os:{user}`.
    pub by: String,
    /// The second person, where an occupied door was to be moved.
    pub second: Option<String>,
    /// When, in milliseconds since 1970, by this computer's clock.
    pub at: i64,
    /// Why, in their words.
    pub reason: String,
    /// Whether the journal has it.
    pub told: bool,
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> SealError {
    move |source| SealError { operation, path: path.to_owned(), source }
}

fn copies(state_dir: &Path) -> Vec<PathBuf> {
    std::iter::once(state_dir.to_owned())
        .chain(mark_folder(state_dir))
        .map(|folder| folder.join(FILE))
        .collect()
}

fn read(path: &Path) -> Option<Seal> {
    let text = crate::config::read_bounded(path, BYTES_MAX).ok()?;
    serde_json::from_str(&text).ok()
}

impl Seal {
    /// The seal of a site, as both copies together tell; none for a site that was never commissioned.
    #[must_use]
    pub fn of(state_dir: &Path) -> Option<Self> {
        let mut all = copies(state_dir).into_iter().filter_map(|path| read(&path));
        let mut seal = all.next()?;
        for other in all {
            for one in other.breaks {
                match seal.breaks.iter_mut().find(|known| (known.at, &known.by) == (one.at, &one.by)) {
                    Some(known) => known.told |= one.told,
                    None => seal.breaks.push(one),
                }
            }
        }
        seal.breaks.sort_by_key(|one| one.at);
        Some(seal)
    }

    /// Whether exactly one copy is there: somebody, or a failing disk, took the other.
    #[must_use]
    pub fn copy_is_gone(state_dir: &Path) -> bool {
        let there = copies(state_dir).iter().filter(|path| read(path).is_some()).count();
        there > 0 && there < copies(state_dir).len()
    }

    /// Writes both copies, each in one step.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn write(&self, state_dir: &Path) -> Result<(), SealError> {
        let mut kept = self.clone();
        kept.breaks.drain(..kept.breaks.len().saturating_sub(BREAKS_MAX));
        for path in copies(state_dir) {
            let text = serde_json::to_vec(&kept).map_err(|error| failed("write", &path)(error.into()))?;
            let Some(folder) = path.parent() else { continue };
            fs::create_dir_all(folder).map_err(failed("create", folder))?;
            let unfinished = folder.join("seal.json.new");
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&unfinished)
                .map_err(failed("write", &unfinished))?;
            // The daemon, which marks what it told, owns the folder; a file of root's in it would be closed to it.
            give_to_owner(&file, folder);
            let written = file.write_all(&text).and_then(|()| file.sync_all());
            written.map_err(failed("write", &unfinished))?;
            fs::rename(&unfinished, &path).map_err(failed("replace", &path))?;
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))?;
        }
        Ok(())
    }

    /// Adds a break; on the disk when this returns.
    ///
    /// # Errors
    /// [`SealError`]: nothing may be moved then.
    pub fn record(state_dir: &Path, one: Break) -> Result<(), SealError> {
        let Some(mut seal) = Self::of(state_dir) else { return Ok(()) };
        seal.breaks.push(one);
        seal.write(state_dir)
    }

    /// Breaks that the journal does not have yet.
    pub fn untold(&self) -> impl Iterator<Item = &Break> {
        self.breaks.iter().filter(|one| !one.told)
    }

    /// Marks these as told.
    ///
    /// # Errors
    /// [`SealError`]; they are told again at the next start.
    pub fn mark_told(state_dir: &Path, told: &[Break]) -> Result<(), SealError> {
        let Some(mut seal) = Self::of(state_dir) else { return Ok(()) };
        for one in &mut seal.breaks {
            one.told |= told.iter().any(|told| (told.at, &told.by) == (one.at, &one.by));
        }
        seal.write(state_dir)
    }
}

/// Gives a file to whom its folder belongs. Only root can; for others it is theirs anyway.
fn give_to_owner(file: &File, folder: &Path) {
    use std::os::unix::fs::MetadataExt as _;
    if let Ok(owner) = fs::metadata(folder) {
        let (uid, gid) = (owner.uid(), owner.gid());
        std::os::unix::fs::fchown(file, Some(uid), Some(gid)).unwrap_or(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        fs::create_dir(&state).unwrap();
        (folder, state)
    }

    fn broken(at: i64) -> Break {
        Break { by: "os:eve".into(), second: None, at, reason: "lock of A3".into(), told: false }
    }

    fn sealed(state: &Path) {
        Seal { by: "os:anna".into(), at: 1, breaks: Vec::new() }.write(state).unwrap();
    }

    #[test]
    fn break_is_known_also_when_one_copy_is_taken_away() {
        for taken in 0..2 {
            let (_folder, state) = site();
            sealed(&state);
            Seal::record(&state, broken(2)).unwrap();
            assert!(!Seal::copy_is_gone(&state));
            fs::remove_file(&copies(&state)[taken]).unwrap();
            assert!(Seal::copy_is_gone(&state));
            let seal = Seal::of(&state).unwrap();
            assert_eq!(seal.untold().cloned().collect::<Vec<_>>(), [broken(2)]);
        }
    }

    #[test]
    fn break_is_known_also_when_an_older_copy_is_put_back() {
        let (_folder, state) = site();
        sealed(&state);
        let before = fs::read(&copies(&state)[0]).unwrap();
        Seal::record(&state, broken(2)).unwrap();
        fs::write(&copies(&state)[0], before).unwrap();
        assert_eq!(Seal::of(&state).unwrap().untold().count(), 1);
        Seal::mark_told(&state, &[broken(2)]).unwrap();
        assert_eq!(Seal::of(&state).unwrap().untold().count(), 0);
    }

    #[test]
    fn site_that_was_never_commissioned_has_no_seal_to_break() {
        let (_folder, state) = site();
        Seal::record(&state, broken(2)).unwrap();
        assert_eq!(Seal::of(&state), None);
    }
}
