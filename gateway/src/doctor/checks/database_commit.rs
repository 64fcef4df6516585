//! How long the disk takes for a commit: somebody waits at a door for it.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "database.commit", title: "the disk is quick enough", run };

/// A person notices, in milliseconds.
const SLOW: u64 = 500;
const NEXT: &str =
    "look at disk.wear and disk.errors; a worn card holds syncs back: replace it before it fails";

fn run(facts: &Facts) -> Findings {
    let gateway = &facts.snapshot()?.gateway;
    let millis = gateway.counters.last_commit_us.div_ceil(1_000);
    let failures = gateway.counters.storage_failures;
    one(if failures > 0 {
        let what = format!("{failures} commits have failed since the start, and were made up for");
        Finding::warning(what, NEXT)
    } else if millis > SLOW {
        Finding::warning(format!("the last commit took {millis} ms"), NEXT)
    } else {
        Finding::fine(format!("the last commit took {millis} ms"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn slow_or_failed_commits_are_told() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().gateway.counters.last_commit_us = 800_000;
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        bench.daemon().gateway.counters.last_commit_us = 0;
        bench.daemon().gateway.counters.storage_failures = 1;
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
