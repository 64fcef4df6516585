//! The seal of a commissioned site, and every time somebody broke it to pulse or set boards past the daemon.
//!
//! It is kept twice, in the state folder and in the mark's folder beside it, and each copy tells when the other is gone. Breaks
//! that the journal does not know yet wait here until the daemon has recorded them. Who is root can remove both copies: then
//! the site reads as never commissioned, which `vestibule status` and the next walk say.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::run::mark_folder;

const FILE: &str = "seal.json";
const LOCK: &str = "seal.lock";
/// Largest file of a seal, in bytes: every break that is kept at its usual length, and far more than a person writes.
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

/// One copy; none where there is no file. A copy that cannot be read is no reason to believe that there is no seal.
fn read(path: &Path) -> Result<Option<Seal>, SealError> {
    let text = match crate::config::read_bounded(path, BYTES_MAX) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read the seal", path)(error)),
    };
    serde_json::from_str(&text).map(Some).map_err(|error| failed("understand the seal", path)(error.into()))
}

/// Held while the seal is read and written anew: breaks of two at a time are both kept.
struct Held {
    _threads: MutexGuard<'static, ()>,
    _processes: File,
}

fn hold(state_dir: &Path) -> Result<Held, SealError> {
    static THREADS: Mutex<()> = Mutex::new(());
    let threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    let path = state_dir.join(LOCK);
    // The state folder itself is locked by the daemon all its life.
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(failed("open", &path))?;
    give_to_owner(&file, state_dir);
    file.lock().map_err(failed("lock", &path))?;
    Ok(Held { _threads: threads, _processes: file })
}

/// The seal as it is kept: older breaks go where the journal has them, and none before.
fn fitting(seal: &Seal) -> Result<Vec<u8>, io::Error> {
    let mut kept = seal.clone();
    loop {
        let text = serde_json::to_vec(&kept)?;
        let fits = u64::try_from(text.len()).is_ok_and(|bytes| bytes <= BYTES_MAX);
        if fits && kept.breaks.len() <= BREAKS_MAX {
            return Ok(text);
        }
        let Some(oldest) = kept.breaks.iter().position(|one| one.told) else {
            return Err(io::Error::other("too many breaks wait for the journal; start the daemon"));
        };
        kept.breaks.remove(oldest);
    }
}

impl Seal {
    /// The seal of a site, as both copies together tell; none for a site that was never commissioned.
    ///
    /// # Errors
    /// [`SealError`]: a copy is there and cannot be read. Nobody can tell, and nothing may be moved.
    pub fn of(state_dir: &Path) -> Result<Option<Self>, SealError> {
        let all: Result<Vec<_>, _> = copies(state_dir).iter().map(|path| read(path)).collect();
        let mut all = all?.into_iter().flatten();
        let Some(mut seal) = all.next() else { return Ok(None) };
        for other in all {
            for one in other.breaks {
                match seal.breaks.iter_mut().find(|known| (known.at, &known.by) == (one.at, &one.by)) {
                    Some(known) => known.told |= one.told,
                    None => seal.breaks.push(one),
                }
            }
        }
        seal.breaks.sort_by_key(|one| one.at);
        Ok(Some(seal))
    }

    /// Whether exactly one copy is there: somebody, or a failing disk, took the other.
    ///
    /// # Errors
    /// [`SealError`]: a copy is there and cannot be read.
    pub fn copy_is_gone(state_dir: &Path) -> Result<bool, SealError> {
        let all: Result<Vec<_>, _> = copies(state_dir).iter().map(|path| read(path)).collect();
        let all = all?;
        Ok(all.iter().any(Option::is_some) && all.iter().any(Option::is_none))
    }

    /// Writes both copies, each in one step.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn write(&self, state_dir: &Path) -> Result<(), SealError> {
        let held = hold(state_dir)?;
        self.write_held(state_dir, &held)
    }

    fn write_held(&self, state_dir: &Path, _held: &Held) -> Result<(), SealError> {
        let text = fitting(self).map_err(failed("write the seal of", state_dir))?;
        for path in copies(state_dir) {
            let Some(folder) = path.parent() else { continue };
            fs::create_dir_all(folder).map_err(failed("create", folder))?;
            let unfinished = folder.join(format!("seal.json.new.{}", std::process::id()));
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
        // A site without a seal has nothing to lock, nor a folder perhaps.
        if Self::of(state_dir)?.is_none() {
            return Ok(());
        }
        let held = hold(state_dir)?;
        let Some(mut seal) = Self::of(state_dir)? else { return Ok(()) };
        seal.breaks.push(one);
        seal.write_held(state_dir, &held)
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
        let held = hold(state_dir)?;
        let Some(mut seal) = Self::of(state_dir)? else { return Ok(()) };
        for one in &mut seal.breaks {
            one.told |= told.iter().any(|told| (told.at, &told.by) == (one.at, &one.by));
        }
        seal.write_held(state_dir, &held)
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
            assert!(!Seal::copy_is_gone(&state).unwrap());
            fs::remove_file(&copies(&state)[taken]).unwrap();
            assert!(Seal::copy_is_gone(&state).unwrap());
            let seal = Seal::of(&state).unwrap().unwrap();
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
        assert_eq!(Seal::of(&state).unwrap().unwrap().untold().count(), 1);
        Seal::mark_told(&state, &[broken(2)]).unwrap();
        assert_eq!(Seal::of(&state).unwrap().unwrap().untold().count(), 0);
    }

    #[test]
    fn site_that_was_never_commissioned_has_no_seal_to_break() {
        let (_folder, state) = site();
        Seal::record(&state, broken(2)).unwrap();
        assert_eq!(Seal::of(&state).unwrap(), None);
    }

    #[test]
    fn copy_that_cannot_be_read_is_not_taken_for_no_seal() {
        let huge = vec![b' '; usize::try_from(BYTES_MAX).unwrap() + 1];
        for bad in [&b"{"[..], b"", b"\xff", &huge] {
            for copy in 0..2 {
                let (_folder, state) = site();
                sealed(&state);
                fs::write(&copies(&state)[copy], bad).unwrap();
                assert!(Seal::of(&state).is_err() && Seal::copy_is_gone(&state).is_err());
                assert!(Seal::record(&state, broken(2)).is_err(), "nothing may be moved");
            }
        }
        let (_folder, state) = site();
        fs::create_dir(state.join(FILE)).unwrap();
        assert!(Seal::of(&state).is_err(), "not a file");
    }

    #[test]
    fn breaks_of_many_at_a_time_are_all_kept() {
        let (_folder, state) = site();
        sealed(&state);
        std::thread::scope(|scope| {
            for at in 2..10 {
                let state = &state;
                scope.spawn(move || Seal::record(state, broken(at)).unwrap());
            }
        });
        assert_eq!(Seal::of(&state).unwrap().unwrap().untold().count(), 8);
    }

    #[test]
    fn break_that_the_journal_does_not_have_is_never_dropped() {
        let told = |at| Break { told: true, ..broken(at) };
        let full: Vec<Break> = (0..200).map(|at| if at == 0 { broken(at) } else { told(at) }).collect();
        let mut seal = Seal { by: "os:anna".into(), at: 1, breaks: full };
        seal.breaks.push(broken(200));
        let kept: Seal = serde_json::from_slice(&fitting(&seal).unwrap()).unwrap();
        assert_eq!(kept.breaks.len(), BREAKS_MAX);
        assert_eq!(kept.untold().map(|one| one.at).collect::<Vec<_>>(), [0, 200]);
        seal.breaks = (0..=200).map(broken).collect();
        assert!(fitting(&seal).is_err());
    }
}
