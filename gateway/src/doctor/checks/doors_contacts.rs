//! Contacts and eyes that are not read, or never were.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "doors.contacts", title: "every contact is read", run };

fn run(facts: &Facts) -> Findings {
    let compartments = &facts.snapshot()?.compartments;
    let contacts = compartments.iter().flat_map(|one| {
        let door = one.door.iter().map(move |read| (one, "door", read));
        let latch = one.latch.iter().map(move |read| (one, "latch", read));
        door.chain(latch).chain(one.occupancy.iter().map(move |read| (one, "occupancy", read)))
    });
    let found = contacts.filter_map(|(one, contact, read)| {
        let how = match read.quality.as_str() {
            "good" => return None,
            "unknown" => "was not heard since the start",
            "stale" => "was not heard for too long",
            _ => "reports a fault",
        };
        let what = format!("the {contact} contact of {} ({}) {how}", one.label, one.id);
        Some(Finding::warning(what, "check the input board and the contact's wire"))
    });
    or_fine(found.collect(), "every contact is read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn contact_that_is_not_read_is_named() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().compartments[0].door.as_mut().unwrap().quality = "stale".into();
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Warning);
        assert!(words.starts_with("the door contact of A1 (a-1) was not heard for too long"), "{words}");
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
