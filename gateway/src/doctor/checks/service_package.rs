//! Whether the package's files are as they were installed.

use std::fs::File;
use std::io::Read as _;

use md5::{Digest as _, Md5};

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "service.package", title: "the package's files are unchanged", run };

/// What dpkg keeps of each package's files, as `NAME.md5sums`; MD5 tells damage, not an attacker. It is read, not asked
/// for (packaging/debian/vestibule.lintian-overrides).
const SUMS: &str = "/var/lib/dpkg/info";
const BLOCK: usize = 64 * 1024;

fn run(facts: &Facts) -> Findings {
    let (mut found, mut looked) = (Vec::new(), 0);
    let ours = |name: &String| {
        let package = name.strip_suffix(".md5sums");
        package.is_some_and(|package| package == "vestibule" || package.starts_with("vestibule-site-"))
    };
    for sums in facts.names(SUMS)?.iter().filter(|name| ours(name)) {
        let Some(text) = facts.text(format!("{SUMS}/{sums}"))? else { continue };
        for (sum, path) in text.lines().filter_map(|line| line.split_once("  ")) {
            looked += 1;
            let path = format!("/{}", path.trim());
            // What dpkg was told to leave out (documentation) is not missing.
            let excluded = path.starts_with("/usr/share/doc/") || path.starts_with("/usr/share/man/");
            let now = md5_of(facts, &path);
            if now.as_deref() != Some(sum) && !(excluded && now.is_none()) {
                let how = if now.is_some() { "was changed" } else { "is missing" };
                let next = "apt install --reinstall vestibule; a file that changed by itself is a dying card";
                found.push(Finding::warning(format!("{path} {how} since it was installed"), next));
            }
        }
    }
    match looked {
        0 => Err(Finding::skipped("the package is not installed")),
        _ => or_fine(found, format!("{looked} files are as they were installed")),
    }
}

fn md5_of(facts: &Facts, path: &str) -> Option<String> {
    let mut file = File::open(facts.path(path)).ok()?;
    let mut sum = Md5::new();
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block).ok()? {
            0 => break,
            read => sum.update(block.get(..read)?),
        }
    }
    Some(sum.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn file_is_as_installed_changed_or_missing() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        // MD5 of "hello\n", as md5sum prints it.
        let sums = "b1946ac92492d2347c6235b4d2611184  usr/bin/vestibule\n\
                    b1946ac92492d2347c6235b4d2611184  usr/share/doc/vestibule/README.md\n";
        bench.file("/var/lib/dpkg/info/vestibule.md5sums", sums);
        bench.file("/var/lib/dpkg/info/vestibule-other.md5sums", "00  usr/bin/other\n");
        bench.file("/usr/bin/vestibule", "hello\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/usr/bin/vestibule", "hallo\n");
        assert!(bench.ask(CHECK).1.starts_with("/usr/bin/vestibule was changed"));
        std::fs::remove_file(bench.facts.path("/usr/bin/vestibule")).unwrap();
        assert!(bench.ask(CHECK).1.starts_with("/usr/bin/vestibule is missing"));
        bench.file("/usr/bin/vestibule", "hello\n");
        let site = "b1946ac92492d2347c6235b4d2611184  usr/lib/vestibule/site.toml\n";
        bench.file("/var/lib/dpkg/info/vestibule-site-maple-court.md5sums", site);
        assert!(
            bench.ask(CHECK).1.starts_with("/usr/lib/vestibule/site.toml is missing"),
            "whatever the building"
        );
    }
}
