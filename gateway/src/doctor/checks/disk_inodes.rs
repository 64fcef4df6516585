//! Whether files can still be made: a full table of files fails like a full disk.

use rustix::fs::statvfs;

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings, disk};

/// See the module.
pub const CHECK: Check = Check { id: "disk.inodes", title: "files can still be made", run };

fn run(facts: &Facts) -> Findings {
    let folder = disk::state(facts);
    let full =
        statvfs(&folder).map_err(|error| Finding::skipped(format!("cannot ask for free files: {error}")))?;
    judge(full.f_favail, full.f_files)
}

fn judge(free: u64, of: u64) -> Findings {
    let next = "look for a folder full of small files: du --inodes -x / | sort -n | tail";
    one(match (free, of) {
        (_, 0) => return Err(Finding::skipped("this file system has no table of files")),
        (free, _) if free < 100 => Finding::failure(format!("only {free} more files can be made"), next),
        (free, of) if free < of / 20 => Finding::warning(format!("{free} of {of} files are left"), next),
        (free, of) => Finding::fine(format!("{free} of {of} files are left")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;

    #[test]
    fn files_that_are_left_decide() {
        let standing = |free, of| judge(free, of).unwrap_or_else(|skipped| vec![skipped])[0].standing;
        assert_eq!(standing(90_000, 100_000), Standing::Fine);
        assert_eq!(standing(4_000, 100_000), Standing::Warning);
        assert_eq!(standing(99, 100_000), Standing::Failure);
        assert_eq!(standing(0, 0), Standing::Skipped);
    }
}
