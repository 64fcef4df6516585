//! Adapters that come and go: a loose plug, or a supply that gives way.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.replugged", title: "adapters stay plugged in", run };

/// A person replugs an adapter once or twice while working on it.
const MOST: u64 = 3;

fn run(facts: &Facts) -> Findings {
    let lines = &facts.snapshot()?.field.lines;
    let found = lines.iter().filter(|(_, line)| line.opened > MOST).map(|(id, line)| {
        let what =
            format!("the port of line {id} was lost and opened {} times since the start", line.opened - 1);
        Finding::warning(
            what,
            "change cable and socket; look at power.voltage: locks on the same supply do this",
        )
    });
    or_fine(found.collect(), "ports stay open")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn port_that_comes_and_goes_is_told() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().field.lines.get_mut("rs485-1").unwrap().opened = 9;
        assert!(bench.ask(CHECK).1.contains("lost and opened 8 times"));
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
