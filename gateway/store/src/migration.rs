//! Numbered steps from one file format to the next.
//!
//! Format 1 is the first; the product has no steps yet. A new format adds one [`Step`] to [`CURRENT`]: a function that changes
//! the file within a transaction. All steps that a file needs, and its new format, are one commit: a power cut leaves the old
//! file or the new one. An older program leaves a newer file as it is and serves doors without it.

use redb::{Database, WriteTransaction};

use crate::fault::Fault;
use crate::meta::{FORMAT, write_format};
use crate::write::transaction;

/// What one program knows of formats.
#[derive(Clone, Copy, Debug)]
pub struct Formats {
    /// The one it writes.
    pub newest: u32,
    /// The ways to it, one for each older format, oldest first.
    pub steps: &'static [Step],
}

/// The way from a format to the next.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The format it begins with.
    pub from: u32,
    /// Changes the file; it may read and write every table.
    pub run: fn(&WriteTransaction) -> Result<(), Fault>,
}

/// This program's.
pub static CURRENT: Formats = Formats { newest: FORMAT, steps: &[] };

/// What is to be done with a file of some format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: it is the format this program writes.
    Use,
    /// Bring it to the newest format.
    Migrate,
    /// Refuse: a newer program wrote it, and its rows may mean something else.
    RefuseNewer,
    /// Refuse: no program ever wrote it, or no step begins with it.
    RefuseUnknown,
}

impl Formats {
    /// Decides by the format alone.
    #[must_use]
    pub fn plan(&self, format: u32) -> Plan {
        if format == self.newest {
            Plan::Use
        } else if format > self.newest {
            Plan::RefuseNewer
        } else if (format..self.newest).all(|from| self.step(from).is_some()) && format > 0 {
            Plan::Migrate
        } else {
            Plan::RefuseUnknown
        }
    }

    /// Brings a file to the newest format, in one commit.
    ///
    /// # Errors
    /// What a step or the commit says; the file is then as it was.
    pub fn migrate(&self, database: &Database, from: u32) -> Result<(), Fault> {
        let write = transaction(database)?;
        for format in from..self.newest {
            let step = self.step(format);
            let step =
                step.ok_or_else(|| Fault::Damaged(format!("no step leads on from format {format}")))?;
            (step.run)(&write)?;
        }
        write_format(&write, self.newest)?;
        write.commit().map_err(Fault::at("commit the migration"))
    }

    fn step(&self, from: u32) -> Option<&Step> {
        self.steps.iter().find(|step| step.from == from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_refused_when_its_format_is_not_known() {
        assert_eq!(CURRENT.plan(0), Plan::RefuseUnknown);
        assert_eq!(CURRENT.plan(FORMAT), Plan::Use);
        assert_eq!(CURRENT.plan(FORMAT + 1), Plan::RefuseNewer);
    }

    #[test]
    fn file_is_migrated_only_when_every_step_is_known() {
        const fn step(from: u32) -> Step {
            Step { from, run: |_| Ok(()) }
        }
        static WHOLE: Formats = Formats { newest: 3, steps: &[step(1), step(2)] };
        static GAP: Formats = Formats { newest: 3, steps: &[step(1)] };
        assert_eq!(
            [0, 1, 2, 3, 4].map(|format| WHOLE.plan(format)),
            [Plan::RefuseUnknown, Plan::Migrate, Plan::Migrate, Plan::Use, Plan::RefuseNewer]
        );
        assert_eq!(GAP.plan(1), Plan::RefuseUnknown);
    }
}
