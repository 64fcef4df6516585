//! What can be wrong with a command's payload.

use vestibule_core::id::{BadId, CommandId};

use crate::time::BadTime;
use crate::topic::CommandName;

/// A payload is not the command its topic names.
#[derive(Debug)]
pub struct CommandError {
    /// The caller's id, if one could be read: the refusal is about it.
    pub id: Option<CommandId>,
    pub(super) wrong: Wrong,
}

impl std::fmt::Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.wrong.fmt(f)
    }
}

impl std::error::Error for CommandError {}

/// The first thing wrong, in words for the caller.
#[derive(Debug, thiserror::Error)]
pub(super) enum Wrong {
    #[error("payload has {bytes} bytes, this command at most {most}")]
    TooLarge { bytes: usize, most: usize },
    #[error("payload: {0}")]
    Json(serde_json::Error),
    #[error("{field}: {source}")]
    Id { field: &'static str, source: BadId },
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{field} is not used by {command}")]
    Unused { field: &'static str, command: CommandName },
    #[error("{field}: {source}")]
    Time { field: &'static str, source: BadTime },
    #[error("nonce: write the 32 hexadecimal digits that challenge gave")]
    Nonce,
    #[error("{field} has {bytes} bytes, at most {most} are taken")]
    TooLong { field: &'static str, bytes: usize, most: usize },
    #[error("{field}: a character is not allowed there")]
    Character { field: &'static str },
    #[error("{field} has {entries} entries, at most {most} are taken")]
    TooMany { field: &'static str, entries: usize, most: usize },
    #[error("{field}[{index}]: {source}")]
    EntryId { field: &'static str, index: usize, source: BadId },
    #[error("{field}[{index}]: id {id:?} stands there twice")]
    Twice { field: &'static str, index: usize, id: String },
    #[error("carriers[{index}].code_digest: write SHA-256 as 64 hexadecimal digits")]
    CodeDigest { index: usize },
}
