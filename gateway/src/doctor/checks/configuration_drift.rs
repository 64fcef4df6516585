//! Whether the files are what runs: a change waits for a restart, or was refused by the last one.

use crate::config::Origin;
use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "configuration.drift", title: "the files are what runs", run };

fn run(facts: &Facts) -> Findings {
    let gateway = &facts.snapshot()?.gateway;
    if gateway.configuration_problems > 0 {
        let what = format!(
            "the daemon runs with the last good configuration; the files had {} problems at its start",
            gateway.configuration_problems
        );
        return one(Finding::failure(what, "vestibule check, correct the files, then restart the service"));
    }
    let files = facts.configuration()?;
    if gateway.configuration.is_empty() || files.origin != Origin::Current {
        return Err(Finding::skipped("the files cannot be held against what runs"));
    }
    one(if files.digest.to_string() == gateway.configuration {
        Finding::fine("the files are what runs")
    } else {
        Finding::warning(
            "the files were changed since the daemon was started",
            "systemctl restart vestibule takes them over; was --config given to one of the two?",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn files_are_held_against_what_runs() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Skipped, "an older daemon does not say");
        bench.daemon().gateway.configuration = bench.facts.configuration.as_ref().unwrap().digest.to_string();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().gateway.configuration = "00".repeat(32);
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        bench.daemon().gateway.configuration_problems = 2;
        assert_eq!(bench.standing(CHECK), Standing::Failure);
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
