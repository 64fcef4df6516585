//! Whether a database or a key was set aside as damaged.

use vestibule_store::SET_ASIDE;

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "database.damaged", title: "nothing was set aside as damaged", run };

/// How the names of keys that were set aside begin.
const KEY_ASIDE: &str = "code.key.damaged-";

fn run(facts: &Facts) -> Findings {
    let names = facts.names(&facts.configuration()?.local.state_dir)?;
    let found = names.iter().filter_map(|name| {
        if name.starts_with(SET_ASIDE) {
            let next =
                "inspect what the record lost (vestibule journal), keep a copy elsewhere, then remove it";
            Some(Finding::warning(format!("a damaged database was set aside: {name}"), next))
        } else if name.starts_with(KEY_ASIDE) {
            let next =
                "recipients were told new codes; find out why (journalctl -u vestibule), then remove it";
            Some(Finding::warning(format!("a key that could not be used was set aside: {name}"), next))
        } else {
            None
        }
    });
    or_fine(found.collect(), "nothing was set aside")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn what_was_set_aside_is_named() {
        let mut bench = Bench::configured("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/var/lib/vestibule/vestibule.redb.damaged-20260901T000000Z", "");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        bench.file("/var/lib/vestibule/code.key.damaged-20260901T000000Z", "");
        assert!(bench.ask(CHECK).1.contains("told new codes"));
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
