//! Whether the kernel or a login prompt talks on a line: their bytes are noise between locks.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.console", title: "no console talks on a line", run };

const WANTS: &str = "/etc/systemd/system/getty.target.wants";

fn run(facts: &Facts) -> Findings {
    facts.configuration()?;
    let kernel = facts.word("/proc/cmdline").unwrap_or_default();
    let mut found = Vec::new();
    for (line, port) in facts.ports() {
        let Some(tty) = facts.tty(port) else { continue };
        let consoles = kernel.split_whitespace().filter_map(|word| word.strip_prefix("console="));
        if consoles.filter_map(|console| console.split(',').next()).any(|console| console == tty) {
            let what = format!("the kernel writes its messages on line {line} ({tty})");
            found.push(Finding::failure(
                what,
                format!("take console={tty} from the boot loader's command line, then reboot"),
            ));
        }
        let getty = format!("serial-getty@{tty}.service");
        if facts.exists(format!("{WANTS}/{getty}")) || runs(facts, &getty) {
            let what = format!("a login prompt is on line {line} ({tty})");
            found.push(Finding::failure(what, format!("systemctl disable --now {getty}")));
        }
    }
    or_fine(found, "no console talks on a line")
}

/// systemd starts a login prompt on the kernel's console by itself.
fn runs(facts: &Facts, unit: &str) -> bool {
    facts.exists(format!("/run/systemd/generator/getty.target.wants/{unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn console_and_login_prompt_on_the_port_are_failures() {
        let mut bench = Bench::configured("");
        bench.plug("ttyAMA0");
        bench.file("/proc/cmdline", "console=tty1 root=/dev/mmcblk0p2\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/proc/cmdline", "console=ttyAMA0,115200 console=tty1\n");
        assert!(bench.ask(CHECK).1.contains("kernel writes its messages on line rs485-1"));
        bench.file("/proc/cmdline", "");
        bench.file("/etc/systemd/system/getty.target.wants/serial-getty@ttyAMA0.service", "");
        assert_eq!(bench.standing(CHECK), Standing::Failure);
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
