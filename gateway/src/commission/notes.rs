//! The walk's own journal: what is about to be pulsed and what was learned, one line each, on the disk before the next thing.
//!
//! An interrupted walk loses nothing that was learned; a line that a power cut left half written is left out.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::{DoorRecord, Ending, WalkHead};

/// Its name in the state folder.
const FILE: &str = "walk.ndjson";
/// Largest journal that is read: every door of the largest building, ten times.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// The walk began, or went on with a second person.
    Begun(WalkHead),
    /// An output is about to be pulsed.
    Pulsing {
        /// The output.
        lock: String,
        /// When, RFC 3339.
        at: String,
    },
    /// A door's lesson is over.
    Door(DoorRecord),
}

/// Why the journal cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum NotesError {
    /// A walk was interrupted.
    #[error("a walk of {0} was interrupted; go on with --resume, or begin anew with --anew")]
    Unfinished(String),
    /// No walk was interrupted.
    #[error("no walk was interrupted")]
    Nothing,
    /// Somebody walks: what they learn must not be put aside under their feet.
    #[error("another walk of this building is under way; wait for its end, or type quit there")]
    UnderWay,
    /// The file.
    #[error("{operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// The journal of a walk under way.
#[derive(Debug)]
pub struct Notes {
    path: PathBuf,
    file: File,
    head: WalkHead,
    /// The newest record of each door, in the order in which they were walked.
    pub doors: Vec<DoorRecord>,
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> NotesError {
    move |source| NotesError::Io { operation, path: path.to_owned(), source }
}

/// The file as nobody else has it until it is closed; a walk that is killed lets go of it.
fn ours(file: File, path: &Path) -> Result<File, NotesError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(NotesError::UnderWay),
        Err(TryLockError::Error(source)) => Err(failed("lock", path)(source)),
    }
}

