//! Whether an FTDI adapter holds bytes back: 16 ms on each answer halve the line.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.latency", title: "no adapter holds bytes back", run };

/// What the udev rules of the package set, in milliseconds.
const PROMPT: i64 = 1;

fn run(facts: &Facts) -> Findings {
    facts.configuration()?;
    let (mut found, mut looked) = (Vec::new(), 0);
    for (line, port) in facts.ports() {
        let Some(tty) = facts.tty(port) else { continue };
        let timer = format!("/sys/bus/usb-serial/devices/{tty}/latency_timer");
        let Some(millis) = facts.number(&timer) else { continue };
        looked += 1;
        if millis > PROMPT {
            let what = format!("the adapter of line {line} ({tty}) holds each answer back for {millis} ms");
            found.push(Finding::warning(
                what,
                format!("echo 1 > {timer}; the package's udev rules do it at each plug"),
            ));
        }
    }
    match looked {
        0 => Err(Finding::skipped("no adapter with a latency timer is plugged in")),
        _ => or_fine(found, "adapters pass bytes on at once"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn latency_timer_is_prompt_slow_or_absent() {
        let mut bench = Bench::configured("");
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        bench.plug("ttyUSB0");
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        bench.file("/sys/bus/usb-serial/devices/ttyUSB0/latency_timer", "1\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/sys/bus/usb-serial/devices/ttyUSB0/latency_timer", "16\n");
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Warning);
        assert!(words.contains("rs485-1 (ttyUSB0)") && words.contains("16 ms"), "{words}");
    }
}
