//! Whether hardware restarts a computer that hangs: nobody comes to press a button.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "power.watchdog", title: "hardware restarts a hung computer", run };

const FOLDER: &str = "/sys/class/watchdog";

fn run(facts: &Facts) -> Findings {
    let dogs = facts.names(FOLDER)?;
    let active =
        |name: &&String| facts.word(format!("{FOLDER}/{name}/state")).is_some_and(|state| state == "active");
    one(match (dogs.is_empty(), dogs.iter().find(active)) {
        (true, _) => Finding::note(
            "this computer has no watchdog in hardware: when it hangs, somebody must come",
            "on a Raspberry Pi: dtparam=watchdog=on in config.txt",
        ),
        (false, Some(dog)) => Finding::fine(format!("{dog} is fed by the system")),
        (false, None) => Finding::note(
            "a watchdog is fitted and nobody feeds it: a hung computer stays hung",
            "RuntimeWatchdogSec=15s in /etc/systemd/system.conf, then reboot",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn watchdog_is_missing_idle_or_fed() {
        let mut bench = Bench::new();
        assert!(bench.ask(CHECK).1.contains("no watchdog"));
        bench.file("/sys/class/watchdog/watchdog0/state", "inactive\n");
        assert!(bench.ask(CHECK).1.contains("nobody feeds it"));
        assert_eq!(bench.standing(CHECK), Standing::Note);
        bench.file("/sys/class/watchdog/watchdog0/state", "active\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
    }
}
