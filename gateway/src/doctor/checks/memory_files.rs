//! Whether daemon and broker have room for the files and sockets they open.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "memory.files", title: "there is room for open files", run };

fn run(facts: &Facts) -> Findings {
    let processes = facts.processes();
    if processes.is_empty() {
        return Err(Finding::skipped("neither daemon nor broker runs"));
    }
    let mut found = Vec::new();
    for (id, role) in &processes {
        let open = u64::try_from(facts.names(format!("/proc/{id}/fd"))?.len()).unwrap_or(u64::MAX);
        let limits = facts.text(format!("/proc/{id}/limits"))?.unwrap_or_default();
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        let most: Option<u64> = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        // The broker's thousand sockets and the daemon's console need this.
        if most.is_some_and(|most| open > most / 10 * 8) {
            let what = format!("vestibule {role} has {open} of {} files open", most.unwrap_or(0));
            found.push(Finding::warning(
                what,
                "who connects so often? journalctl -u vestibule-broker; ss -tnp",
            ));
        }
    }
    or_fine(found, "there is room for open files")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn open_files_are_held_against_their_limit() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        bench.file("/proc/10/cmdline", "/usr/bin/vestibule\0broker\0");
        bench.file(
            "/proc/10/limits",
            "Max open files            20                   20                   files\n",
        );
        for fd in 0..10 {
            bench.file(&format!("/proc/10/fd/{fd}"), "");
        }
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        for fd in 10..17 {
            bench.file(&format!("/proc/10/fd/{fd}"), "");
        }
        assert_eq!(bench.standing(CHECK), Standing::Warning);
    }
}
