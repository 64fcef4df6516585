//! Contacts and eyes that are not read, or never were.

use crate::console::snapshot::Read;
use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "doors.contacts", title: "every contact is read", run };

fn run(facts: &Facts) -> Findings {
    let compartments = &facts.snapshot()?.compartments;
    let doubts = compartments.iter().flat_map(|one| {
        [
            ("door", one.door.as_ref().and_then(Read::doubt)),
            ("latch", one.latch.as_ref().and_then(Read::doubt)),
            ("occupancy", one.occupancy.as_ref().and_then(Read::doubt)),
        ]
        .map(|(contact, doubt)| (one, contact, doubt))
    });
    let found = doubts.filter_map(|(one, contact, doubt)| {
        let what = format!("the {contact} contact of {} ({}) {}", one.label, one.id, doubt?);
        Some(Finding::warning(what, "check the input board and the contact's wire"))
    });
    or_fine(found.collect(), "every contact is read")
}

#[cfg(test)]
mod tests {
    use vestibule_contract::words::Quality;

    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn contact_that_is_not_read_is_named() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().compartments[0].door.as_mut().unwrap().quality = Quality::Stale;
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Warning);
        assert!(words.starts_with("the door contact of A1 (a-1) was not heard for too long"), "{words}");
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
