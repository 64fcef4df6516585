//! Whether a modem manager may try its commands on a line.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.modem", title: "no modem manager tries the lines", run };

const MANAGER: &str = "/usr/sbin/ModemManager";
/// The package's rules take our adapters from it.
const RULES: [&str; 2] = ["/usr/lib/udev/rules.d/60-vestibule.rules", "/lib/udev/rules.d/60-vestibule.rules"];

fn run(facts: &Facts) -> Findings {
    one(match (facts.exists(MANAGER), RULES.iter().any(|rules| facts.exists(rules))) {
        (false, _) => Finding::fine("ModemManager is not installed"),
        (true, true) => Finding::note(
            "ModemManager is installed; the package's udev rules keep it off known adapters",
            "if no modem is fitted: apt purge modemmanager",
        ),
        (true, false) => Finding::warning(
            "ModemManager tries AT commands on every adapter that is plugged in",
            "apt purge modemmanager, or install the package's udev rules",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn modem_manager_is_absent_kept_off_or_free() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file(MANAGER, "");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        bench.file(RULES[0], "");
        assert_eq!(bench.standing(CHECK), Standing::Note);
    }
}
