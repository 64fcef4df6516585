//! Doors that stand open while nobody is at them.

use vestibule_contract::words::{CompartmentUse, Position, Quality};

use crate::cli::table::span;
use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "doors.open", title: "no door was left open", run };

fn run(facts: &Facts) -> Findings {
    let snapshot = facts.snapshot()?;
    let found = snapshot.compartments.iter().filter_map(|one| {
        let door = one.door.as_ref()?;
        let open = door.quality == Quality::Good
            && door.value == Some(Position::Open)
            && one.usage != CompartmentUse::Reserved;
        let seen = door
            .observed_at
            .map_or_else(String::new, |at| format!(" (seen {} ago)", span(snapshot.gateway.now - at)));
        open.then(|| {
            let what = format!("door {} ({}) stands open{seen}", one.label, one.id);
            Finding::warning(what, "shut it; a broken wire also reads open")
        })
    });
    or_fine(found.collect(), format!("none of {} doors stands open", snapshot.compartments.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn open_door_is_told_unless_it_is_being_filled() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().compartments[0].door.as_mut().unwrap().value = Some(Position::Open);
        assert!(bench.ask(CHECK).1.starts_with("door A1 (a-1) stands open (seen 20 s ago)"));
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        bench.daemon().compartments[0].usage = CompartmentUse::Reserved;
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
