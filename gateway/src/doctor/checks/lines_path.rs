//! Whether each port is named by something that survives a replug.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.path", title: "ports have names that survive a replug", run };

/// Names that the kernel gives in the order of plugging.
const FLEETING: [&str; 2] = ["/dev/ttyUSB", "/dev/ttyACM"];

fn run(facts: &Facts) -> Findings {
    facts.configuration()?;
    let fleeting = |path: &str| FLEETING.iter().any(|start| path.starts_with(start));
    let found = facts.ports().filter(|(_, port)| port.to_str().is_some_and(fleeting)).map(|(line, port)| {
        let path = port.display();
        let what = format!("line {line} names {path}, which may be another adapter after the next start");
        Finding::warning(what, "name it by its socket: ls -l /dev/vestibule /dev/serial/by-path")
    });
    or_fine(found.collect(), "every port is named by its socket or its adapter")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn fleeting_name_is_a_warning() {
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Fine);
        let second = "[[line]]\nid = \"rs485-2\"\nport = \"/dev/ttyUSB1\"\nprotocol = \"modbus-rtu\"\n";
        let (standing, words) = Bench::configured(second).ask(CHECK);
        assert_eq!(standing, Standing::Warning);
        assert!(words.contains("line rs485-2"), "{words}");
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
