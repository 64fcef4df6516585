//! Whether keys are closed to everybody but their one user.

use std::os::unix::fs::MetadataExt as _;

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings, pem};

/// See the module.
pub const CHECK: Check = Check { id: "certificates.private", title: "keys are closed to others", run };

/// A group may read at most: systemd-tmpfiles gives each key to the group of its one user.
const OTHERS: u32 = 0o037;
/// The building's authority, which nobody but root may see.
const AUTHORITY: &str = "/etc/vestibule/authority";

fn run(facts: &Facts) -> Findings {
    let mut found = Vec::new();
    let ends = pem::ends(facts.configuration()?);
    for end in &ends {
        let Some(file) = facts.metadata(&end.tls.key)? else { continue };
        let mode = file.mode() & 0o777;
        if mode & OTHERS != 0 {
            let path = end.tls.key.display();
            let what = format!("the key of {} can be read or changed by others (mode {mode:o})", end.name);
            found.push(Finding::failure(
                what,
                format!("chmod 640 {path}; if somebody may have read it, enrol anew"),
            ));
        }
    }
    if let Ok(Some(folder)) = facts.metadata(AUTHORITY)
        && folder.mode() & 0o077 != 0
    {
        let what =
            "the authority's folder is open to others: whoever reads its key can be anybody in the building";
        found.push(Finding::failure(what, format!("chmod 700 {AUTHORITY}")));
    }
    or_fine(found, "keys are closed to others")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;
    use crate::doctor::checks::certificates_expiry::tests::enrolled;

    #[test]
    fn key_that_others_can_read_is_a_failure() {
        let mut bench = enrolled();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let key = bench.facts.path("/etc/vestibule/tls/gateway-gateway.key");
        for (mode, standing) in
            [(0o640, Standing::Fine), (0o660, Standing::Failure), (0o604, Standing::Failure)]
        {
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(bench.standing(CHECK), standing, "{mode:o}");
        }
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
