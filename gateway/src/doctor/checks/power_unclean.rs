//! Starts that no orderly stop came before: power cuts, hung computers, killed daemons.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "power.unclean", title: "the daemon is stopped in order", run };

/// Unclean stops among the rows that are looked through which a building may have.
const MOST: usize = 2;

fn run(facts: &Facts) -> Findings {
    let rows = facts
        .journal
        .as_ref()
        .map_err(|why| Finding::skipped(format!("the journal cannot be read: {why}")))?;
    let pairs = rows.windows(2).filter_map(|pair| match pair {
        [before, start] if start.event_type == "gateway.started" => Some((before, start)),
        _ => None,
    });
    let unclean: Vec<_> = pairs.filter(|(before, _)| before.event_type != "gateway.stopping").collect();
    let Some((_, last)) = unclean.last() else {
        return one(Finding::fine(format!(
            "every stop in the newest {} rows was an orderly one",
            rows.len()
        )));
    };
    let what = format!(
        "{} starts in the newest {} rows came after no orderly stop, the last one {}",
        unclean.len(),
        rows.len(),
        last.time
    );
    let next = "was it the power? look at power.voltage, and fit a supply with a battery; journalctl -b -1 says the rest";
    one(if unclean.len() > MOST { Finding::warning(what, next) } else { Finding::note(what, next) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn start_without_a_stop_before_it_is_counted() {
        let mut bench = Bench::served("");
        for event in ["gateway.started", "compartment.closed", "gateway.stopping", "gateway.started"] {
            bench.row(event);
        }
        assert_eq!(bench.standing(CHECK), Standing::Fine, "the first row says nothing of what was before");
        bench.row("gateway.started");
        assert_eq!(bench.standing(CHECK), Standing::Note);
        bench.row("gateway.started");
        bench.row("gateway.started");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
