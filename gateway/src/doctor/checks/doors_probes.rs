//! Probes that cannot be believed, and temperatures that nothing should be kept at.

use vestibule_contract::words::ClimateWord;

use crate::cli::table::celsius;
use crate::console::snapshot::{Probe, Snapshot};
use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "doors.probes", title: "every probe reads what it should", run };

/// What each climate may have, in thousandths of a degree: chilled and frozen as food law has them, and a lobby.
const fn plausible(climate: ClimateWord) -> std::ops::RangeInclusive<i32> {
    match climate {
        ClimateWord::Chilled => -1_000..=8_000,
        ClimateWord::Frozen => -40_000..=-12_000,
        ClimateWord::Ambient => -30_000..=50_000,
    }
}

fn run(facts: &Facts) -> Findings {
    let snapshot = facts.snapshot()?;
    let found = snapshot.probes.iter().filter_map(|probe| wrong(snapshot, probe));
    or_fine(found.collect(), format!("{} probes read what they should", snapshot.probes.len()))
}

fn wrong(snapshot: &Snapshot, probe: &Probe) -> Option<Finding> {
    if let Some((what, next)) = snapshot.probe_trouble(probe) {
        return Some(Finding::warning(what, next));
    }
    let value = probe.milli_celsius.value?;
    (!plausible(probe.climate).contains(&value)).then(|| {
        let what = format!("probe {} reads {}, which is not {}", probe.id, celsius(value), probe.climate);
        Finding::warning(
            what,
            "hold a thermometer beside it: is it the probe, its model in [[device]], or the cold?",
        )
    })
}

#[cfg(test)]
mod tests {
    use vestibule_contract::words::Quality;

    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn probe_is_told_when_it_is_stale_or_reads_what_cannot_be() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().probes[0].milli_celsius.value = Some(34_400);
        assert!(bench.ask(CHECK).1.contains("reads 34.4 °C, which is not chilled"));
        bench.daemon().probes[0].milli_celsius.quality = Quality::Stale;
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Warning);
        assert!(words.contains("cold-1 (chilled) was not heard since 14:13 UTC (20 s)"), "{words}");
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
