//! How many answers of each board are lost or damaged, and what else is heard on each line.

use crate::console::snapshot::DeviceTotals;
use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.quality", title: "answers arrive whole", run };

/// Fewer transactions than this say nothing.
const LEAST: u64 = 500;
/// Lost or damaged answers in ten thousand that somebody should look at: a good cable has fewer than one.
const POOR: u64 = 100;
/// And those at which doors are felt to be slow.
const BAD: u64 = 1_000;
/// Frames in ten thousand transactions that nobody here asked for: a second master.
const FOREIGN: u64 = 1;

fn run(facts: &Facts) -> Findings {
    let field = &facts.snapshot()?.field;
    let mut found: Vec<Finding> = field.devices.iter().filter_map(|(id, board)| poor(id, board)).collect();
    for (id, line) in &field.lines {
        if line.foreign.saturating_mul(10_000) > line.transactions.max(LEAST).saturating_mul(FOREIGN) {
            let what = format!("{} frames on {id} that nobody here asked for", line.foreign);
            found.push(Finding::warning(what, "is another master on the line? two of them open wrong doors"));
        }
    }
    or_fine(found, "answers arrive whole on every line")
}

/// A dead board is another check's: only what answers sometimes has a bad cable.
fn poor(id: &str, board: &DeviceTotals) -> Option<Finding> {
    let lost = board.timeout + board.crc;
    let all = board.ok + lost + board.exception;
    if all < LEAST || board.ok == 0 {
        return None;
    }
    let share = lost.saturating_mul(10_000) / all;
    let words = format!(
        "{id}, address {} on {}: {}.{:02} % of its answers are lost or damaged ({} lost, {} damaged)",
        board.address,
        board.line,
        share / 100,
        share % 100,
        board.timeout,
        board.crc
    );
    let next = if board.crc > board.timeout {
        "check polarity, shield and termination; two boards on one address also look like this"
    } else {
        "check its power and plug; a supply that sags under a lock's current looks like this"
    };
    match share {
        BAD.. => Some(Finding::failure(words, next)),
        POOR.. => Some(Finding::warning(words, next)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn quality_is_judged_by_board_and_foreign_frames_by_line() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let mut set = |timeout, crc| {
            let board = bench.daemon().field.devices.get_mut("doors").unwrap();
            (board.timeout, board.crc) = (timeout, crc);
            bench.ask(CHECK)
        };
        assert_eq!(set(50, 0).0, Standing::Fine);
        let (standing, words) = set(100, 2_000);
        assert_eq!(standing, Standing::Warning);
        assert!(
            words.contains("doors, address 2 on rs485-1: 2.05 %") && words.contains("polarity"),
            "{words}"
        );
        assert_eq!(set(20_000, 0).0, Standing::Failure);
        assert_eq!(set(0, 0).0, Standing::Fine);
        bench.daemon().field.lines.get_mut("rs485-1").unwrap().foreign = 50;
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
