//! Windows of uncertainty: between two syncs, any part of what was written may be on the disk.

use std::collections::BTreeMap;
use std::fmt;

use super::content::Content;
use super::disk::{Disk, File, NameChange, Names, Note, Op, apply_name};

/// Bytes of a sector: a disk writes all of one or nothing.
const SECTOR: usize = 512;
/// Operations shown in a failure's text; the seed tells the rest.
const LETTERS: usize = 64;

/// The disk and the world at one moment at which the power may fail.
#[derive(Clone)]
pub struct Window {
    /// Number of operations that were done.
    pub at: usize,
    /// What the world knows.
    pub known: Known,
    names: Names,
    files: BTreeMap<File, Content>,
    unsynced: Vec<Op>,
    renamed: Vec<NameChange>,
}

/// What the world knows at some moment.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Commits up to this number returned.
    pub committed: usize,
    /// Commits up to this number began.
    pub attempted: usize,
    /// Locks that were pulsed.
    pub pulsed: Vec<vestibule_core::id::UnlockId>,
}

/// What of a window reached the disk.
#[derive(Clone)]
pub struct Choice {
    /// One entry for each unsynced operation.
    pub kept: Vec<Kept>,
    /// How many of the changes of names, in their order.
    pub names: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Whole,
    Lost,
    /// Sector `n` is on the disk if bit `n % 64` is set.
    Torn(u64),
}

/// One letter for each unsynced operation: W(hole), L(ost), T(orn).
impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kept in self.kept.iter().take(LETTERS) {
            let letter = match kept {
                Kept::Whole => "W",
                Kept::Lost => "L",
                Kept::Torn(_) => "T",
            };
            f.write_str(letter)?;
        }
        write!(f, " of {} writes, {} names", self.kept.len(), self.names)
    }
}

impl Window {
    /// A disk on which everything is durable.
    pub fn start(names: Names, files: Vec<Content>) -> Self {
        Self {
            at: 0,
            known: Known::default(),
            names,
            files: files.into_iter().enumerate().collect(),
            unsynced: Vec::new(),
            renamed: Vec::new(),
        }
    }

    /// Every window of a log: the moment before each sync, and the end.
    pub fn all(mut self, log: &[Op]) -> Vec<Self> {
        let mut windows = Vec::new();
        for op in log {
            if matches!(op, Op::Sync(_) | Op::SyncNames) && self.is_uncertain() {
                windows.push(self.clone());
            }
            self.step(op);
        }
        windows.push(self);
        windows
    }

    /// Operations whose effect is uncertain.
    pub const fn unsynced(&self) -> usize {
        self.unsynced.len()
    }

    /// Changes of names that are uncertain.
    pub const fn renamed(&self) -> usize {
        self.renamed.len()
    }

    /// Sectors of an unsynced write; 0 for a change of length.
    pub fn sectors(&self, op: usize) -> usize {
        match &self.unsynced[op] {
            Op::Write { data, .. } => data.len().div_ceil(SECTOR),
            _ => 0,
        }
    }

    const fn is_uncertain(&self) -> bool {
        !self.unsynced.is_empty() || !self.renamed.is_empty()
    }

    fn step(&mut self, op: &Op) {
        self.at += 1;
        match op {
            Op::Write { .. } | Op::SetLen { .. } => self.unsynced.push(op.clone()),
            Op::Sync(synced) => {
                let (done, open) = std::mem::take(&mut self.unsynced).into_iter().partition(
                    |op| matches!(op, Op::Write { file, .. } | Op::SetLen { file, .. } if file == synced),
                );
                self.unsynced = open;
                let done: Vec<Op> = done;
                done.iter().for_each(|op| apply(&mut self.files, op, Kept::Whole));
            }
            Op::Name(change) => self.renamed.push(change.clone()),
            Op::SyncNames => {
                for change in std::mem::take(&mut self.renamed) {
                    apply_name(&mut self.names, &change);
                }
            }
            Op::Note(Note::Attempted(number)) => self.known.attempted = *number,
            Op::Note(Note::Committed(number)) => self.known.committed = *number,
            Op::Note(Note::Pulsed(unlock)) => self.known.pulsed.push(*unlock),
        }
    }

    /// The disk after the power failed now and this much had reached it.
    pub fn image(&self, choice: &Choice) -> Disk {
        let mut files = self.files.clone();
        for (op, kept) in self.unsynced.iter().zip(&choice.kept) {
            apply(&mut files, op, *kept);
        }
        let mut names = self.names.clone();
        for change in &self.renamed[..choice.names] {
            apply_name(&mut names, change);
        }
        let last = names.values().copied().max().map_or(0, |last| last + 1);
        let files = (0..last).map(|file| files.remove(&file).unwrap_or_default()).collect();
        Disk::holding(names, files)
    }
}

fn apply(files: &mut BTreeMap<File, Content>, op: &Op, kept: Kept) {
    match (op, kept) {
        (_, Kept::Lost) => {}
        (Op::SetLen { file, len }, _) => files.entry(*file).or_default().set_len(*len),
        (Op::Write { file, offset, data }, Kept::Whole) => {
            files.entry(*file).or_default().write_growing(*offset, data);
        }
        (Op::Write { file, offset, data }, Kept::Torn(mask)) => {
            let content = files.entry(*file).or_default();
            for (number, sector) in data.chunks(SECTOR).enumerate() {
                if mask >> (number % 64) & 1 == 1 {
                    content.write_growing(offset + number * SECTOR, sector);
                }
            }
        }
        _ => {}
    }
}
