//! Whether two lines lead to one device: two masters on one wire open wrong doors.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.shared", title: "no two lines lead to one device", run };

fn run(facts: &Facts) -> Findings {
    facts.configuration()?;
    let lines: Vec<_> = facts.ports().filter_map(|(line, port)| Some((line, facts.device(port)?))).collect();
    let pairs =
        lines.iter().enumerate().flat_map(|(at, one)| lines.iter().skip(at + 1).map(move |two| (one, two)));
    let found = pairs.filter(|((_, one), (_, two))| one == two).map(|((one, device), (two, _))| {
        let name = device.file_name().unwrap_or_default().to_string_lossy();
        let what = format!("lines {one} and {two} lead to the same device, {name}");
        Finding::failure(what, "give each its own adapter: ls -l /dev/vestibule")
    });
    or_fine(found.collect(), "each line has a device of its own")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn two_lines_on_one_device_are_named() {
        let second =
            "[[line]]\nid = \"rs485-2\"\nport = \"/dev/vestibule/port-2\"\nprotocol = \"modbus-rtu\"\n";
        let mut bench = Bench::configured(second);
        assert_eq!(bench.standing(CHECK), Standing::Fine, "both are unplugged");
        bench.plug("ttyUSB0");
        bench.link("/dev/vestibule/port-2", "../ttyUSB0");
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Failure);
        assert!(words.contains("rs485-1 and rs485-2") && words.contains("ttyUSB0"), "{words}");
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
