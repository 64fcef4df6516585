//! Files beside the configuration that nobody reads, and files that anybody may change.

use std::os::unix::fs::MetadataExt as _;

use crate::config::layers::{CONF_D, LEARNED, MAIN, OWN_PROFILES, SITE};
use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check =
    Check { id: "configuration.strays", title: "every file is read, and only ours to change", run };

fn run(facts: &Facts) -> Findings {
    let (mut found, mut layers) = (Vec::new(), vec![SITE.to_owned(), MAIN.to_owned(), LEARNED.to_owned()]);
    for folder in [CONF_D, OWN_PROFILES] {
        for name in facts.names(folder)? {
            let path = format!("{folder}/{name}");
            if name.ends_with(".toml") {
                layers.push(path);
            } else if name != "README" {
                let what = format!("{path} is not read: its name does not end in .toml");
                found.push(Finding::note(what, "rename it, or take it away"));
            }
        }
    }
    for path in layers {
        let Ok(Some(file)) = facts.metadata(&path) else { continue };
        if file.mode() & 0o002 != 0 {
            let what = format!("{path} can be changed by everybody on this computer");
            found.push(Finding::failure(what, format!("chmod 644 {path}, and read it through")));
        }
    }
    or_fine(found, "every file is read, and nobody else may change one")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn stray_and_open_files_are_named() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/etc/vestibule/conf.d/10-a.toml", "");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/etc/vestibule/profiles/cellar.toml", "");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/etc/vestibule/profiles/cellar.txt", "");
        assert_eq!(bench.standing(CHECK), Standing::Note);
        bench.file("/etc/vestibule/conf.d/10-a.toml.bak", "");
        assert_eq!(bench.standing(CHECK), Standing::Note);
        let open = bench.facts.path("/etc/vestibule/conf.d/10-a.toml");
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(bench.standing(CHECK), Standing::Failure);
    }
}
