//! Whether each line's port is there, is a serial device, and may be opened by the service.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.port", title: "every port is there and may be opened", run };

/// The group of the unit that serial ports belong to.
const GROUP: &str = "dialout";

fn run(facts: &Facts) -> Findings {
    facts.configuration()?;
    let mut found = Vec::new();
    for (line, port) in facts.ports() {
        let path = port.display();
        let Some(file) = facts.metadata(port)? else {
            let what = format!("the port of line {line} is not there: {path}");
            found.push(Finding::failure(
                what,
                "plug the adapter in; ls /dev/vestibule lists what is plugged in",
            ));
            continue;
        };
        if !file.file_type().is_char_device() {
            let what = format!("{path} of line {line} is no serial device");
            found.push(Finding::failure(what, "correct [[line]] port; ls /dev/vestibule lists the adapters"));
        } else if !may_open(facts, file.mode(), file.gid()) {
            let what =
                format!("the service may not open {path} of line {line} (mode {:o})", file.mode() & 0o777);
            let next =
                format!("its group should be {GROUP} with mode 660: udevadm trigger --subsystem-match=tty");
            found.push(Finding::failure(what, next));
        }
    }
    or_fine(found, "every port is a device that the service may open")
}

/// A pseudo-terminal belongs to whoever made it: others may be given it by its mode alone.
fn may_open(facts: &Facts, mode: u32, group: u32) -> bool {
    let groups = facts.word("/etc/group").unwrap_or_default();
    let dialout = groups.lines().find_map(|line| line.strip_prefix(GROUP)?.split(':').nth(2)?.parse().ok());
    let by_group = mode & 0o060 == 0o060 && dialout == Some(group);
    // Without the group there is no packaged service whose rights could be judged.
    mode & 0o006 == 0o006 || by_group || !groups.lines().any(|line| line.starts_with("vestibule-staff:"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn port_is_missing_odd_or_there() {
        let mut bench = Bench::configured("");
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Failure);
        assert!(words.contains("not there: /dev/vestibule/port-1"), "{words}");
        bench.link("/dev/vestibule/port-1", "/dev/null");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let mut odd = Bench::configured("");
        odd.file("/dev/vestibule/port-1", "");
        assert!(odd.ask(CHECK).1.contains("no serial device"));
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }

    #[test]
    fn service_opens_what_its_group_or_everybody_may() {
        let mut bench = Bench::new();
        bench.file("/etc/group", "dialout:x:20:\nvestibule-staff:x:990:\n");
        assert!(may_open(&bench.facts, 0o660, 20) && may_open(&bench.facts, 0o666, 0));
        assert!(!may_open(&bench.facts, 0o660, 5) && !may_open(&bench.facts, 0o600, 20));
    }
}
