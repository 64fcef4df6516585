//! `vestibule doctor`: everything that a technician would look at, each look a small check with a name.
//!
//! A check is one file in `checks/`: a [`Check`] with a stable id, and a function from [`Facts`] to findings. It looks and
//! changes nothing, it says what to do, and where it cannot look it says why. Looks at the outside have a deadline.

mod checks;
mod disk;
mod facts;
mod finding;
mod glob;
mod handshake;
mod pem;
mod tool;

#[cfg(test)]
mod bench;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

pub use checks::ALL;
pub use facts::{Facts, JournalFact, Unit};
pub use finding::{Finding, Findings, Standing};
pub use glob::matches;
pub use pem::{certificate_files, with as with_certificate};
pub use tool::{run as run_tool, within};

/// Most that one check may take: a handshake with a distant broker, a look at a worn card.
const CHECK_TIME_MAX: Duration = Duration::from_millis(2_500);
/// Most that all checks may take together. With [`facts::GATHER_TIME_MAX`] an examination is over in 10 s.
const ALL_TIME_MAX: Duration = Duration::from_millis(6_500);

const _: () = assert!(facts::GATHER_TIME_MAX.as_millis() + ALL_TIME_MAX.as_millis() <= 10_000);

/// One thing to look at.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its id, `{group}.{name}`; it never changes, because scripts name it.
    pub id: &'static str,
    /// What is looked at, in a few words.
    pub title: &'static str,
    /// Looks.
    pub run: fn(&Facts) -> Findings,
}

/// A check with what it found; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examined {
    /// The check's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The worst of its findings.
    pub standing: Standing,
    /// What it found.
    pub findings: Vec<Finding>,
}

impl Check {
    /// What comes before the dot of the id.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.id.split('.').next().unwrap_or_default()
    }

    fn examined(&self, mut findings: Vec<Finding>) -> Examined {
        if findings.is_empty() {
            findings.push(Finding::fine(self.title));
        }
        let standing = findings.iter().map(|finding| finding.standing).max().unwrap_or(Standing::Fine);
        Examined { id: self.id.to_owned(), title: self.title.to_owned(), standing, findings }
    }
}

/// Runs these checks one after the other; `tell` hears of each before it begins.
pub fn examine(facts: &Arc<Facts>, checks: &[Check], mut tell: impl FnMut(&Check)) -> Vec<Examined> {
    let began = Instant::now();
    let mut look = |check: &Check| {
        tell(check);
        let limit = CHECK_TIME_MAX.min(ALL_TIME_MAX.saturating_sub(began.elapsed()));
        let (run, facts) = (check.run, Arc::clone(facts));
        let findings = within(limit, move || run(&facts).unwrap_or_else(|skipped| vec![skipped]));
        let late = || vec![Finding::skipped(format!("no answer within {} ms", limit.as_millis()))];
        check.examined(findings.unwrap_or_else(late))
    };
    checks.iter().map(&mut look).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use bench::Bench;

    #[test]
    fn every_check_has_its_own_id_and_its_own_file() {
        let ids: BTreeSet<_> = ALL.iter().map(|check| check.id).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(ids.len() >= 30);
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/doctor/checks");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let files: BTreeSet<_> = files.filter_map(|name| name.into_string().ok()).collect();
        let named = ids.iter().map(|id| format!("{}.rs", id.replace('.', "_")));
        let expected: BTreeSet<_> = named.chain(["mod.rs".to_owned()]).collect();
        assert_eq!(files, expected);
    }

    #[test]
    fn nothing_is_said_to_be_wrong_of_a_computer_that_is_empty_but_that_nobody_serves_there() {
        let facts = Arc::new(Bench::new().into_facts());
        let examined = examine(&facts, ALL, |_| {});
        let failed = examined.iter().filter(|one| one.standing == Standing::Failure);
        let failed: Vec<_> = failed.map(|one| one.id.as_str()).collect();
        assert_eq!(failed, ["service.running", "configuration.good"], "{examined:#?}");
    }

    #[test]
    fn check_that_never_ends_is_given_up() {
        fn never(_: &Facts) -> Findings {
            let (_kept, receiver) = std::sync::mpsc::sync_channel::<()>(1);
            receiver.recv().ok();
            Ok(Vec::new())
        }
        let facts = Arc::new(Bench::new().into_facts());
        let check = Check { id: "test.never", title: "never", run: never };
        let examined = examine(&facts, &[check], |_| {});
        assert_eq!(examined[0].standing, Standing::Skipped);
        assert!(examined[0].findings[0].what.starts_with("no answer within"));
    }
}
