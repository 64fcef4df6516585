//! The seal of a commissioned site, and every time somebody broke it to pulse or set boards past the daemon.
//!
//! It is kept twice, in the state folder and in the mark's folder beside it, and each copy tells when the other is gone. What the
//! journal does not know yet waits here until the daemon has recorded it. Where both copies are gone, mark or journal still know
//! that there was one ([`known`]): it comes back, broken by nobody knows whom. A walk of every door mends it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::durable::{DurableError, PRIVATE, Unfinished};
use crate::run::mark_folder;

mod known;
mod standing;

#[cfg(test)]
mod tests;

pub use known::{Sealed, known};
pub use standing::{LastBreak, STATES, SealStanding, SealState};

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
    /// Who commissioned it last, as `os:{user}`.
    pub by: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// How often it was set: of two copies the one with more is newer, whatever the clock was.
    #[serde(default)]
    pub walks: u32,
    /// Whether the journal has the newest of them.
    #[serde(default)]
    pub told: bool,
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
    /// Whether every door was walked since.
    #[serde(default)]
    pub mended: bool,
}

/// Who broke a seal when nobody knows.
pub const UNKNOWN: &str = "unknown";

impl Break {
    /// A break that nobody was told of yet.
    #[must_use]
    pub const fn new(by: String, second: Option<String>, at: i64, reason: String) -> Self {
        Self { by, second, at, reason, told: false, mended: false }
    }

    /// Whether both are the same one.
    fn is(&self, other: &Self) -> bool {
        (self.at, &self.by) == (other.at, &other.by)
    }

    /// A break that was found.
    fn found(at: i64, reason: &str) -> Self {
        Self::new(UNKNOWN.to_owned(), None, at, reason.to_owned())
    }
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> SealError {
    move |source| SealError { operation, path: path.to_owned(), source }
}

impl From<DurableError> for SealError {
    fn from(DurableError { operation, path, source }: DurableError) -> Self {
        Self { operation, path, source }
    }
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
        let mut all: Vec<Self> = all?.into_iter().flatten().collect();
        all.sort_by_key(|copy| std::cmp::Reverse(copy.walks));
        let mut all = all.into_iter();
        let Some(mut seal) = all.next() else { return Ok(None) };
        for other in all {
            seal.told |= other.told && other.walks == seal.walks;
            for one in other.breaks {
                match seal.breaks.iter_mut().find(|known| known.is(&one)) {
                    Some(known) => {
                        known.told |= one.told;
                        known.mended |= one.mended;
                    }
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

    /// The doors were walked and are as they should be: the site is commissioned, and what was broken before is mended.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn set(state_dir: &Path, by: &str, at: i64) -> Result<(), SealError> {
        let held = hold(state_dir)?;
        let (walks, mut breaks) =
            Self::of(state_dir)?.map_or((0, Vec::new()), |before| (before.walks, before.breaks));
        breaks.iter_mut().for_each(|one| one.mended = true);
        let walks = walks.saturating_add(1);
        Self { by: by.to_owned(), at, walks, told: false, breaks }.write(state_dir, &held)
    }

    /// Puts a copy that was taken back beside the other, which is a break; whether one was gone.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn restore_copy(state_dir: &Path, at: i64) -> Result<bool, SealError> {
        if !Self::copy_is_gone(state_dir)? {
            return Ok(false);
        }
        let held = hold(state_dir)?;
        // Whoever sets a seal writes one copy after the other; now it holds still.
        match Self::of(state_dir)? {
            Some(mut seal) if Self::copy_is_gone(state_dir)? => {
                seal.breaks.push(Break::found(at, "one of the two copies of the seal was removed"));
                seal.write(state_dir, &held).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    /// Puts back a seal whose both copies are gone, as a break; whether there was none.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn restore(state_dir: &Path, known: Sealed, at: i64) -> Result<bool, SealError> {
        let held = hold(state_dir)?;
        if Self::of(state_dir)?.is_some() {
            return Ok(false);
        }
        let Sealed { by, at: sealed_at } = known;
        let breaks = vec![Break::found(at, "both copies of the seal are gone")];
        Self { by, at: sealed_at, walks: 1, told: true, breaks }.write(state_dir, &held).map(|()| true)
    }

    /// Writes both copies, each in one step.
    fn write(&self, state_dir: &Path, _held: &Held) -> Result<(), SealError> {
        let text = fitting(self).map_err(failed("write the seal of", state_dir))?;
        for path in copies(state_dir) {
            let Some(folder) = path.parent() else { continue };
            fs::create_dir_all(folder).map_err(failed("create", folder))?;
            let mut file = Unfinished::beside(&path, PRIVATE)?;
            // The daemon, which marks what it told, owns the folder; a file of root's in it would be closed to it.
            give_to_owner(file.file(), folder);
            file.write(&text)?;
            file.finish()?;
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
        seal.write(state_dir, &held)
    }

    /// Breaks that the journal does not have yet.
    pub fn untold(&self) -> impl Iterator<Item = &Break> {
        self.breaks.iter().filter(|one| !one.told)
    }

    /// Marks as told whatever this seal, as it was read before, had to tell.
    ///
    /// # Errors
    /// [`SealError`]; it is told again at the next look.
    pub fn mark_told(&self, state_dir: &Path) -> Result<(), SealError> {
        let held = hold(state_dir)?;
        let Some(mut seal) = Self::of(state_dir)? else { return Ok(()) };
        seal.told |= seal.walks == self.walks;
        for one in &mut seal.breaks {
            one.told |= self.breaks.iter().any(|told| told.is(one));
        }
        seal.write(state_dir, &held)
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
