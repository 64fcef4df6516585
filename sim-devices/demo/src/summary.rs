//! What the demo says at its end: how to look around, and how fast the unlocks were beside the wire's limit.

use std::time::Duration;

use crate::house::{BUILDING, House, HouseError};
use crate::story::Measured;
use crate::timeline::Timeline;

/// Bits of one character on the wire, start and stop bit included.
const CHARACTER_BITS: u64 = 10;
/// Characters of a timed-pulse request.
const PULSE_CHARACTERS: u64 = 8;
/// Characters of the longest poll on the line and its answer: FC04 x 2 registers.
const LONGEST_POLL_CHARACTERS: u64 = 8 + 9;
/// What a device thinks before it answers (hardware.md).
const THINKING_MICROS: u64 = 5_000;
/// Gap above 19200 baud; below it is 3.5 characters.
const FIXED_GAP_MICROS: u64 = 1_750;

/// Longest time between a decision and the pulse's last byte that the wire itself may cost: the rest of the longest
/// transaction in flight with its gaps, then the pulse frame.
#[must_use]
pub fn wire_limit(baud: u32) -> Duration {
    let character = CHARACTER_BITS * 1_000_000 / u64::from(baud.max(1));
    let gap = if baud > 19_200 { FIXED_GAP_MICROS } else { character * 7 / 2 };
    let poll = LONGEST_POLL_CHARACTERS * character + THINKING_MICROS + gap;
    Duration::from_micros(poll + gap + PULSE_CHARACTERS * character)
}

/// Prints status, what to try, and the figures.
///
/// # Errors
/// The daemon does not answer.
pub fn print(house: &mut House, measured: &[Measured], timeline: &Timeline) -> Result<(), HouseError> {
    timeline.head("vestibule status");
    timeline.line(house.ask(&["status"])?.trim_end());
    timeline.head("vestibule journal verify (against the acknowledgement that the file remembers)");
    timeline.line(house.ask(&["journal", "verify"])?.trim_end());
    look_around(house, timeline);
    timeline.head("Figures");
    let limit = wire_limit(house.spec.baud.get());
    for one in measured {
        timeline.line(&format!(
            "unlock, from the key to the pulse's last byte at the board: {:>6.1} ms   (the wire alone may cost {:.1} ms at {} baud, then comes one commit)",
            millis(one.latency),
            millis(limit),
            house.spec.baud.get()
        ));
    }
    for (name, process) in
        [("daemon", house.daemon().map(|p| p.id())), ("broker", house.broker().map(|p| p.id()))]
    {
        if let Some(pss) = process.and_then(pss_kb) {
            timeline.line(&format!("memory of the {name} (PSS): {}.{} MB", pss / 1_000, pss % 1_000 / 100));
        }
    }
    Ok(())
}

fn look_around(house: &House, timeline: &Timeline) {
    let program = house.spec.program.display();
    let socket = house.socket();
    let (socket, port) = (socket.display(), house.broker_port);
    let [metrics, _] = house.metrics_ports;
    let tls = house.certificates();
    let tls = tls.display();
    timeline.head("Look around while it runs (cargo demo --stay)");
    timeline.line(&format!(
        "{program} status --socket {socket}\n{program} journal --follow --socket {socket}\n\
         curl http://127.0.0.1:{metrics}/metrics\n\
         {program} unlock a-1 --reason test --socket {socket}\n\
         mosquitto_sub -h localhost -p {port} --cafile {tls}/ca.pem --cert {tls}/staff-kim.pem --key {tls}/staff-kim.key \\\n    \
         -i kim -V mqttv5 -v -t 'vestibule/v1/{BUILDING}/state/#'"
    ));
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}

/// Proportional set size of a process in kB (1,000 bytes), shared pages divided among those who share them.
#[must_use]
pub fn pss_kb(process: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024 / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_limit_is_the_sum_of_its_parts_when_computed_by_hand() {
        // 9600: a character 1041 us, gap 3643 us; poll 17 characters + 5 ms + gap; then gap and 8 characters.
        assert_eq!(wire_limit(9_600), Duration::from_micros(17 * 1_041 + 5_000 + 3_643 + 3_643 + 8 * 1_041));
    }

    #[test]
    fn pss_of_this_process_is_some() {
        assert!(pss_kb(std::process::id()).is_some_and(|kb| kb > 100));
    }
}
