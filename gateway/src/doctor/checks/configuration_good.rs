//! Whether the files are a configuration that a start would take.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "configuration.good", title: "the configuration is good", run };

/// Problems that are told here; `check` tells all.
const TOLD: usize = 5;
const NEXT: &str = "vestibule check shows each with its line";

fn run(facts: &Facts) -> Findings {
    let finding = |(at, problem): (usize, &String)| match at < facts.errors {
        true => Finding::failure(problem.clone(), NEXT),
        false => Finding::warning(problem.clone(), NEXT),
    };
    let mut found: Vec<_> = facts.problems.iter().enumerate().take(TOLD).map(finding).collect();
    if facts.problems.len() > TOLD {
        found.push(Finding::note(format!("and {} more", facts.problems.len() - TOLD), NEXT));
    }
    or_fine(found, "a start would take the configuration as it is")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn errors_fail_warnings_warn_and_no_problem_is_fine() {
        assert_eq!(Bench::new().standing(CHECK), Standing::Failure);
        let mut bench = Bench::configured("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.facts.problems = (0..9).map(|n| format!("problem {n}")).collect();
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Warning);
        assert!(words.contains("and 4 more"), "{words}");
    }
}
