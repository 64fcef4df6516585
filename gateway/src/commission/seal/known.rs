//! What still tells that a site was commissioned where both copies of its seal are gone: the mark, and the journal itself.

use std::path::Path;

use serde::{Deserialize, Serialize};
use vestibule_store::{JournalRow, Reader};

use super::{Seal, UNKNOWN};
use crate::run::Mark;

/// Rows looked through at a time, so that no reader of the journal waits for long.
const ROWS: usize = 512;
/// Bytes of them.
const BYTES: usize = 256 * 1024;
/// What every row about the seal holds.
const ABOUT: &[u8] = br#""type":"seal."#;

/// That a site was commissioned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Who commissioned it, as `os:{user}`, or [`UNKNOWN`].
    pub by: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

impl From<&Seal> for Sealed {
    fn from(seal: &Seal) -> Self {
        Self { by: seal.by.clone(), at: seal.at }
    }
}

/// What the mark beside the state folder knows of a seal, else what the newest row about one says. Reads the whole journal
/// where there was none: for a thread that may wait. A journal that cannot be read knows nothing.
#[must_use]
pub fn known(state_dir: &Path, journal: Option<&Reader>) -> Option<Sealed> {
    Mark::read(state_dir).and_then(|mark| mark.sealed).or_else(|| newest(journal?))
}

fn newest(journal: &Reader) -> Option<Sealed> {
    let (mut newest, mut after) = (None, 0);
    while let Ok(rows) = journal.rows_after(after, ROWS, BYTES) {
        let Some(last) = rows.last() else { break };
        after = last.sequence;
        for sealed in rows.iter().filter_map(about) {
            // Who set what was broken is told by the row before, where it is still kept.
            if sealed.by != UNKNOWN || newest.is_none() {
                newest = Some(sealed);
            }
        }
    }
    newest
}

/// What a row says of the seal; none for every other row.
fn about(row: &JournalRow) -> Option<Sealed> {
    #[derive(Deserialize)]
    struct Document {
        r#type: String,
        time: String,
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        actor: Actor,
        sealed_at: Option<String>,
    }
    #[derive(Deserialize)]
    struct Actor {
        name: Option<String>,
    }
    // Most rows are about something else, and a search is far cheaper than reading JSON.
    memchr::memmem::find(&row.bytes, ABOUT)?;
    let row: Document = serde_json::from_slice(&row.bytes).ok()?;
    match row.r#type.as_str() {
        "seal.set" => {
            let at = millis(&row.data.sealed_at.unwrap_or(row.time))?;
            Some(Sealed { by: row.data.actor.name.unwrap_or_else(|| UNKNOWN.to_owned()), at })
        }
        // This alone tells only that there was one.
        "seal.broken" => Some(Sealed { by: UNKNOWN.to_owned(), at: millis(&row.time)? }),
        _ => None,
    }
}

fn millis(time: &str) -> Option<i64> {
    Some(time.parse::<jiff::Timestamp>().ok()?.as_millisecond())
}
