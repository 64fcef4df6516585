//! How the key of all pickup codes is kept: closed to others, and whether hardware holds it.

use std::os::unix::fs::MetadataExt as _;

use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "access.key", title: "the key of all codes is kept well", run };

/// Its name in the state folder.
const KEY: &str = "code.key";
/// Its length in bytes.
const BYTES: u64 = 32;

fn run(facts: &Facts) -> Findings {
    let path = facts.configuration()?.local.state_dir.join(KEY);
    let Some(file) = facts.metadata(&path)? else {
        return Err(Finding::skipped("there is no key yet; the first start makes it"));
    };
    let mut found = Vec::new();
    if file.mode() & 0o077 != 0 {
        let what = format!(
            "other users of this computer can read the key of all pickup codes (mode {:o})",
            file.mode() & 0o777
        );
        found.push(Finding::failure(
            what,
            "the next start closes it; if somebody may have read it: remove it and restart",
        ));
    }
    if file.len() != BYTES {
        let what = format!("the key of all pickup codes has {} bytes instead of {BYTES}", file.len());
        found.push(Finding::failure(
            what,
            "the next start makes a new one and tells every recipient a new code",
        ));
    }
    // There is no hardware that it could lie in yet; whoever takes the card has it.
    found.push(Finding::note(
        "the key of all pickup codes lies in a file: whoever has the card has the codes of all parcels in the lockers",
        "lock the gateway's box; after a theft replace the key, and with it every code",
    ));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn key_in_a_file_is_said_and_one_that_is_open_fails() {
        let mut bench = Bench::configured("");
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        let file = bench.file("/var/lib/vestibule/code.key", &"k".repeat(32));
        let mut with = |mode| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            bench.ask(CHECK)
        };
        assert_eq!(with(0o600).0, Standing::Note);
        assert!(with(0o600).1.contains("lies in a file"));
        assert_eq!(with(0o644).0, Standing::Failure);
        bench.file("/var/lib/vestibule/code.key", "cut");
        assert!(bench.ask(CHECK).1.contains("3 bytes instead of 32"));
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
