//! Whether the database is as large as its rows explain.

use vestibule_store::DATABASE;

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "database.size", title: "the database is within its bound", run };

/// A million rows of about a kilobyte, and as much again while pages are rewritten, in MB.
const BOUND: u64 = 2_500;

fn run(facts: &Facts) -> Findings {
    let path = facts.configuration()?.local.state_dir.join(DATABASE);
    let file = facts.metadata(path)?.ok_or_else(|| Finding::skipped("there is no database yet"))?;
    one(judge(file.len() / 1_000_000))
}

fn judge(megabytes: u64) -> Finding {
    let words = format!("the database has {megabytes} MB");
    if megabytes > BOUND {
        Finding::warning(
            format!("{words}, more than a million rows need"),
            "shorten [journal] keep, and tell us",
        )
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
    fn size_is_held_against_its_bound() {
        let mut bench = Bench::configured("");
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        bench.file("/var/lib/vestibule/vestibule.redb", "x");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        assert_eq!(judge(BOUND + 1).standing, Standing::Warning);
    }
}
