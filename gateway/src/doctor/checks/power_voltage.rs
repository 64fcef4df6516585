//! Whether the supply gave way: locks on the computer's supply pull it down when they open.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "power.voltage", title: "the supply holds", run };

/// The Raspberry Pi's firmware: bits of now, and from 16 on of ever since boot.
const THROTTLED: &str = "/sys/devices/platform/soc/soc:firmware/get_throttled";
const UNDERVOLTAGE_NOW: u64 = 1;
const UNDERVOLTAGE_SEEN: u64 = 1 << 16;
const HWMON: &str = "/sys/class/hwmon";
const NEXT: &str = "give locks and computer supplies of their own; a thin USB cable also does this";

fn run(facts: &Facts) -> Findings {
    let bits =
        facts.word(THROTTLED).and_then(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    let alarm = alarm(facts)?;
    one(match (bits, alarm) {
        (None, None) => return Err(Finding::skipped("this computer does not watch its supply")),
        (Some(bits), _) if bits & UNDERVOLTAGE_NOW != 0 => {
            Finding::failure("the supply is too low now", NEXT)
        }
        (_, Some(alarm)) if alarm > 0 => Finding::failure("the supply is too low now", NEXT),
        (Some(bits), _) if bits & UNDERVOLTAGE_SEEN != 0 => {
            Finding::warning("the supply was too low since the computer was started", NEXT)
        }
        _ => Finding::fine("the supply has held since the computer was started"),
    })
}

fn alarm(facts: &Facts) -> Result<Option<i64>, Finding> {
    let sensors = facts.names(HWMON)?;
    let volt = sensors
        .iter()
        .find(|name| facts.word(format!("{HWMON}/{name}/name")).is_some_and(|name| name == "rpi_volt"));
    Ok(volt.and_then(|name| facts.number(format!("{HWMON}/{name}/in0_lcrit_alarm"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn supply_is_judged_by_firmware_or_sensor() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        for (bits, standing) in
            [("0x0", Standing::Fine), ("50000", Standing::Warning), ("0x50005", Standing::Failure)]
        {
            bench.file(THROTTLED, bits);
            assert_eq!(bench.standing(CHECK), standing, "{bits}");
        }
        let mut bench = Bench::new();
        bench.file("/sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
        bench.file("/sys/class/hwmon/hwmon1/name", "rpi_volt\n");
        bench.file("/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
        assert_eq!(bench.standing(CHECK), Standing::Failure);
    }
}
