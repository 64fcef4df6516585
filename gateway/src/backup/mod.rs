//! A building's record in one file, to be kept elsewhere: the state at one moment, the journal up to it, what was learned, and
//! the identity. It holds no code key: whoever restores it begins a new epoch with new codes, and who steals it opens no door.

mod archive;
mod changed;
mod error;
mod manifest;
mod restore;
mod save;

#[cfg(test)]
mod tests;

pub use archive::{Reader, Writer};
pub use error::BackupError;
pub use manifest::{Manifest, Part};
pub use restore::{Checked, Doubt, Outcome, Restore, check};
pub use save::{Save, Saved, save};

/// The state's part.
const STATE: &str = "state";
/// What the journal's parts' names begin with.
const JOURNAL: &str = "journal/";
/// What the names of certificates and keys begin with.
const IDENTITY: &str = "identity/";
/// What the names of files of the state folder begin with.
const FILES: &str = "files/";
/// Files of the state folder that are kept.
const KEPT: [&str; 2] = ["learned.toml", crate::config::COPY];
