//! Whether somebody outside the gateway holds the journal: without an anchor it proves nothing.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "database.anchor", title: "the journal is anchored outside", run };

fn run(facts: &Facts) -> Findings {
    let has_cloud = facts.configuration()?.cloud.is_some();
    let gateway = &facts.snapshot()?.gateway;
    one(match (has_cloud, gateway.acknowledged) {
        (true, Some(row)) => {
            Finding::fine(format!("the cloud has the journal up to row {row} of {}", gateway.journal))
        }
        (true, None) if gateway.journal > 0 => Finding::warning(
            "the cloud has not acknowledged any row of the journal: nothing holds it",
            "look at cloud.reachable and cloud.connected",
        ),
        (true, None) => Finding::fine("the journal is empty"),
        (false, _) => Finding::note(
            "there is no cloud: nobody outside holds the journal",
            "note the newest row's sequence and hash elsewhere once a month: vestibule journal --rows 1 --json",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;
    use crate::doctor::checks::cloud_connected::tests::CLOUD;

    #[test]
    fn journal_is_anchored_by_what_the_cloud_acknowledged() {
        let mut bench = Bench::served(CLOUD);
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().gateway.acknowledged = None;
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        assert_eq!(Bench::served("").standing(CHECK), Standing::Note);
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
