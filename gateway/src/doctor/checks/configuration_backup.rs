//! Whether there is a copy of the building's state to go back to, and how old it is.

use std::time::UNIX_EPOCH;

use crate::cli::table::span;
use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "configuration.backup", title: "there is a backup", run };

/// Where upgrades and `vestibule backup` leave them.
const FOLDER: &str = "/var/backups/vestibule";
/// A quarter of a year, in milliseconds.
const OLD: i64 = 92 * 86_400_000;
const NEXT: &str =
    "vestibule backup, and keep a copy outside the gateway: with the card the backups on it are lost";

fn run(facts: &Facts) -> Findings {
    let mut newest = None;
    for name in facts.names(FOLDER)? {
        let made = facts.metadata(format!("{FOLDER}/{name}"))?.and_then(|file| file.modified().ok());
        let made = made.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        newest = newest.max(made.and_then(|at| i64::try_from(at.as_millis()).ok()));
    }
    one(match newest.map(|at| facts.now.0 - at) {
        None => Finding::note("there is no backup", NEXT),
        Some(age) if age > OLD => Finding::note(format!("the newest backup is {} old", span(age)), NEXT),
        Some(age) => Finding::fine(format!("the newest backup is {} old", span(age))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn backup_is_missing_recent_or_old() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Note);
        bench.file("/var/backups/vestibule/20260901T000000Z_0.1.0.tar.gz", "");
        bench.facts.now = crate::clock::wall();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.facts.now.0 += 2 * OLD;
        assert_eq!(bench.standing(CHECK), Standing::Note);
    }
}
