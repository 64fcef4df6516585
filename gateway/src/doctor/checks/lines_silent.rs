//! Lines that are away as a whole: a port that is shut, or one that is open and on which nobody answers.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.silent", title: "somebody answers on every line", run };

fn run(facts: &Facts) -> Findings {
    let snapshot = facts.snapshot()?;
    let lines = &snapshot.field.lines;
    let found = lines.keys().filter_map(|id| snapshot.line_trouble(id));
    let found = found.map(|(what, next)| Finding::failure(what, next));
    or_fine(found.collect(), format!("somebody answers on each of {} lines", lines.len()))
}

#[cfg(test)]
mod tests {
    use vestibule_contract::words::PresenceWord;

    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn line_is_named_when_its_port_is_shut_or_nobody_answers() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().devices[0].presence.value = Some(PresenceWord::Offline);
        assert_eq!(bench.standing(CHECK), Standing::Fine, "one board is another check's");
        bench.daemon().devices[1].presence.value = Some(PresenceWord::Offline);
        assert!(bench.ask(CHECK).1.contains("none of its 2 boards answers"));
        let line = bench.daemon().field.lines.get_mut("rs485-1").unwrap();
        (line.open, line.reason) = (Some(false), Some("it was unplugged".into()));
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Failure);
        assert!(words.contains("line rs485-1 is away") && words.contains("unplugged"), "{words}");
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
