//! Whether there is room for the journal.

use rustix::fs::statvfs;

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings, disk};

/// See the module.
pub const CHECK: Check = Check { id: "disk.space", title: "there is room where the state lies", run };

const MB: u64 = 1_000_000;
/// Below this the next upgrade has no room for its backup.
const SCARCE: u64 = 500 * MB;
/// Below this a database of years cannot grow through an outage of weeks.
const NONE: u64 = 50 * MB;

fn run(facts: &Facts) -> Findings {
    let folder = disk::state(facts);
    let full =
        statvfs(&folder).map_err(|error| Finding::skipped(format!("cannot ask for free space: {error}")))?;
    one(judge(full.f_bavail.saturating_mul(full.f_frsize), full.f_blocks.saturating_mul(full.f_frsize)))
}

fn judge(free: u64, of: u64) -> Finding {
    let words = format!("{} of {} MB are free", free / MB, of / MB);
    let next = "free some: journalctl --vacuum-size=50M, apt clean, old backups in /var/backups/vestibule";
    if free < NONE {
        Finding::failure(words, next)
    } else if free < SCARCE.min(of / 5) {
        Finding::warning(words, next)
    } else {
        Finding::fine(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn room_is_judged_in_bytes_and_by_the_size_of_the_disk() {
        let standing = |free, of| judge(free * MB, of * MB).standing;
        assert_eq!(standing(10_000, 16_000), Standing::Fine);
        assert_eq!(standing(300, 1_000), Standing::Fine, "a small disk may have little");
        assert_eq!(standing(300, 16_000), Standing::Warning);
        assert_eq!(standing(40, 16_000), Standing::Failure);
        assert_ne!(Bench::new().standing(CHECK), Standing::Skipped, "whatever this machine has");
    }
}
