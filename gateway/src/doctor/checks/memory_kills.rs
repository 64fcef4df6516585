//! Whether the kernel had to kill somebody for want of memory.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "memory.kills", title: "memory never ran out", run };

fn run(facts: &Facts) -> Findings {
    let table = facts.text("/proc/vmstat")?.unwrap_or_default();
    let count = table.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse::<u64>().ok());
    let count = count.ok_or_else(|| Finding::skipped("the kernel does not count such ends"))?;
    one(match count {
        0 => Finding::fine("memory has not run out since the computer was started"),
        count => Finding::warning(
            format!("the kernel ended {count} processes for want of memory since the computer was started"),
            "journalctl -k | grep -i oom says which; what else runs on this computer?",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn kills_are_counted_by_the_kernel() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        bench.file("/proc/vmstat", "pgfault 1\noom_kill 0\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/proc/vmstat", "oom_kill 2\n");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
    }
}
