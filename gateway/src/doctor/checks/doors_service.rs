//! Compartments that nobody is given.

use vestibule_contract::words::CompartmentUse;

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "doors.service", title: "every compartment serves", run };

fn run(facts: &Facts) -> Findings {
    let compartments = &facts.snapshot()?.compartments;
    let found = compartments.iter().filter_map(|one| {
        let cause =
            one.cause.as_deref().map(|cause| format!(" ({})", cause.replace('_', " "))).unwrap_or_default();
        let name = format!("door {} ({})", one.label, one.id);
        match one.usage {
            CompartmentUse::OutOfService => Some(Finding::warning(
                format!("{name} is out of service{cause}"),
                "repair the lock, open it with `vestibule unlock` and shut it: then it serves again",
            )),
            CompartmentUse::NeedsInspection => Some(Finding::warning(
                format!("{name} needs inspection{cause}"),
                "open it with `vestibule unlock` and look",
            )),
            CompartmentUse::Free | CompartmentUse::Reserved | CompartmentUse::Occupied => None,
        }
    });
    or_fine(found.collect(), format!("all {} compartments serve", compartments.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn compartment_that_does_not_serve_is_told_with_its_cause() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let one = &mut bench.daemon().compartments[0];
        (one.usage, one.cause) = (CompartmentUse::OutOfService, Some("jammed".into()));
        assert!(bench.ask(CHECK).1.starts_with("door A1 (a-1) is out of service (jammed)"));
        bench.daemon().compartments[0].usage = CompartmentUse::NeedsInspection;
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
