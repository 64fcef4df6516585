//! Lines that are away as a whole: a port that is shut, or one that is open and on which nobody answers.

use crate::console::snapshot::{LineTotals, Snapshot};
use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.silent", title: "somebody answers on every line", run };

fn run(facts: &Facts) -> Findings {
    let snapshot = facts.snapshot()?;
    let lines = &snapshot.field.lines;
    let found = lines.iter().filter_map(|(id, line)| silent(snapshot, id, line));
    or_fine(found.collect(), format!("somebody answers on each of {} lines", lines.len()))
}

fn silent(snapshot: &Snapshot, id: &str, line: &LineTotals) -> Option<Finding> {
    if line.open == Some(false) {
        let reason = line.reason.as_deref().unwrap_or("it is closed");
        let what = format!("line {id} is away: the port {}: {reason}", line.port);
        return Some(Finding::failure(what, "check the adapter and its plug; it is opened again by itself"));
    }
    let here = |device: &&str| snapshot.field.devices.get(*device).is_some_and(|board| board.line == id);
    let online = |device: &&str| {
        let named = snapshot.devices.iter().find(|named| named.id == *device);
        named.is_some_and(|named| named.presence.value.as_deref() == Some("online"))
    };
    let boards: Vec<&str> = snapshot.field.devices.keys().map(String::as_str).filter(here).collect();
    if boards.is_empty() || boards.iter().any(online) {
        return None;
    }
    let what = format!("line {id}: its port is open and none of its {} boards answers", boards.len());
    let next = "check the boards' supply, A and B at the first board, and baud and parity of [[line]]";
    Some(Finding::failure(what, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn line_is_named_when_its_port_is_shut_or_nobody_answers() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().devices[0].presence.value = Some("offline".into());
        assert_eq!(bench.standing(CHECK), Standing::Fine, "one board is another check's");
        bench.daemon().devices[1].presence.value = Some("offline".into());
        assert!(bench.ask(CHECK).1.contains("none of its 2 boards answers"));
        let line = bench.daemon().field.lines.get_mut("rs485-1").unwrap();
        (line.open, line.reason) = (Some(false), Some("it was unplugged".into()));
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Failure);
        assert!(words.contains("line rs485-1 is away") && words.contains("unplugged"), "{words}");
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
