//! Whether a battery keeps the time through a power cut, and whether it keeps the right one.

use crate::cli::table::span;
use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "clock.hardware", title: "a hardware clock keeps the time", run };

/// More than a battery clock drifts in a year, in milliseconds.
const DRIFT_MAX: u64 = 300_000;

fn run(facts: &Facts) -> Findings {
    let clocks = facts.names("/sys/class/rtc")?;
    let read = clocks.iter().find_map(|name| facts.number(format!("/sys/class/rtc/{name}/since_epoch")));
    let Some(seconds) = read else {
        let what = "there is no hardware clock: after a power cut without network the time is wrong";
        return one(Finding::note(what, "fit a battery-backed clock module, or accept it"));
    };
    let away = facts.now.0 - seconds.saturating_mul(1_000);
    one(if away.unsigned_abs() > DRIFT_MAX {
        let span = span(i64::try_from(away.unsigned_abs()).unwrap_or(i64::MAX));
        Finding::warning(
            format!("the hardware clock is {span} away from the system's"),
            "once the system's is right: hwclock --systohc; if it comes back, replace the battery",
        )
    } else {
        Finding::fine("the hardware clock agrees with the system's")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::{Bench, NOW};

    #[test]
    fn hardware_clock_is_missing_right_or_far_away() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Note);
        bench.file("/sys/class/rtc/rtc0/since_epoch", &format!("{}\n", NOW / 1_000 + 5));
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/sys/class/rtc/rtc0/since_epoch", "946684800\n");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
    }
}
