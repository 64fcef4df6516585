//! Restoring: everything is verified before anything is touched, the present record is set aside, and a new epoch begins.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use vestibule_contract::event::read_header;
use vestibule_core::id::BuildingId;
use vestibule_core::input::{Changed, Entropy, RewindCause, Rewound};
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::Timestamp;
use vestibule_core::unit::Digest;
use vestibule_store::{Folder, Head, Renewal, Snapshot, renew};

use super::archive::Reader;
use super::changed::{Since, since};
use super::error::BackupError;
use super::manifest::Manifest;
use super::{FILES, IDENTITY, JOURNAL, KEPT, STATE};
use crate::durable::{PUBLIC, Unfinished};
use crate::run::void_code_key;

/// Only the service's own user.
const MODE: u32 = 0o600;

/// A backup that was verified from its first byte to its last.
pub struct Checked {
    reader: Reader,
    /// Its table of contents.
    pub manifest: Manifest,
    snapshot: Snapshot,
    rows: Vec<(RowKey, Row)>,
    small: Vec<(String, Vec<u8>)>,
    /// The first row of its journal that does not fit the one before; the state is good all the same.
    pub broken_at: Option<u64>,
}

/// Verifies a backup and touches nothing.
///
/// # Errors
/// [`BackupError`] with what does not fit.
pub fn check(path: &Path) -> Result<Checked, BackupError> {
    let reader = Reader::new(path);
    let (mut state, mut small, mut chain) = (None, Vec::new(), None);
    let manifest = reader.each(&mut |name, bytes| {
        if name == STATE {
            let snapshot = Snapshot::from_bytes(&bytes)?;
            chain = Some(Chain { head: snapshot.pruned(), broken_at: None });
            state = Some(snapshot);
        } else if name.starts_with(JOURNAL) {
            if let Some(chain) = &mut chain {
                bytes
                    .split(|byte| *byte == b'\n')
                    .filter(|row| !row.is_empty())
                    .for_each(|row| chain.row(row));
            }
        } else {
            small.push((name.to_owned(), bytes));
        }
        Ok(())
    })?;
    let (Some(snapshot), Some(chain)) = (state, chain) else {
        let why = "it holds no state".to_owned();
        return Err(BackupError::NotWhole { path: path.to_owned(), why });
    };
    let rows = snapshot.rows()?;
    let broken_at = chain.broken_at.or((chain.head != snapshot.head()).then_some(chain.head.sequence + 1));
    Ok(Checked { reader, manifest, snapshot, rows, small, broken_at })
}

/// Follows the journal's hashes.
struct Chain {
    head: Head,
    broken_at: Option<u64>,
}

impl Chain {
    fn row(&mut self, bytes: &[u8]) {
        let hash = Digest(Sha256::digest(bytes).into());
        let sequence = self.head.sequence + 1;
        let fits = read_header(bytes)
            .is_ok_and(|header| header.previous == self.head.hash && header.sequence == sequence);
        if !fits {
            self.broken_at = self.broken_at.or(Some(sequence));
        }
        self.head = Head { sequence, hash };
    }
}

/// What a person says of the time since the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing: what the present record tells counts, and without one every door is doubted.
    AsFound,
    /// Nobody used the building since: a move to other hardware.
    None,
}

/// How to restore.
pub struct Restore<'a> {
    /// The state folder, which must be ours alone.
    pub state_dir: &'a Path,
    /// Whose building this is.
    pub building: &'a BuildingId,
    /// Certificates and keys that may be put where they are missing.
    pub identity: &'a [PathBuf],
    /// What a person says.
    pub doubt: Doubt,
    /// For the new epoch's id.
    pub entropy: &'a Entropy,
    /// Now.
    pub now: Timestamp,
}

/// What became of it.
pub struct Outcome {
    /// What the next start will tell.
    pub rewound: Rewound,
    /// The name of the record that was here.
    pub set_aside: Option<String>,
    /// Files that were written.
    pub written: Vec<PathBuf>,
    /// Files that are here already and differ; they were kept.
    pub kept: Vec<PathBuf>,
}

