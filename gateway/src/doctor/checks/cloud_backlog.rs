//! How far the cloud is behind: rows it has not acknowledged, notices that nobody was given.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "cloud.backlog", title: "the cloud is up to date", run };

/// Rows that are under way on any day.
const ROWS: u64 = 200;
/// Notices that wait; a few are under way.
const NOTICES: usize = 3;

fn run(facts: &Facts) -> Findings {
    let snapshot = facts.snapshot()?;
    if snapshot.links.cloud.is_none() {
        return Err(Finding::skipped("there is no cloud"));
    }
    let gateway = &snapshot.gateway;
    let behind = gateway.journal.saturating_sub(gateway.acknowledged.unwrap_or(0));
    let mut found = Vec::new();
    if behind > ROWS {
        let what = format!("the cloud is {behind} journal rows behind");
        found.push(Finding::warning(what, "look at cloud.connected; when it stands, a row that is refused halts them: journalctl -u vestibule"));
    }
    if gateway.waiting_notices > NOTICES {
        let what = format!("{} notices wait: recipients were not told", gateway.waiting_notices);
        found.push(Finding::failure(
            what,
            "ask the cloud's operator whether the notifier runs; staff can open doors meanwhile",
        ));
    }
    or_fine(
        found,
        format!("the cloud is {behind} rows behind; {} notices are under way", gateway.waiting_notices),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn rows_and_notices_that_wait_are_counted() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().gateway.acknowledged = Some(4);
        assert!(bench.ask(CHECK).1.starts_with("the cloud is 1230 journal rows behind"));
        bench.daemon().gateway.waiting_notices = 40;
        assert_eq!(bench.standing(CHECK), Standing::Failure);
        bench.daemon().links.cloud = None;
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
