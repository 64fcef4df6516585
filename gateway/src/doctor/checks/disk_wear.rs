//! How much of its life the flash has behind it, where it says so: eMMC does, most SD cards do not.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings, disk};

/// See the module.
pub const CHECK: Check = Check { id: "disk.wear", title: "the flash is not worn out", run };

const NEXT: &str = "plan to replace it: vestibule backup, new card, vestibule restore";

fn run(facts: &Facts) -> Findings {
    let disk = disk::block(facts)?;
    let device = format!("/sys/block/{disk}/device");
    let silent = || Finding::skipped(format!("{disk} does not tell its wear"));
    let used = facts.word(format!("{device}/life_time")).ok_or_else(silent)?;
    // Two kinds of cells, each in tenths of its life, 0x0b being more than all of it; 0 is no statement.
    let tenths =
        used.split_whitespace().filter_map(hex).max().filter(|tenths| *tenths > 0).ok_or_else(silent)?;
    // 1 normal, 2 most spare blocks used, 3 nearly all.
    let spare = facts.word(format!("{device}/pre_eol_info")).and_then(|word| hex(&word)).unwrap_or(1);
    one(match (tenths, spare) {
        (11.., _) | (_, 3..) => Finding::failure(format!("{disk} is past its life"), NEXT),
        (8.., _) | (_, 2) => {
            Finding::warning(format!("{disk} has used {}0 % of its life", tenths.min(10)), NEXT)
        }
        _ => Finding::fine(format!("{disk} has used at most {tenths}0 % of its life")),
    })
}

fn hex(word: &str) -> Option<u32> {
    u32::from_str_radix(word.trim().trim_start_matches("0x"), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn wear_is_told_by_the_card_or_not_at_all() {
        let mut bench = Bench::configured("");
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        bench.file("/proc/mounts", "/dev/mmcblk0p2 / ext4 rw 0 0\n");
        bench.file("/sys/block/mmcblk0/stat", "");
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        for (life, spare, standing) in [
            ("0x01 0x02", "0x01", Standing::Fine),
            ("0x00 0x00", "0x01", Standing::Skipped),
            ("0x01 0x09", "0x01", Standing::Warning),
            ("0x01 0x02", "0x02", Standing::Warning),
            ("0x0b 0x01", "0x01", Standing::Failure),
        ] {
            bench.file("/sys/block/mmcblk0/device/life_time", life);
            bench.file("/sys/block/mmcblk0/device/pre_eol_info", spare);
            assert_eq!(bench.standing(CHECK), standing, "{life}");
        }
    }
}
