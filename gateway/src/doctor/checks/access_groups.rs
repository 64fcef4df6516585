//! Whether somebody may open a door from this computer when it must be done.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "access.groups", title: "staff may use the console", run };

const STAFF: &str = "vestibule-staff";
const TECH: &str = "vestibule-tech";

fn run(facts: &Facts) -> Findings {
    let groups = facts.text("/etc/group")?.unwrap_or_default();
    let members = |group: &str| {
        let line = groups.lines().find(|line| line.split(':').next() == Some(group))?;
        Some(line.rsplit(':').next().unwrap_or_default().split(',').filter(|name| !name.is_empty()).count())
    };
    let mut found = Vec::new();
    for group in [STAFF, TECH] {
        if members(group).is_none() {
            let what = format!("there is no group {group}");
            found.push(Finding::warning(
                what,
                "systemd-sysusers makes it; the package does so at its installation",
            ));
        }
    }
    if members(STAFF) == Some(0) {
        let what = format!("nobody is in {STAFF}: only root can open a door from here");
        found.push(Finding::note(what, format!("usermod -aG {STAFF} NAME for each person on site")));
    }
    or_fine(
        found,
        format!(
            "{} people are staff, {} technicians",
            members(STAFF).unwrap_or(0),
            members(TECH).unwrap_or(0)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn groups_are_missing_empty_or_have_members() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        bench.file("/etc/group", "vestibule-staff:x:990:\nvestibule-tech:x:991:\n");
        assert_eq!(bench.standing(CHECK), Standing::Note);
        bench.file("/etc/group", "vestibule-staff:x:990:anna,ben\nvestibule-tech:x:991:\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
    }
}
