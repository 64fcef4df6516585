//! What a backup holds, written last, when everything else is known.

use serde::{Deserialize, Serialize};

/// What the file is, for whoever finds it.
pub const KIND: &str = "vestibule-backup";
/// The form of backups that this program writes and reads.
pub const FORM: u32 = 1;

/// The table of contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`KIND`].
    pub kind: String,
    /// [`FORM`].
    pub form: u32,
    /// Version of the program that wrote it.
    pub version: String,
    /// When, by the gateway's clock.
    pub made_at: String,
    /// Whose record it is.
    pub building: String,
    /// The journal's identity.
    pub epoch: String,
    /// The newest row that the state knows of.
    pub sequence: u64,
    /// Its hash.
    pub hash: String,
    /// Every part, in order.
    pub parts: Vec<Part>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name in the file.
    pub name: String,
    /// Where it lay, for parts of the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<std::path::PathBuf>,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 over its bytes.
    pub sha256: String,
}
