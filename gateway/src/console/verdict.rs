//! What `journal verify` says: findings by sequence, how far an anchor holds the journal, and whether it is proven.

use serde::{Deserialize, Serialize};
use vestibule_store::Head;
use vestibule_store::audit::{Anchored, Report};

use super::protocol::AnchorMessage;

/// Whose word the journal was held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnchorSource {
    /// The person who asked: from a copy outside the gateway.
    Given,
    /// The file itself, which remembers the newest row the cloud acknowledged. Whoever rewrites the file rewrites it, too.
    Remembered,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Whole, and held by an anchor from outside.
    Proven,
    /// Whole, and as the acknowledgement says that the file remembers.
    Agrees,
    /// The chain is whole; nothing holds it.
    Unanchored,
    /// The chain is whole; the anchor's row was pruned, so that there is nothing to hold against it.
    AnchorPruned,
    /// Something is wrong.
    Changed,
}

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What came of it.
    pub standing: Standing,
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
    /// Whose anchor it was held against.
    pub anchor_source: AnchorSource,
    /// Held by the anchor up to this row.
    pub anchored_up_to: Option<u64>,
    /// Held by nothing from this row on.
    pub unanchored_since: Option<u64>,
    /// The anchor's row, where it was pruned.
    pub anchor_pruned: Option<u64>,
}

impl Verdict {
    /// The verdict over a report on a journal that was held against this anchor.
    #[must_use]
    pub fn new(report: &Report, anchor_source: AnchorSource) -> Self {
        let (anchored_up_to, unanchored_since, anchor_pruned) = match report.anchored {
            Anchored::UpTo(sequence) => (Some(sequence), None, None),
            Anchored::UnanchoredSince(since) => (None, Some(since), None),
            Anchored::Pruned { anchor, since } => (None, Some(since), Some(anchor)),
        };
        Self {
            standing: standing(report, anchor_source),
            rows: report.rows,
            first: report.first,
            last: report.last,
            findings: report.findings.iter().map(ToString::to_string).collect(),
            more: report.more,
            anchor_source,
            anchored_up_to,
            unanchored_since,
            anchor_pruned,
        }
    }

    /// Whether nothing is wrong and some anchor holds it, be it the remembered one: the exit code says this.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        matches!(self.standing, Standing::Proven | Standing::Agrees)
    }

    /// The verdict in words.
    #[must_use]
    pub fn words(&self) -> String {
        let mut lines = vec![format!("{} rows read, {} to {}", self.rows, self.first, self.last)];
        lines.extend(self.findings.iter().map(|finding| format!("  {finding}")));
        if self.more > 0 {
            lines.push(format!("  and {} more", self.more));
        }
        lines.push(self.sentence());
        lines.join("\n")
    }

    fn sentence(&self) -> String {
        let number = |row: Option<u64>| row.unwrap_or_default();
        let (anchor, since) = (number(self.anchored_up_to), number(self.unanchored_since));
        let behind = if anchor < self.last {
            format!("; behind it the chain is whole up to {}", self.last)
        } else {
            String::new()
        };
        match (self.standing, self.anchor_source) {
            (Standing::Proven, _) => format!("OK: proven up to row {anchor} by the anchor you gave{behind}"),
            (Standing::Agrees, _) => format!(
                "whole: agrees with the cloud's acknowledgement of row {anchor} that this file remembers{behind}\n\
                 somebody who can rewrite the file can rewrite that, too: for proof give --anchor SEQ:HASH from the cloud's copy"
            ),
            (Standing::Unanchored, _) => format!(
                "unanchored since {since}: the chain is whole, but nothing holds it; give --anchor SEQ:HASH from the cloud's copy"
            ),
            (Standing::AnchorPruned, AnchorSource::Given) => format!(
                "unanchored since {since}: the chain is whole, but the row of your anchor, {}, is no longer kept here; \
                 give one of row {} or later",
                number(self.anchor_pruned),
                since.saturating_sub(1)
            ),
            (Standing::AnchorPruned, AnchorSource::Remembered) => format!(
                "unanchored since {since}: the chain is whole, but row {}, the last one that the cloud acknowledged, is no \
                 longer kept here",
                number(self.anchor_pruned)
            ),
            (Standing::Changed, _) => "NOT WHOLE: the journal was changed after it was written".to_owned(),
        }
    }
}

fn standing(report: &Report, anchor_source: AnchorSource) -> Standing {
    if !report.findings.is_empty() {
        return Standing::Changed;
    }
    match (report.anchored, anchor_source) {
        (Anchored::UpTo(_), AnchorSource::Given) => Standing::Proven,
        (Anchored::UpTo(_), AnchorSource::Remembered) => Standing::Agrees,
        (Anchored::UnanchoredSince(_), _) => Standing::Unanchored,
        (Anchored::Pruned { .. }, _) => Standing::AnchorPruned,
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

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_store::audit::Finding;

    fn verdict(anchored: Anchored, source: AnchorSource) -> Verdict {
        let report = Report { rows: 6, first: 5, last: 10, findings: Vec::new(), more: 0, anchored };
        Verdict::new(&report, source)
    }

    fn last_lines(verdict: &Verdict) -> String {
        verdict.words().lines().skip(1).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn nothing_is_proven_by_what_the_file_remembers() {
        let remembered = verdict(Anchored::UpTo(9), AnchorSource::Remembered);
        let words = last_lines(&remembered);
        assert!(
            words.contains("agrees with the cloud's acknowledgement of row 9 that this file remembers"),
            "{words}"
        );
        assert!(words.contains("chain is whole up to 10") && words.contains("--anchor"), "{words}");
        assert!(!words.contains("OK") && !words.contains("proven"), "{words}");
        assert!(remembered.is_good());
        let given = verdict(Anchored::UpTo(10), AnchorSource::Given);
        assert_eq!(last_lines(&given), "OK: proven up to row 10 by the anchor you gave");
        assert!(given.is_good());
    }

    #[test]
    fn whoever_gave_an_anchor_is_told_which_one_would_do_when_its_row_was_pruned() {
        let pruned = Anchored::Pruned { anchor: 2, since: 5 };
        let given = verdict(pruned, AnchorSource::Given);
        let words = last_lines(&given);
        assert!(words.contains("unanchored since 5") && words.contains("row 4 or later"), "{words}");
        assert!(!words.contains("--anchor"), "{words}");
        assert!(!given.is_good());
        let remembered = verdict(pruned, AnchorSource::Remembered);
        assert!(last_lines(&remembered).contains("row 2, the last one that the cloud acknowledged"));
        assert!(!remembered.is_good());
    }

    #[test]
    fn journal_without_anchor_or_with_a_finding_is_not_good() {
        let none = verdict(Anchored::UnanchoredSince(5), AnchorSource::Remembered);
        assert!(last_lines(&none).starts_with("unanchored since 5") && !none.is_good());
        let findings = vec![Finding::Edited { sequence: 7 }];
        let report = Report { rows: 6, first: 5, last: 10, findings, more: 0, anchored: Anchored::UpTo(10) };
        let changed = Verdict::new(&report, AnchorSource::Given);
        assert!(changed.words().contains("row 7 was edited") && !changed.is_good());
        assert!(changed.words().contains("NOT WHOLE"));
    }
}
