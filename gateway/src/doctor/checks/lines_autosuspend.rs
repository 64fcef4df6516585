//! Whether the kernel lets a USB adapter sleep: it then answers its first poll late, or never wakes.

use std::path::Path;

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.autosuspend", title: "no adapter is put to sleep", run };

fn run(facts: &Facts) -> Findings {
    facts.configuration()?;
    let (mut found, mut looked) = (Vec::new(), 0);
    for (line, port) in facts.ports() {
        let Some(tty) = facts.tty(port) else { continue };
        let Some(control) = control(facts, &tty) else { continue };
        looked += 1;
        if std::fs::read_to_string(&control).is_ok_and(|word| word.trim() == "auto") {
            let what = format!("the adapter of line {line} ({tty}) may be put to sleep");
            let next = format!("echo on > {}, and a udev rule for its maker", control.display());
            found.push(Finding::warning(what, next));
        }
    }
    match looked {
        0 => Err(Finding::skipped("no USB adapter is plugged in")),
        _ => or_fine(found, "adapters are kept awake"),
    }
}

/// The power switch of the USB device above a port: the nearest folder that names a maker.
fn control(facts: &Facts, tty: &str) -> Option<std::path::PathBuf> {
    let device = std::fs::canonicalize(facts.path(format!("/sys/class/tty/{tty}/device"))).ok()?;
    let usb = device.ancestors().find(|folder: &&Path| folder.join("idVendor").exists())?;
    let control = usb.join("power/control");
    control.exists().then_some(control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn adapter_is_kept_awake_may_sleep_or_is_no_usb() {
        let mut bench = Bench::configured("");
        bench.plug("ttyUSB0");
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        let usb = "/sys/devices/usb1/1-1";
        bench.file(&format!("{usb}/idVendor"), "0403\n");
        bench.file(&format!("{usb}/1-1:1.0/ttyUSB0/x"), "");
        bench.link("/sys/class/tty/ttyUSB0/device", "../../../devices/usb1/1-1/1-1:1.0/ttyUSB0");
        bench.file(&format!("{usb}/power/control"), "on\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file(&format!("{usb}/power/control"), "auto\n");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
    }
}
