//! Whether there is a time source, and a second one: one source alone can set the clock to anything.

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "clock.source", title: "two time sources agree on the time", run };

/// Daemons that compare sources, with where they are configured.
const COMPARING: [&str; 3] = ["/etc/chrony/chrony.conf", "/etc/ntpsec/ntp.conf", "/etc/ntp.conf"];
/// Where Debian installs the daemon that asks one source at a time.
const TIMESYNCD: &str = "/usr/lib/systemd/systemd-timesyncd";

fn run(facts: &Facts) -> Findings {
    let read = |path: &'static str| Some((path, sources(&facts.text(path).ok()??)));
    let found = COMPARING.into_iter().find_map(read);
    one(match found {
        Some((_, Sources::Many)) => Finding::fine("several time sources are compared"),
        Some((path, Sources::One)) => Finding::note(
            "one time source alone sets the clock",
            format!("name a second server or a pool in {path}"),
        ),
        Some((path, Sources::None)) => {
            Finding::warning(format!("{path} names no time source"), "add `pool` or `server` lines")
        }
        None if facts.exists(TIMESYNCD) => Finding::note(
            "systemd-timesyncd asks one source at a time and compares none",
            "install chrony with a pool, if somebody on the building's network could forge time",
        ),
        None => Finding::warning("no time daemon is installed", "apt install systemd-timesyncd, or chrony"),
    })
}

enum Sources {
    None,
    One,
    Many,
}

/// A pool is several servers.
fn sources(text: &str) -> Sources {
    let mut servers = 0;
    for line in text.lines() {
        match line.split_whitespace().next() {
            Some("pool" | "sourcedir") => return Sources::Many,
            Some("server" | "peer" | "refclock") => servers += 1,
            _ => {}
        }
    }
    match servers {
        0 => Sources::None,
        1 => Sources::One,
        _ => Sources::Many,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn sources_are_counted_where_they_are_configured() {
        let mut bench = Bench::new();
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        bench.file(TIMESYNCD, "");
        assert_eq!(bench.standing(CHECK), Standing::Note);
        bench.file("/etc/chrony/chrony.conf", "# pool a\nserver a iburst\n");
        assert_eq!(bench.standing(CHECK), Standing::Note);
        bench.file("/etc/chrony/chrony.conf", "server a iburst\nserver b\n");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.file("/etc/chrony/chrony.conf", "driftfile x\n");
        assert_eq!(bench.standing(CHECK), Standing::Warning);
    }
}
