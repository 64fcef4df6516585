//! Making a backup: from rows that somebody hands over, the daemon while it runs or its file while it does not.

use std::path::{Path, PathBuf};

use vestibule_store::Snapshot;

use super::archive::Writer;
use super::error::BackupError;
use super::manifest::{FORM, KIND, Manifest};
use super::{FILES, IDENTITY, JOURNAL, KEPT, STATE};
use crate::config::read_bounded;

/// Rows of the journal in one part, in bytes.
const JOURNAL_PART_BYTES: usize = 2 * 1024 * 1024;
/// Largest certificate, key or file of the state folder.
const SMALL_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// What is saved, and where to.
pub struct Save<'a> {
    /// The new file.
    pub to: &'a Path,
    /// The state; rows after its head are left out.
    pub snapshot: &'a Snapshot,
    /// The state folder, for what was learned and the last good configuration.
    pub state_dir: &'a Path,
    /// Certificates and keys that the configuration names; those that are missing are left out.
    pub identity: Vec<PathBuf>,
    /// Now, in seconds since 1970.
    pub made: jiff::Timestamp,
}

/// What was saved.
pub struct Saved {
    /// The table of contents.
    pub manifest: Manifest,
    /// Rows of the journal in it.
    pub rows: u64,
}

/// Hands over each row's sequence and bytes, oldest first, up to a sequence.
pub type Rows<'a> =
    dyn FnMut(&mut dyn FnMut(u64, &str) -> Result<(), BackupError>) -> Result<(), BackupError> + 'a;

/// Writes the backup; after an error there is no file.
///
/// # Errors
/// [`BackupError`]; a key that is there and cannot be read is one, too.
pub fn save(save: &Save<'_>, rows: &mut Rows<'_>) -> Result<Saved, BackupError> {
    let mut writer = Writer::create(save.to, u64::try_from(save.made.as_second()).unwrap_or(0))?;
    let state = save.snapshot.to_bytes().map_err(|error| BackupError::File {
        operation: "encode the state for",
        path: save.to.to_owned(),
        source: std::io::Error::other(error),
    })?;
    writer.part(STATE, None, &state)?;
    for name in KEPT {
        if let Some(bytes) = small(&save.state_dir.join(name))? {
            writer.part(&format!("{FILES}{name}"), None, &bytes)?;
        }
    }
    for (number, path) in save.identity.iter().enumerate() {
        if let Some(bytes) = small(path)? {
            writer.part(&format!("{IDENTITY}{number}"), Some(path), &bytes)?;
        }
    }
    let (mut part, mut number, mut count) = (Vec::new(), 0_u32, 0_u64);
    let newest = save.snapshot.head().sequence;
    rows(&mut |sequence, event| {
        if sequence > newest {
            return Ok(());
        }
        count += 1;
        part.extend_from_slice(event.as_bytes());
        part.push(b'\n');
        if part.len() < JOURNAL_PART_BYTES {
            return Ok(());
        }
        number += 1;
        writer.part(&format!("{JOURNAL}{number:06}.ndjson"), None, &std::mem::take(&mut part))
    })?;
    if !part.is_empty() {
        writer.part(&format!("{JOURNAL}{:06}.ndjson", number + 1), None, &part)?;
    }
    let head = save.snapshot.head();
    let manifest = writer.finish(Manifest {
        kind: KIND.to_owned(),
        form: FORM,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: save.made.to_string(),
        building: save.snapshot.building().to_owned(),
        epoch: save.snapshot.epoch().to_string(),
        sequence: head.sequence,
        hash: head.hash.to_string(),
        parts: Vec::new(),
    })?;
    Ok(Saved { manifest, rows: count })
}

fn small(path: &Path) -> Result<Option<Vec<u8>>, BackupError> {
    match read_bounded(path, SMALL_BYTES_MAX) {
        Ok(text) => Ok(Some(text.into_bytes())),
        Err(_) if !path.exists() => Ok(None),
        Err(source) => Err(BackupError::File { operation: "read", path: path.to_owned(), source }),
    }
}
