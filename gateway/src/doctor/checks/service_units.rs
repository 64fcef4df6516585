//! Whether systemd runs our units, keeps them running, and watches them.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings, Unit};

/// See the module.
pub const CHECK: Check = Check { id: "service.units", title: "systemd keeps both units running", run };

/// Restarts that a person at work causes.
const RESTARTS: u64 = 3;
const DAEMON: &str = "vestibule.service";

fn run(facts: &Facts) -> Findings {
    let units =
        facts.units.as_ref().map_err(|why| Finding::skipped(format!("systemd does not say: {why}")))?;
    let has_broker = facts.configuration.as_ref().is_some_and(|one| one.broker.is_some());
    let installed: Vec<_> = units.iter().filter(|unit| unit.load != "not-found").collect();
    if installed.is_empty() {
        return Err(Finding::skipped("the units are not installed"));
    }
    let wanted = installed.iter().filter(|unit| unit.name == DAEMON || has_broker);
    or_fine(wanted.flat_map(|unit| judge(unit)).collect(), "systemd keeps the units running")
}

fn judge(unit: &Unit) -> Vec<Finding> {
    let Unit { name, load, active, sub, result, restarts, watchdog } = unit;
    let logs = format!("journalctl -u {name} -n 50 says why");
    let mut found = Vec::new();
    if load == "masked" {
        found.push(Finding::failure(format!("{name} is masked"), format!("systemctl unmask --now {name}")));
    } else if active != "active" {
        let what = format!("{name} is {active} ({sub}); it ended last with {result}");
        found.push(Finding::failure(what, format!("{logs}; systemctl start {name}")));
    } else {
        if *restarts > RESTARTS {
            found.push(Finding::warning(format!("{name} was restarted {restarts} times by itself"), logs));
        }
        if !watchdog {
            let next = format!("systemctl revert {name}: the package's unit has a watchdog");
            found.push(Finding::warning(format!("{name} runs without a watchdog"), next));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn unit_is_active_failed_or_restarts_all_the_time() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        bench.unit(DAEMON, "active", 1);
        bench.unit("vestibule-broker.service", "inactive", 0);
        assert_eq!(bench.standing(CHECK), Standing::Fine, "a building without a broker");
        bench.facts.units.as_mut().unwrap()[0].restarts = 40;
        assert!(bench.ask(CHECK).1.contains("restarted 40 times"));
        bench.facts.units.as_mut().unwrap()[0].active = "failed".into();
        assert_eq!(bench.standing(CHECK), Standing::Failure);
        let units = bench.facts.units.as_mut().unwrap();
        units.iter_mut().for_each(|unit| unit.load = "not-found".into());
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
    }
}
