//! Whether the daemon serves the building.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "service.running", title: "the daemon serves the building", run };

fn run(facts: &Facts) -> Findings {
    one(match &facts.daemon {
        Ok(snapshot) => {
            Finding::fine(format!("{} is served since start {}", snapshot.building, snapshot.gateway.boot))
        }
        Err(why) if why.contains("ermission") || why.contains("Only members of") => {
            Finding::skipped(format!("the daemon does not talk to you: {why}; run as root"))
        }
        Err(why) => Finding::failure(
            format!("the daemon does not answer: {why}"),
            "systemctl status vestibule; journalctl -u vestibule -n 50; systemctl start vestibule",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn daemon_answers_is_stopped_or_is_not_for_everybody() {
        assert_eq!(Bench::served("").standing(CHECK), Standing::Fine);
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Failure);
        bench.facts.daemon = Err("Only members of vestibule-staff or vestibule-tech may do this.".into());
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
    }
}