impl Checked {
    /// Puts the record in place. The code key goes first: without it the old record would tell its recipients new codes,
    /// while the restored one with it would let old codes open doors.
    ///
    /// # Errors
    /// [`BackupError`]; the record is then the present one or, where only files beside it failed, the restored one.
    pub fn restore(&self, restore: &Restore<'_>) -> Result<Outcome, BackupError> {
        let Restore { state_dir, building, identity, doubt, entropy, now } = restore;
        if self.snapshot.building() != building.as_str() {
            let (found, expected) = (self.snapshot.building().to_owned(), building.as_str().to_owned());
            return Err(BackupError::OtherBuilding { found, expected });
        }
        let place = Folder::new(*state_dir);
        let Since { changed, known, boots } = since(&place, building, &self.snapshot);
        let rewound = Rewound {
            cause: RewindCause::Restored,
            epoch: self.snapshot.epoch().to_string(),
            restored: self.snapshot.head().sequence,
            known,
            changed: match doubt {
                Doubt::AsFound => changed,
                Doubt::None => Changed::These([].into()),
            },
        };
        let owner = fs::metadata(state_dir).map_err(file("look at", state_dir))?;
        let owner = (owner.uid(), owner.gid());
        void_code_key(state_dir).map_err(file("set aside the code key in", state_dir))?;
        let rows = self.rows.clone();
        let set_aside =
            renew(&place, Renewal { building, rows, rewound: &rewound, boots, entropy, now: *now })?;
        let database = state_dir.join(vestibule_store::DATABASE);
        let given = File::open(&database).and_then(|database| give(&database, owner));
        given.map_err(file("give away", &database))?;
        let mut outcome = Outcome { rewound, set_aside, written: vec![database], kept: Vec::new() };
        self.small_files(state_dir, identity, owner, &mut outcome)?;
        self.journal(state_dir, owner, &mut outcome)?;
        Ok(outcome)
    }

    fn small_files(
        &self,
        state_dir: &Path,
        identity: &[PathBuf],
        owner: (u32, u32),
        outcome: &mut Outcome,
    ) -> Result<(), BackupError> {
        for (name, bytes) in &self.small {
            let kept = name.strip_prefix(FILES).filter(|name| KEPT.contains(name));
            let (path, owner) = match kept {
                Some(name) => (state_dir.join(name), Some(owner)),
                // Only where this computer's own configuration wants a file: a backup names no other.
                None if name.starts_with(IDENTITY) => {
                    match self.path_of(name).filter(|path| identity.contains(path)) {
                        Some(path) => (path, None),
                        None => continue,
                    }
                }
                None => continue,
            };
            match fs::read(&path) {
                Ok(here) if here == *bytes => {}
                Ok(_) => outcome.kept.push(path),
                Err(_) => {
                    write_new(&path, bytes, owner).map_err(file("write", &path))?;
                    outcome.written.push(path);
                }
            }
        }
        Ok(())
    }

    fn path_of(&self, name: &str) -> Option<PathBuf> {
        self.manifest.parts.iter().find(|part| part.name == name)?.path.clone()
    }

    /// The journal of the older epoch, byte for byte, for whoever must look something up.
    fn journal(&self, state_dir: &Path, owner: (u32, u32), outcome: &mut Outcome) -> Result<(), BackupError> {
        let path = state_dir.join(format!("journal-{}.ndjson", self.snapshot.epoch()));
        if self.snapshot.head().sequence == self.snapshot.pruned().sequence || path.exists() {
            return Ok(());
        }
        let mut made = Unfinished::beside(&path, MODE)?;
        self.reader.each(&mut |name, bytes| {
            if name.starts_with(JOURNAL) { Ok(made.write(&bytes)?) } else { Ok(()) }
        })?;
        give(made.file(), owner).map_err(file("write", &path))?;
        made.finish()?;
        outcome.written.push(path);
        Ok(())
    }
}

fn file(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |source| BackupError::File { operation, path, source }
}

fn write_new(path: &Path, bytes: &[u8], owner: Option<(u32, u32)>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // Certificates are public; everything else is for its one user, whom tmpfiles names.
    let mode = if path.extension().is_some_and(|extension| extension == "pem" || extension == "crt") {
        PUBLIC
    } else {
        MODE
    };
    let mut made = Unfinished::beside(path, mode)?;
    made.write(bytes)?;
    if let Some(owner) = owner {
        give(made.file(), owner)?;
    }
    Ok(made.finish()?)
}

/// What root writes belongs to whom the folder belongs to.
fn give(file: &File, (uid, gid): (u32, u32)) -> io::Result<()> {
    let here = file.metadata()?;
    if (here.uid(), here.gid()) == (uid, gid) { Ok(()) } else { fchown(file, Some(uid), Some(gid)) }
}
