//! Whether the daemon is connected to the building's broker.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Findings};

use super::cloud_connected::judge;

/// See the module.
pub const CHECK: Check =
    Check { id: "broker.connected", title: "the daemon is connected to the broker", run };

fn run(facts: &Facts) -> Findings {
    let snapshot = facts.snapshot()?;
    let next = "look at broker.reachable; doors go on without the broker";
    one(judge("the building's broker", snapshot.links.bus.as_ref(), snapshot.gateway.now, next)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn connection_stands_is_lost_or_is_not_wanted() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().links.bus.as_mut().unwrap().connected = false;
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        bench.daemon().links.bus = None;
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
    }
}
