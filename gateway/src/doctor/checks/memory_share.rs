//! How much memory daemon and broker have between them.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "memory.share", title: "daemon and broker are small", run };

/// Our own target in kB (reliability.md).
const TARGET: u64 = 16 * 1_024;
/// What no building explains; the units end them at 256 and 128 MB.
const FAR_TOO_MUCH: u64 = 96 * 1_024;

fn run(facts: &Facts) -> Findings {
    let processes = facts.processes();
    if processes.is_empty() {
        return Err(Finding::skipped("neither daemon nor broker runs"));
    }
    let mut sum = 0;
    for (id, _) in &processes {
        let path = format!("/proc/{id}/smaps_rollup");
        let text = facts.text(&path)?.unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        sum += line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    }
    let words = format!(
        "{} processes have {}.{} MB of memory",
        processes.len(),
        sum / 1_024,
        sum % 1_024 * 10 / 1_024
    );
    one(match sum {
        FAR_TOO_MUCH.. => {
            Finding::warning(words, "vestibule support-bundle before you restart it, and tell us")
        }
        sum if sum > TARGET => Finding::note(
            format!("{words}; {} is our target", TARGET / 1_024),
            "nothing, unless it grows from day to day",
        ),
        _ => Finding::fine(words),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn shares_of_both_processes_are_added() {
        let mut bench = Bench::new();
        bench.file("/proc/7/cmdline", "bash\0run\0");
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        bench.file("/proc/10/cmdline", "/usr/bin/vestibule\0run\0");
        bench.file("/proc/10/smaps_rollup", "55 ---p 0 [rollup]\nRss: 9000 kB\nPss:  6000 kB\n");
        bench.file("/proc/11/cmdline", "/usr/bin/vestibule\0broker\0");
        bench.file("/proc/11/smaps_rollup", "Pss:  5000 kB\n");
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Fine);
        assert!(words.starts_with("2 processes have 10.7 MB"), "{words}");
        bench.file("/proc/11/smaps_rollup", "Pss:  15000 kB\n");
        assert_eq!(bench.standing(CHECK), Standing::Note);
        bench.file("/proc/11/smaps_rollup", "Pss:  150000 kB\n");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
    }
}