/// The lines that are whole.
fn read(path: &Path) -> Vec<Note> {
    let text = crate::config::read_bounded(path, BYTES_MAX).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

impl Notes {
    /// Begins a walk.
    ///
    /// # Errors
    /// [`NotesError::Unfinished`] where one was interrupted, unless `anew` puts it aside; [`NotesError::UnderWay`].
    pub fn begin(state_dir: &Path, head: WalkHead, anew: bool) -> Result<Self, NotesError> {
        let path = state_dir.join(FILE);
        if let Ok(old) = File::open(&path) {
            drop(ours(old, &path)?);
        }
        if let Some(Note::Begun(old)) = read(&path).into_iter().next() {
            if !anew {
                return Err(NotesError::Unfinished(old.at));
            }
            std::fs::rename(&path, state_dir.join("walk.ndjson.old")).map_err(failed("rename", &path))?;
        }
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            // Not before it is known to be ours.
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed("create", &path))?;
        let file = ours(file, &path)?;
        file.set_len(0).map_err(failed("truncate", &path))?;
        let mut notes = Self { path, file, head: head.clone(), doors: Vec::new() };
        notes.write(&Note::Begun(head))?;
        File::open(state_dir).and_then(|folder| folder.sync_all()).map_err(failed("sync", state_dir))?;
        Ok(notes)
    }

    /// Goes on with the walk that was interrupted; a `second` person who comes along now is on record from now on.
    ///
    /// # Errors
    /// [`NotesError::Nothing`] where none was; [`NotesError::UnderWay`].
    pub fn resume(state_dir: &Path, second: Option<&str>) -> Result<Self, NotesError> {
        let path = state_dir.join(FILE);
        let mut lines = read(&path).into_iter();
        let Some(Note::Begun(head)) = lines.next() else { return Err(NotesError::Nothing) };
        let file = OpenOptions::new().append(true).open(&path).map_err(failed("open", &path))?;
        let mut file = ours(file, &path)?;
        // What a power cut left half written must not swallow the next line.
        file.write_all(b"\n").map_err(failed("write", &path))?;
        let mut notes = Self { path, file, head, doors: Vec::new() };
        for line in lines {
            match line {
                Note::Door(door) => notes.keep(door),
                Note::Begun(again) => notes.head.second = again.second.or(notes.head.second.take()),
                Note::Pulsing { .. } => {}
            }
        }
        if let Some(second) = second {
            notes.head.second = Some(second.to_owned());
            notes.write(&Note::Begun(notes.head.clone()))?;
        }
        Ok(notes)
    }

    /// How the walk began.
    #[must_use]
    pub const fn head(&self) -> &WalkHead {
        &self.head
    }

    /// An output is about to be pulsed; on the disk when this returns.
    ///
    /// # Errors
    /// [`NotesError::Io`]: nothing may be pulsed then.
    pub fn pulsing(&mut self, lock: &str, at: String) -> Result<(), NotesError> {
        self.write(&Note::Pulsing { lock: lock.to_owned(), at })
    }

    /// A door's lesson is over; on the disk when this returns.
    ///
    /// # Errors
    /// [`NotesError::Io`].
    pub fn door(&mut self, door: DoorRecord) -> Result<(), NotesError> {
        self.write(&Note::Door(door.clone()))?;
        self.keep(door);
        Ok(())
    }

    /// Whether this output has taught its door already.
    #[must_use]
    pub fn knows(&self, lock: &str) -> bool {
        self.doors.iter().any(|door| door.lock == lock && door.ending == Ending::Learned)
    }

    /// The walk is over: its journal goes beside the report.
    ///
    /// # Errors
    /// [`NotesError::Io`].
    pub fn finish(self, to: &Path) -> Result<(), NotesError> {
        std::fs::rename(&self.path, to).map_err(failed("rename", &self.path))
    }

    fn keep(&mut self, door: DoorRecord) {
        self.doors.retain(|old| old.lock != door.lock);
        self.doors.push(door);
    }

    fn write(&mut self, note: &Note) -> Result<(), NotesError> {
        let text = serde_json::to_string(note).map_err(|error| failed("write", &self.path)(error.into()))?;
        let written = writeln!(self.file, "{text}").and_then(|()| self.file.sync_data());
        written.map_err(failed("write", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> WalkHead {
        let at = "2026-11-21T10:00:00Z".to_owned();
        WalkHead {
            building: "maple-court".into(),
            who: "os:anna".into(),
            second: None,
            at,
            banks: Vec::new(),
        }
    }

    fn door(lock: &str, ending: Ending) -> DoorRecord {
        DoorRecord {
            compartment: "a-1".into(),
            label: "A1".into(),
            lock: lock.into(),
            door: None,
            latch: None,
            opened_ms: None,
            pulses: 1,
            ending,
            why: None,
            at: String::new(),
        }
    }

    #[test]
    fn nothing_learned_is_lost_when_the_last_line_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let mut notes = Notes::begin(folder.path(), head(), false).unwrap();
        notes.door(door("l/1", Ending::Failed)).unwrap();
        notes.door(door("l/1", Ending::Learned)).unwrap();
        notes.pulsing("l/2", String::new()).unwrap();
        drop(notes);
        let mut file = OpenOptions::new().append(true).open(folder.path().join(FILE)).unwrap();
        file.write_all(b"{\"door\":{\"compartment\":\"a-2\"").unwrap();
        let mut notes = Notes::resume(folder.path(), None).unwrap();
        assert!(notes.knows("l/1") && !notes.knows("l/2"));
        notes.door(door("l/2", Ending::Learned)).unwrap();
        drop(notes);
        let notes = Notes::resume(folder.path(), None).unwrap();
        assert!(notes.knows("l/1") && notes.knows("l/2"));
        assert_eq!((notes.doors.len(), notes.head()), (2, &head()));
    }

    #[test]
    fn walk_that_is_under_way_is_neither_put_aside_nor_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let mut walking = Notes::begin(folder.path(), head(), false).unwrap();
        for anew in [false, true] {
            assert!(matches!(Notes::begin(folder.path(), head(), anew), Err(NotesError::UnderWay)));
        }
        assert!(matches!(Notes::resume(folder.path(), None), Err(NotesError::UnderWay)));
        walking.door(door("l/1", Ending::Learned)).unwrap();
        drop(walking);
        assert!(Notes::resume(folder.path(), None).unwrap().knows("l/1"));
    }

    #[test]
    fn second_person_who_comes_when_the_walk_goes_on_is_on_record() {
        let folder = tempfile::tempdir().unwrap();
        drop(Notes::begin(folder.path(), head(), false).unwrap());
        let second = |with| Notes::resume(folder.path(), with).unwrap().head().second.clone();
        assert_eq!(
            [second(None), second(Some("os:ben")), second(None)],
            [None, Some("os:ben".into()), Some("os:ben".into())]
        );
    }

    #[test]
    fn interrupted_walk_is_not_begun_anew_by_a_slip() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Notes::resume(folder.path(), None), Err(NotesError::Nothing)));
        drop(Notes::begin(folder.path(), head(), false).unwrap());
        assert!(matches!(Notes::begin(folder.path(), head(), false), Err(NotesError::Unfinished(_))));
        assert!(Notes::begin(folder.path(), head(), true).is_ok());
        assert!(folder.path().join("walk.ndjson.old").exists());
    }
}
