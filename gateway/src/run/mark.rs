//! How far this building's record has been, kept outside of it: a start finds out when somebody has copied an older record back.
//!
//! Written only after the rows it tells of are durable, so that the record is never behind it unless it was rewound. It lies in
//! a folder of its own beside the state folder: copying the latter back takes this not along. A clone of the whole card does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vestibule_core::input::{Changed, RewindCause, Rewound};
use vestibule_store::{Head, Reader};

use crate::commission::{Seal, Sealed};
use crate::durable;

const FILE: &str = "record.json";
/// Epochs before the present one that are remembered.
const FORMER_MAX: usize = 16;
const BYTES_MAX: u64 = 16 * 1024;

/// A point that the record has reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The journal's identity.
    pub epoch: String,
    /// Starts on it.
    pub boot: u32,
    /// Its newest row.
    pub sequence: u64,
    /// That row's hash.
    pub hash: String,
    /// Epochs that ended, newest last.
    pub former: Vec<String>,
    /// That the site was commissioned, also after the seal itself is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// The folder of the mark: beside the state folder, e.g. `/var/lib/vestibule-mark`.
#[must_use]
pub fn mark_folder(state_dir: &Path) -> Option<PathBuf> {
    let mut name = state_dir.file_name()?.to_owned();
    name.push("-mark");
    Some(state_dir.with_file_name(name))
}

impl Mark {
    /// The mark beside a state folder, if there is one that can be read.
    #[must_use]
    pub fn read(state_dir: &Path) -> Option<Self> {
        let path = mark_folder(state_dir)?.join(FILE);
        let text = crate::config::read_bounded(&path, BYTES_MAX).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Writes how far the record is now.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn write(state_dir: &Path, epoch: &str, boot: u32, head: Head) -> io::Result<()> {
        let Some(folder) = mark_folder(state_dir) else { return Ok(()) };
        let before = Self::read(state_dir);
        let mut former = before.as_ref().map(|mark| mark.former.clone()).unwrap_or_default();
        former.extend(before.as_ref().map(|mark| mark.epoch.clone()).filter(|before| before != epoch));
        former.drain(..former.len().saturating_sub(FORMER_MAX));
        let hash = head.hash.to_string();
        let seal = Seal::of(state_dir).ok().flatten();
        let sealed = seal.as_ref().map(Sealed::from).or_else(|| before?.sealed);
        let mark = Self { epoch: epoch.to_owned(), boot, sequence: head.sequence, hash, former, sealed };
        fs::create_dir_all(&folder)?;
        Ok(durable::replace(&folder.join(FILE), durable::PRIVATE, &serde_json::to_vec(&mark)?)?)
    }

    /// What a start must tell when the record that it found is older than this mark; `None` for one that is not.
    #[must_use]
    pub fn rewound(&self, epoch: &str, boot: u32, reader: &Reader) -> Option<Rewound> {
        let head = reader.head();
        let older = if epoch == self.epoch {
            head.sequence < self.sequence || boot < self.boot || self.differs(reader)
        } else {
            self.former.iter().any(|former| former == epoch)
        };
        let known = (epoch == self.epoch).then_some(self.sequence);
        older.then(|| Rewound {
            cause: RewindCause::CopiedBack,
            epoch: epoch.to_owned(),
            restored: head.sequence,
            known,
            changed: Changed::All,
        })
    }

    /// Whether another row stands where this mark was set. A pruned or unreadable one tells nothing.
    fn differs(&self, reader: &Reader) -> bool {
        let rows = reader.rows_after(self.sequence.saturating_sub(1), 1, 1);
        rows.is_ok_and(|rows| {
            rows.first().is_some_and(|row| row.sequence == self.sequence && row.hash.to_string() != self.hash)
        })
    }
}
