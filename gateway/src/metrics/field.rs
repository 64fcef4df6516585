//! Lines, their ports, and boards.

use std::fmt;
use std::time::Duration;

use vestibule_contract::words::PresenceWord;

use super::families::{Families, plain, seconds, states};
use crate::console::snapshot::{DeviceTotals, LineTotals, Named, Snapshot};

/// Takes one number out of totals.
type Count<T> = fn(&T) -> u64;

/// A flag that was not heard for this long is not told: six periods of a built-in profile.
const FLAG_STALE_MS: u64 = 60_000;

/// Writes all of it.
pub(super) fn write(families: &mut Families<'_>, snapshot: &Snapshot) -> fmt::Result {
    lines(families, snapshot)?;
    boards(families, snapshot)?;
    super::readers::write(families, snapshot)?;
    super::scanners::write(families, snapshot)
}

fn lines(families: &mut Families<'_>, snapshot: &Snapshot) -> fmt::Result {
    let state = snapshot.lines.iter().flat_map(|line| {
        presence(line).map(|(word, is)| ([("line", line.id.as_str()), ("state", word)], is))
    });
    families.gauges(plain("vestibule_line_state", "1 for the state that a serial line is in."), state)?;
    let lines = || snapshot.field.lines.iter().map(|(id, totals)| ([("line", id.as_str())], totals));
    let open = lines().map(|(labels, line)| (labels, i64::from(line.open == Some(true))));
    families.gauges(plain("vestibule_line_port_open", "1 while the port is open."), open)?;
    let counts: [(&str, &str, Count<LineTotals>); 4] = [
        ("vestibule_line_port_opened", "Times that the port was opened.", |line| line.opened),
        ("vestibule_line_transactions", "Transactions begun.", |line| line.transactions),
        ("vestibule_line_foreign_frames", "Valid frames that nobody here asked for.", |line| line.foreign),
        ("vestibule_line_noise_bytes", "Bytes that made no frame.", |line| line.noise_bytes),
    ];
    for (name, help, count) in counts {
        families.counters(plain(name, help), lines().map(|(labels, line)| (labels, count(line))))?;
    }
    let busy = lines().map(|(labels, line)| (labels, from_millis(line.busy_ms)));
    let help = "Time from each request's first byte to its answer's last byte or timeout.";
    families.counters(seconds("vestibule_line_busy", help), busy)?;
    let occupied = lines().map(|(labels, line)| (labels, from_millis(line.occupied_ms)));
    let help = "Time in which the wire could carry nothing else; its rate is the line's use, 1 all that it can carry.";
    families.counters(seconds("vestibule_line_occupied", help), occupied)?;
    let dead = lines().map(|(labels, line)| (labels, from_millis(line.busy_dead_ms)));
    families.counters(seconds("vestibule_line_busy_dead", "Part of it spent on boards that are dead."), dead)
}

fn boards(families: &mut Families<'_>, snapshot: &Snapshot) -> fmt::Result {
    let on = |id: &str| snapshot.field.devices.get(id).map_or("", |board| board.line.as_str());
    // A scanner has a state of its own kind.
    let is_board = |board: &&Named| !snapshot.scanners.iter().any(|scanner| scanner.id == board.id);
    let state = snapshot.devices.iter().filter(is_board).flat_map(|board| {
        let line = on(&board.id);
        let labels = move |word| [("device", board.id.as_str()), ("line", line), ("state", word)];
        presence(board).map(move |(word, is)| (labels(word), is))
    });
    families.gauges(plain("vestibule_device_state", "1 for the state that a board is in."), state)?;
    let boards = || {
        let all = snapshot.field.devices.iter();
        all.map(|(id, board)| ([("device", id.as_str()), ("line", board.line.as_str())], board))
    };
    let flags = snapshot.field.devices.iter().flat_map(|(id, board)| {
        let heard = board.flags.iter().filter(|(_, flag)| flag.heard_ms < FLAG_STALE_MS);
        heard.map(move |(name, flag)| {
            let labels = [
                ("device", id.as_str()),
                ("line", board.line.as_str()),
                ("flag", name.as_str()),
                ("role", flag.role.as_str()),
            ];
            (labels, i64::from(flag.raised))
        })
    });
    let help = "1 while a refrigeration controller says so of itself.";
    let mut flags = flags.peekable();
    // A building without such a controller has no such family.
    if flags.peek().is_some() {
        families.gauges(plain("vestibule_device_flag", help), flags)?;
    }
    let results: [(&str, Count<DeviceTotals>); 4] = [
        ("ok", |board| board.ok),
        ("timeout", |board| board.timeout),
        ("crc", |board| board.crc),
        ("exception", |board| board.exception),
    ];
    let by_result = boards().flat_map(|([device, line], board)| {
        results.iter().map(move |(result, count)| ([device, line, ("result", *result)], count(board)))
    });
    let help = "Transactions by how they ended.";
    families.counters(plain("vestibule_device_transactions", help), by_result)?;
    let late = boards().map(|(labels, board)| (labels, board.late));
    families
        .counters(plain("vestibule_device_late_answers", "Answers that came after their timeout."), late)?;
    let sum = boards().map(|(labels, board)| (labels, from_millis(board.latency_sum_ms)));
    let help = "Time to the answers, summed; by the transactions that ended ok it is their mean.";
    families.counters(seconds("vestibule_device_answer", help), sum)
}

fn presence(named: &Named) -> impl Iterator<Item = (&'static str, i64)> {
    states(PresenceWord::WORDS, named.presence.value.map(PresenceWord::word))
}

fn from_millis(millis: u64) -> f64 {
    Duration::from_millis(millis).as_secs_f64()
}
