//! What `journal verify` says: findings by sequence, how far an anchor holds the journal, and whether it is proven.

use serde::{Deserialize, Serialize};
use vestibule_store::Head;
use vestibule_store::audit::{Anchored, Report};

use super::protocol::AnchorMessage;

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether nothing is wrong and an anchor holds it. Everything else is not "OK".
    pub proven: bool,
    /// Rows read.
    pub rows: u64,
    /// The oldest kept row; 0 if there is none.
    pub first: u64,
    /// The newest row; 0 if there is none.
    pub last: u64,
    /// Everything wrong, in words, each with its sequence.
    pub findings: Vec<String>,
    /// Findings beyond those listed.
    pub more: u64,
    /// Proven up to this row.
    pub anchored_up_to: Option<u64>,
    /// Not proven by anything outside the file from this row on.
    pub unanchored_since: Option<u64>,
}

impl From<Report> for Verdict {
    fn from(report: Report) -> Self {
        let (anchored_up_to, unanchored_since) = match report.anchored {
            Anchored::UpTo(sequence) => (Some(sequence), None),
            Anchored::UnanchoredSince(sequence) => (None, Some(sequence)),
        };
        Self {
            proven: report.is_proven(),
            rows: report.rows,
            first: report.first,
            last: report.last,
            findings: report.findings.iter().map(ToString::to_string).collect(),
            more: report.more,
            anchored_up_to,
            unanchored_since,
        }
    }
}

impl Verdict {
    /// The verdict in words.
    #[must_use]
    pub fn words(&self) -> String {
        let mut lines = vec![format!("{} rows read, {} to {}", self.rows, self.first, self.last)];
        lines.extend(self.findings.iter().map(|finding| format!("  {finding}")));
        if self.more > 0 {
            lines.push(format!("  and {} more", self.more));
        }
        lines.push(match (self.proven, self.anchored_up_to, self.unanchored_since) {
            (true, Some(anchor), _) if anchor < self.last => {
                format!("OK: proven up to {anchor} by its anchor; the chain is whole up to {}", self.last)
            }
            (true, ..) => "OK: proven by its anchor up to the last row".to_owned(),
            (false, _, Some(since)) if self.findings.is_empty() => format!(
                "unanchored since {since}: the chain is whole, but nothing outside the file holds it; give --anchor SEQ:HASH"
            ),
            _ => "NOT WHOLE: the journal was changed after it was written".to_owned(),
        });
        lines.join("\n")
    }
}

/// Reads an anchor.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn anchor(message: &AnchorMessage) -> Result<Head, String> {
    const HELP: &str = "the hash of an anchor has 64 hexadecimal digits";
    let mut hash = [0; 32];
    if message.hash.len() != 64 || !message.hash.is_ascii() {
        return Err(HELP.to_owned());
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        let digits = message.hash.get(at * 2..at * 2 + 2).unwrap_or("");
        *byte = u8::from_str_radix(digits, 16).map_err(|_| HELP.to_owned())?;
    }
    Ok(Head { sequence: message.sequence, hash: vestibule_core::unit::Digest(hash) })
}
