//! `learned.toml`: the strongest layer of the configuration, written by the walk and by nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::{ContactRecord, DoorRecord, Ending};
use crate::durable::{self, DurableError};

/// Its name in the state folder.
pub const LEARNED_FILE: &str = "learned.toml";
/// Largest file that is read.
const BYTES_MAX: u64 = 1024 * 1024;

/// Why the layer is not written.
#[derive(Debug, thiserror::Error)]
pub enum LearnedError {
    /// Somebody has edited it into something that the walk cannot go on with.
    #[error("{} is not as the walk wrote it ({source}); move it away and walk every bank", path.display())]
    Odd {
        /// The file.
        path: PathBuf,
        /// What is odd.
        source: Box<toml::de::Error>,
    },
    /// It cannot be expressed.
    #[error("write what was learned: {0}")]
    Text(#[from] toml::ser::Error),
    /// The disk.
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

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    #[serde(default)]
    compartment: Vec<Entry>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    lock: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    door: Option<Door>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latch: Option<Latch>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Door {
    input: String,
    shut_when: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Latch {
    input: String,
    latched_when: String,
}

fn entry(record: &DoorRecord) -> Entry {
    let door =
        |contact: &ContactRecord| Door { input: contact.input.clone(), shut_when: contact.shut_when.clone() };
    let latch = |contact: &ContactRecord| Latch {
        input: contact.input.clone(),
        latched_when: contact.shut_when.clone(),
    };
    Entry {
        id: record.compartment.clone(),
        lock: record.lock.clone(),
        door: record.door.as_ref().map(door),
        latch: record.latch.as_ref().map(latch),
    }
}

/// The layer with these doors in it, and whatever it knew of others.
///
/// # Errors
/// The present file is not one of ours.
pub fn learned_text(state_dir: &Path, doors: &[DoorRecord], head: &str) -> Result<String, LearnedError> {
    let path = state_dir.join(LEARNED_FILE);
    let old = crate::config::read_bounded(&path, BYTES_MAX).unwrap_or_default();
    let layer: Layer =
        toml::from_str(&old).map_err(|source| LearnedError::Odd { path, source: Box::new(source) })?;
    let mut all: BTreeMap<String, Entry> =
        layer.compartment.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
    let learned = doors.iter().filter(|door| door.ending == Ending::Learned);
    all.extend(learned.map(|door| (door.compartment.clone(), entry(door))));
    let layer = Layer { compartment: all.into_values().collect() };
    Ok(format!(
        "# {head}\n# Written by `vestibule device walk`; what people write belongs in /etc/vestibule.\n\n{}",
        toml::to_string(&layer)?
    ))
}

/// Puts the layer in its place in one step; the one before it is kept beside it under the date.
///
/// # Errors
/// [`LearnedError::Io`]; the present file is then still whole.
pub fn write_learned(state_dir: &Path, text: &str, date: &str) -> Result<PathBuf, LearnedError> {
    let path = state_dir.join(LEARNED_FILE);
    let failed = |operation| {
        let path = path.clone();
        move |source| LearnedError::Io { operation, path, source }
    };
    if path.exists() {
        let kept = state_dir.join(format!("{LEARNED_FILE}.{date}"));
        match fs::hard_link(&path, &kept) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("keep")(error)),
        }
    }
    durable::replace(&path, durable::PUBLIC, text.as_bytes())
        .map_err(|DurableError { operation, path, source }| LearnedError::Io { operation, path, source })?;
    Ok(path)
}
