//! Whether the wall clock reads earlier than something that exists already: then it is wrong for certain.

use std::time::UNIX_EPOCH;

use vestibule_store::DATABASE;

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings, pem};

/// See the module.
pub const CHECK: Check = Check { id: "clock.floor", title: "the clock is not in the past", run };

/// A file may be written by a clock that was a little ahead, in seconds.
const SLACK: i64 = 300;

fn run(facts: &Facts) -> Findings {
    let configuration = facts.configuration()?;
    let now = facts.now.0 / 1_000;
    for (name, path) in pem::files(configuration) {
        for certificate in pem::chain(facts, &path)? {
            let from =
                pem::with(&certificate, |one| one.validity().not_before.timestamp()).unwrap_or(i64::MIN);
            if now < from {
                let what = format!("the clock reads earlier than the certificate of {name} was made");
                return one(Finding::failure(
                    what,
                    "set the clock: timedatectl set-time, or give it a time source",
                ));
            }
        }
    }
    let database = facts.metadata(configuration.local.state_dir.join(DATABASE))?;
    let written = database.and_then(|file| file.modified().ok()?.duration_since(UNIX_EPOCH).ok());
    let written = written.and_then(|at| i64::try_from(at.as_secs()).ok()).unwrap_or(i64::MIN);
    one(if now + SLACK < written {
        let what = "the clock reads earlier than the database was written last";
        Finding::warning(what, "see which of both was wrong: vestibule journal")
    } else {
        Finding::fine("the clock is later than everything that exists")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn clock_before_the_newest_file_is_wrong() {
        let mut bench = Bench::configured("");
        assert_eq!(bench.standing(CHECK), Standing::Fine, "there is no file yet");
        // Written now; this machine's clock is what the made-up machine's is held against.
        bench.file("/var/lib/vestibule/vestibule.redb", "");
        bench.facts.now = crate::clock::wall();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.facts.now = vestibule_core::time::Timestamp(0);
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
