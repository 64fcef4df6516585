//! Whether the daemon that runs is the program that is installed.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "service.version", title: "the installed version runs", run };

fn run(facts: &Facts) -> Findings {
    let running = &facts.snapshot()?.gateway.version;
    let installed = env!("CARGO_PKG_VERSION");
    one(if running == installed {
        Finding::fine(format!("version {running} runs"))
    } else {
        let what = format!("version {running} runs, and {installed} is installed");
        Finding::warning(what, "systemctl restart vestibule vestibule-broker")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn version_that_runs_is_held_against_this_one() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().gateway.version = "0.0.9".into();
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
