//! Whether memory is swapped to flash, which wears it and puts secrets on it.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "disk.swap", title: "nothing is swapped to flash", run };

fn run(facts: &Facts) -> Findings {
    let table = facts.text("/proc/swaps")?.unwrap_or_default();
    let names = table.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    let on_disk = names.filter(|name| !name.contains("zram"));
    let found = on_disk.map(|name| {
        let what = format!("memory is swapped to {name}: that wears the card, and keys may end up on it");
        Finding::warning(
            what,
            "systemctl disable --now dphys-swapfile, or swapoff and take it from /etc/fstab",
        )
    });
    or_fine(found.collect(), "nothing is swapped to a disk")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn swap_is_named_unless_it_is_in_memory() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let head = "Filename\tType\tSize\tUsed\tPriority\n";
        bench.file("/proc/swaps", &format!("{head}/dev/zram0 partition 1 0 100\n"));
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/proc/swaps", &format!("{head}/var/swap file 102396 0 -2\n"));
        assert_eq!(bench.standing(CHECK), Standing::Warning);
    }
}
