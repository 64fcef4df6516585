//! How warm the computer is: in a locker in the sun it slows down, then stops.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "power.temperature", title: "the computer is cool enough", run };

const FOLDER: &str = "/sys/class/thermal";
/// Thousandths of a degree: a Raspberry Pi slows down at 80 °C.
const WARM: i64 = 70_000;
const HOT: i64 = 80_000;

fn run(facts: &Facts) -> Findings {
    let zones = facts.names(FOLDER)?;
    let read = zones.iter().filter_map(|zone| facts.number(format!("{FOLDER}/{zone}/temp")));
    let most =
        read.max().ok_or_else(|| Finding::skipped("this computer does not measure its temperature"))?;
    let words = format!("the computer has {} °C", most / 1_000);
    let next = "give it air, a heat sink, or a place out of the sun";
    one(match most {
        HOT.. => Finding::failure(format!("{words}: it slows down"), next),
        WARM.. => Finding::warning(words, next),
        _ => Finding::fine(words),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn warmest_place_decides() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        bench.file("/sys/class/thermal/thermal_zone0/temp", "51540\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/sys/class/thermal/thermal_zone1/temp", "74000\n");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        bench.file("/sys/class/thermal/thermal_zone1/temp", "84000\n");
        assert_eq!(bench.standing(CHECK), Standing::Failure);
    }
}
