//! Boards that are silent while others on the same line answer.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.device", title: "every board answers", run };

fn run(facts: &Facts) -> Findings {
    let snapshot = facts.snapshot()?;
    let found = snapshot.devices.iter().filter_map(|board| snapshot.board_trouble(board));
    let found = found.map(|(what, next)| Finding::failure(what, next));
    or_fine(found.collect(), format!("{} boards answer", snapshot.devices.len()))
}

#[cfg(test)]
mod tests {
    use vestibule_contract::words::PresenceWord;

    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::{Bench, NOW};

    #[test]
    fn silent_board_is_told_in_words_while_others_answer() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let presence = &mut bench.daemon().devices[1].presence;
        (presence.value, presence.observed_at) = (Some(PresenceWord::Offline), Some(NOW - 7_440_000));
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Failure);
        let expected = "doors, address 2: silent since 12:09 UTC (2 h 4 min); other devices on rs485-1 answer \
                        check its power and termination";
        assert!(words.starts_with(expected), "{words}");
        bench.daemon().devices[1].presence.value = None;
        assert!(bench.ask(CHECK).1.contains("silent since the start"));
        bench.daemon().devices[1].presence.value = Some(PresenceWord::Degraded);
        assert!(bench.ask(CHECK).1.contains("set-up cannot be verified"));
        bench.daemon().devices[1].presence.value = Some(PresenceWord::Offline);
        bench.daemon().devices[0].presence.value = Some(PresenceWord::Offline);
        assert_eq!(bench.standing(CHECK), Standing::Fine, "the line as a whole is another check's");
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
