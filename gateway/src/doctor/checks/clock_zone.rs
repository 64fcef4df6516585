//! Whether the building's time zone is known to this computer.

use std::io::Read as _;

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "clock.zone", title: "the building's time zone is installed", run };

/// What a compiled time zone begins with.
const MAGIC: [u8; 4] = *b"TZif";

fn run(facts: &Facts) -> Findings {
    let zone = &facts.configuration()?.time_zone;
    let path = format!("/usr/share/zoneinfo/{zone}");
    let mut start = [0; MAGIC.len()];
    let read = std::fs::File::open(facts.path(&path)).and_then(|mut file| file.read_exact(&mut start));
    one(match read {
        Ok(()) if start == MAGIC => Finding::fine(format!("time zone {zone} is installed")),
        Ok(()) => Finding::warning(format!("{path} is no time zone"), "apt install --reinstall tzdata"),
        Err(error) => {
            Finding::warning(format!("time zone {zone} cannot be read: {error}"), "apt install tzdata")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn zone_is_installed_damaged_or_missing() {
        let mut bench = Bench::configured("");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        bench.file("/usr/share/zoneinfo/UTC", "TZif2");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/usr/share/zoneinfo/UTC", "<html>");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
