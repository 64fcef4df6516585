//! Whether the journal is whole: every row as sealed, in its place, chained to the one before, up to an anchor.
//!
//! Somebody who can write the file can also chain it anew; that is found only against an anchor from outside: a row the
//! cloud acknowledged, or one that was noted down. Rows after the anchor are proven only against changes that forgot
//! the chain.

mod chain;

use std::fmt;

use crate::journal::Head;
use crate::limits::{FINDINGS_MAX, VERIFY_PAGE_ROWS};
use crate::reader::{ReadError, Reader};

use chain::Chain;

/// A sequence and hash known from outside the file.
pub type Anchor = Head;

/// Something wrong with the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The row is not what was sealed.
    Edited {
        /// Which.
        sequence: u64,
    },
    /// Rows are not there.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// A row lies where it does not belong.
    Moved {
        /// Where it lies.
        sequence: u64,
        /// Where it belongs by its own words.
        belongs: u64,
    },
    /// The newest rows are not there.
    Cut {
        /// The newest row that is there.
        after: u64,
        /// The anchor's row.
        anchor: u64,
    },
    /// The anchor's row is there with another hash: it or a row before it was changed and the chain made anew.
    Rechained {
        /// The anchor's row.
        sequence: u64,
    },
}

/// How far the journal is held by something outside the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchored {
    /// Up to this row.
    UpTo(u64),
    /// Not at all, since this row.
    UnanchoredSince(u64),
    /// Not at all: the anchor's row, and all up to the one before `since`, were pruned.
    Pruned {
        /// The anchor's row.
        anchor: u64,
        /// The oldest row that is not pruned.
        since: u64,
    },
}

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Rows read.
    pub rows: u64,
    /// The oldest kept row, and the newest; 0 if there are none.
    pub first: u64,
    /// The newest row; 0 if there are none.
    pub last: u64,
    /// What is wrong, in order of the rows; at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// Findings beyond [`FINDINGS_MAX`].
    pub more: u64,
    /// How far an anchor holds it.
    pub anchored: Anchored,
}

impl Report {
    /// Whether nothing is wrong and an anchor holds it: everything else is not "OK".
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.findings.is_empty() && matches!(self.anchored, Anchored::UpTo(_))
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}

/// Reads the whole journal and checks it, against an anchor if there is one.
///
/// # Errors
/// The journal cannot be read.
pub fn verify(reader: &Reader, anchor: Option<Anchor>) -> Result<Report, ReadError> {
    verify_watched(reader, anchor, &mut |_| ())
}

/// The same, telling after each page how many rows are done.
///
/// # Errors
/// The journal cannot be read.
pub fn verify_watched(
    reader: &Reader,
    anchor: Option<Anchor>,
    progress: &mut dyn FnMut(u64),
) -> Result<Report, ReadError> {
    let meta = reader.meta()?;
    let genesis = vestibule_contract::event::genesis(&meta.building, meta.epoch);
    let mut report = Report {
        rows: 0,
        first: 0,
        last: 0,
        findings: Vec::new(),
        more: 0,
        anchored: Anchored::UnanchoredSince(meta.pruned.sequence + 1),
    };
    if meta.pruned.sequence == 0 && meta.pruned.hash != genesis {
        report.add(Finding::Edited { sequence: 0 });
    }
    let mut chain = Chain::behind(meta.pruned);
    let mut at_anchor =
        anchor.filter(|anchor| anchor.sequence == meta.pruned.sequence).map(|_| meta.pruned.hash);
    let mut after = meta.pruned.sequence;
    loop {
        let page = reader.stored_after(after, VERIFY_PAGE_ROWS, usize::MAX)?;
        let Some(last) = page.last() else { break };
        after = last.sequence;
        for row in &page {
            report.first = if report.rows == 0 { row.sequence } else { report.first };
            report.rows += 1;
            report.last = row.sequence;
            let hash = chain.take(row, &mut |finding| report.add(finding));
            if anchor.is_some_and(|anchor| anchor.sequence == row.sequence) {
                at_anchor = Some(hash);
            }
        }
        progress(report.rows);
    }
    chain.end(&mut |finding| report.add(finding));
    judge_anchor(&mut report, anchor, at_anchor, (meta.pruned.sequence, after));
    Ok(report)
}

fn judge_anchor(
    report: &mut Report,
    anchor: Option<Anchor>,
    found: Option<vestibule_core::unit::Digest>,
    (pruned, last): (u64, u64),
) {
    let Some(anchor) = anchor else { return };
    match found {
        Some(hash) if hash == anchor.hash => report.anchored = Anchored::UpTo(anchor.sequence),
        Some(_) => report.add(Finding::Rechained { sequence: anchor.sequence }),
        None if anchor.sequence > last => {
            report.add(Finding::Cut { after: last, anchor: anchor.sequence });
        }
        None if anchor.sequence < pruned => {
            report.anchored = Anchored::Pruned { anchor: anchor.sequence, since: pruned + 1 };
        }
        // It is among the missing ones that are named already.
        None => {}
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { sequence: 0 } => write!(f, "the journal's beginning was changed"),
            Self::Edited { sequence } => write!(f, "row {sequence} was edited"),
            Self::Missing { from, to } if from == to => write!(f, "row {from} is missing"),
            Self::Missing { from, to } => write!(f, "rows {from} to {to} are missing"),
            Self::Moved { sequence, belongs } => write!(f, "row {sequence} says it is row {belongs}"),
            Self::Cut { after, anchor } => {
                write!(f, "the journal ends at row {after}, and row {anchor} was acknowledged")
            }
            Self::Rechained { sequence } => {
                write!(f, "row {sequence} or one before it was changed and the chain made anew")
            }
        }
    }
}

impl fmt::Display for Anchored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpTo(sequence) => write!(f, "anchored up to {sequence}"),
            Self::UnanchoredSince(sequence) => write!(f, "unanchored since {sequence}"),
            Self::Pruned { anchor, since } => write!(f, "unanchored since {since}: row {anchor} was pruned"),
        }
    }
}
