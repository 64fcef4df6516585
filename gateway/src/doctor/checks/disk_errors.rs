//! Whether the file system has found errors in itself.

use crate::cli::table::count;
use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "disk.errors", title: "the file system found no errors", run };

const FOLDER: &str = "/sys/fs/ext4";

fn run(facts: &Facts) -> Findings {
    let (mut found, mut looked) = (Vec::new(), 0);
    for disk in facts.names(FOLDER)? {
        let Some(errors) = facts.number(format!("{FOLDER}/{disk}/errors_count")) else { continue };
        looked += 1;
        if errors > 0 {
            let what = format!("the file system on {disk} has found {errors} errors");
            found.push(Finding::failure(
                what,
                "back up now (vestibule backup), then fsck; a worn card comes back with more",
            ));
        }
    }
    match looked {
        0 => Err(Finding::skipped("there is no ext4 file system that counts its errors")),
        _ => or_fine(found, format!("no errors on {}", count(looked, "file system"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn errors_are_counted_by_the_kernel() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        bench.file("/sys/fs/ext4/features/metadata_csum", "");
        bench.file("/sys/fs/ext4/mmcblk0p2/errors_count", "0\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/sys/fs/ext4/mmcblk0p2/errors_count", "3\n");
        assert_eq!(bench.standing(CHECK), Standing::Failure);
    }
}
