//! How much is written to the flash a day, by everybody: cards die of steady small writes.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings, disk};

/// See the module.
pub const CHECK: Check = Check { id: "disk.writes", title: "the flash is spared", run };

/// What the daemon writes at most in a day of 100 parcels, in MB (reliability.md).
const OURS_A_DAY: u64 = 50;
/// Ten times that, from all programs together: a card of 32 GB lives some ten years with it.
const ALL_A_DAY: u64 = 10 * OURS_A_DAY;
/// Less uptime than this says nothing about a day, in seconds.
const UPTIME_LEAST: u64 = 6 * 3_600;
/// Bytes of the kernel's sector, whatever the disk's is.
const SECTOR: u64 = 512;

fn run(facts: &Facts) -> Findings {
    let disk = disk::block(facts)?;
    if !disk::is_flash(facts, &disk) {
        return Err(Finding::skipped(format!("{disk} is no flash")));
    }
    let silent = || Finding::skipped("the kernel does not count what is written");
    let uptime = facts.word("/proc/uptime").and_then(|text| text.split('.').next()?.parse::<u64>().ok());
    let uptime = uptime.ok_or_else(silent)?;
    if uptime < UPTIME_LEAST {
        return Err(Finding::skipped("the computer was started too short a time ago"));
    }
    let stat = facts.word(format!("/sys/block/{disk}/stat")).ok_or_else(silent)?;
    let sectors: u64 =
        stat.split_whitespace().nth(6).and_then(|word| word.parse().ok()).ok_or_else(silent)?;
    let a_day = (sectors.saturating_mul(SECTOR) / 1_000_000).saturating_mul(86_400) / uptime;
    let words = format!("{a_day} MB a day are written to {disk}");
    one(if a_day > ALL_A_DAY {
        let next = format!(
            "of it at most {OURS_A_DAY} are ours; find who writes (iotop -a), and make the log volatile"
        );
        Finding::warning(words, next)
    } else {
        Finding::fine(words)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn writes_are_counted_over_the_uptime() {
        let mut bench = Bench::configured("");
        bench.file("/proc/mounts", "/dev/mmcblk0p2 / ext4 rw 0 0\n");
        bench.file("/proc/uptime", "172800.10 1.0\n");
        // 200 MB in two days, then 20 GB.
        bench.file("/sys/block/mmcblk0/stat", "1 0 8 0 5 0 390625 0 0 0 0\n");
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Fine);
        assert!(words.contains("100 MB a day"), "{words}");
        bench.file("/sys/block/mmcblk0/stat", "1 0 8 0 5 0 39062500 0 0 0 0\n");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        bench.file("/proc/uptime", "60.0 1.0\n");
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
    }
}
