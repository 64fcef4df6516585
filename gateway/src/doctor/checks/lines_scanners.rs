//! Scanners that are away or answer no commands, and people who tried to set them up.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.scanners", title: "every scanner is as it was set up", run };

fn run(facts: &Facts) -> Findings {
    let scanners = &facts.snapshot()?.scanners;
    let mut found = Vec::new();
    for (scanner, (what, next)) in scanners.iter().filter_map(|one| Some((one, one.attention()?))) {
        // One that answers nothing may be set up by whoever stands before it; one that is away serves nobody.
        let finding =
            if scanner.unsettled || scanner.state == "away" { Finding::failure } else { Finding::warning };
        found.push(finding(what, next.to_owned()));
    }
    for scanner in scanners.iter().filter(|scanner| scanner.set_up_codes + scanner.changed > 0) {
        let what = format!(
            "since the start {} set-up barcodes were held before scanner {}, its settings were found changed {} times and put \
             back {} times",
            scanner.set_up_codes, scanner.id, scanner.changed, scanner.undone
        );
        found
            .push(Finding::note(what, "vestibule journal has when (device.degraded); a camera may have who"));
    }
    for scanner in scanners.iter().filter(|scanner| scanner.terminal.is_none()) {
        let what = format!("scanner {} belongs to no terminal: what it scans is thrown away", scanner.id);
        found.push(Finding::warning(what, "name it in [[terminal]]: scanner = \"...\""));
    }
    or_fine(found, format!("{} scanners are as they were set up", scanners.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::snapshot::Scanner;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn scanner_is_told_when_it_is_away_or_somebody_set_it_up() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().scanners = vec![Scanner {
            id: "lobby-scanner".into(),
            terminal: Some("lobby".into()),
            state: "ready".into(),
            scans: 12,
            ..Scanner::default()
        }];
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let mut set = |change: fn(&mut Scanner)| {
            change(&mut bench.daemon().scanners[0]);
            bench.ask(CHECK)
        };
        let (standing, words) = set(|scanner| (scanner.changed, scanner.undone) = (1, 1));
        assert!(standing == Standing::Note && words.contains("put back 1 times"), "{words}");
        let (standing, words) = set(|scanner| scanner.unsettled = true);
        assert!(standing == Standing::Failure && words.contains("CHANGED"), "{words}");
        let (standing, words) =
            set(|scanner| *scanner = Scanner { state: "silent".into(), ..scanner.clone() });
        assert!(standing == Standing::Failure && words.contains("answers no commands"), "{words}");
        let (standing, words) = set(|scanner| {
            scanner.state = "away".into();
            scanner.reason = Some("it is gone".into());
        });
        assert!(standing == Standing::Failure && words.contains("of terminal lobby is away"), "{words}");
        let (_, words) = set(|scanner| scanner.terminal = None);
        assert!(words.contains("belongs to no terminal"), "{words}");
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
