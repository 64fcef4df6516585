//! Whether the state lies on a file system that can be written and outlives a power cut.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings, disk};

/// See the module.
pub const CHECK: Check =
    Check { id: "disk.mount", title: "the state lies on a disk that can be written", run };

/// File systems that forget.
const FORGETFUL: [&str; 3] = ["tmpfs", "ramfs", "overlay"];

fn run(facts: &Facts) -> Findings {
    let mount = disk::mount(facts)?;
    let (source, kind) = (&mount.source, &mount.kind);
    one(if mount.options.iter().any(|option| option == "ro") {
        let what = format!("{source} is mounted read-only: nothing is recorded");
        Finding::failure(what, "dmesg says why; after an error: back up, then fsck or replace the card")
    } else if FORGETFUL.contains(&kind.as_str()) {
        let what = format!("the state lies on {kind}: it may be gone after a power cut");
        Finding::warning(what, "put [storage] directory on a disk")
    } else {
        Finding::fine(format!("the state lies on {source} ({kind})"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn mount_is_good_read_only_or_forgetful() {
        let mut bench = Bench::configured("");
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        bench.file("/proc/mounts", "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/proc/mounts", "/dev/mmcblk0p2 / ext4 ro,noatime 0 0\n");
        assert_eq!(bench.standing(CHECK), Standing::Failure);
        bench.file("/var/lib/vestibule/x", "");
        let table = "/dev/mmcblk0p2 / ext4 ro 0 0\ntmpfs /var/lib/vestibule tmpfs rw 0 0\n";
        bench.file("/proc/mounts", table);
        assert_eq!(bench.standing(CHECK), Standing::Warning);
    }
}
