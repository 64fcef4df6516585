//! `vestibule status`: health in words, and what to do next.

use vestibule_contract::words::{CompartmentUse, Quality, StorageWord};

use super::advice::{Advice, advice};
use super::arguments::Arguments;
use super::table::{aligned, celsius, count, span};
use super::{Exit, Failure, Out, ask, enroll};
use crate::console::snapshot::{DeviceTotals, Gateway, Link, Named, Probe, Reader, Scanner, Snapshot};

/// A flag that was not heard for this long is not told as if it were so now: six periods of a built-in profile.
const FLAG_STALE_MS: u64 = 60_000;

/// Runs the command. A building that needs attention is still a command that is done.
///
/// # Errors
/// The daemon cannot be reached.
pub fn status(arguments: &Arguments, out: &mut Out) -> Result<Exit, Failure> {
    let pending = enroll::pending(&arguments.config).into_iter().map(|(what, next)| Advice { what, next });
    let snapshot = ask::connect(&ask::socket(arguments)).and_then(|mut client| ask::snapshot(&mut client));
    // A gateway that is not enrolled yet, or not started, says what it waits for.
    let snapshot = snapshot.map_err(|failure| waiting(failure, pending.clone()))?;
    let advice: Vec<Advice> = advice(&snapshot).into_iter().chain(pending).collect();
    #[derive(serde::Serialize)]
    struct Status<'a> {
        #[serde(flatten)]
        snapshot: &'a Snapshot,
        attention: &'a [Advice],
    }
    out.either(&Status { snapshot: &snapshot, attention: &advice }, || words(&snapshot, &advice))?;
    Ok(Exit::Done)
}

fn waiting(failure: Failure, pending: impl Iterator<Item = Advice>) -> Failure {
    let words = pending.map(|Advice { what, next }| format!("\n  ! {what}\n    {next}"));
    Failure { words: core::iter::once(failure.words).chain(words).collect(), exit: failure.exit }
}

/// The status for a person.
#[must_use]
pub fn words(snapshot: &Snapshot, advice: &[Advice]) -> String {
    let gateway = &snapshot.gateway;
    let up = span(gateway.now - gateway.started);
    let mut text = format!(
        "{} ({})\nvestibule {}, start {}, up {up}\n\n",
        snapshot.name, snapshot.building, gateway.version, gateway.boot
    );
    let row = |name: &str, words: String| vec![format!("  {name}"), words];
    let mut rows = vec![
        row("doors", doors(snapshot)),
        row("lines", presence(&snapshot.lines)),
        row("boards", presence(&snapshot.devices)),
    ];
    rows.extend(snapshot.field.lines.iter().filter_map(|(id, line)| {
        let used = f64::from(line.use_permille?) / 10.0;
        Some(row(&format!("line {id}"), format!("{used:.0} % of what its wire can carry is used")))
    }));
    rows.extend(snapshot.probes.iter().map(|p| row(&format!("probe {}", p.id), probe(p, gateway.now))));
    rows.extend(
        snapshot
            .field
            .devices
            .iter()
            .filter_map(|(id, board)| controller(board).map(|words| row(&format!("controller {id}"), words))),
    );
    rows.extend(snapshot.readers.iter().map(|r| row(&format!("reader {}", r.id), reader(r))));
    rows.extend(snapshot.scanners.iter().map(|s| row(&format!("scanner {}", s.id), scanner(s, gateway.now))));
    rows.extend(snapshot.terminals.iter().map(|t| row(&format!("terminal {}", t.id), t.usage.to_string())));
    rows.push(row("journal", journal(snapshot)));
    rows.extend(snapshot.links.iter().map(|(name, link)| row(name, self::link(name, link, gateway))));
    rows.push(row("clock", gateway.clock.to_string()));
    rows.extend(snapshot.seal.words().map(|words| row("seal", words)));
    text.push_str(&aligned(&rows));
    text.push('\n');
    if advice.is_empty() {
        text.push_str("All is well.\n");
        return text;
    }
    text.push_str(&format!("{} to look at:\n", count(advice.len(), "thing")));
    for Advice { what, next } in advice {
        text.push_str(&format!("  ! {what}\n    {next}\n"));
    }
    text
}

fn doors(snapshot: &Snapshot) -> String {
    let all = &snapshot.compartments;
    let of = |usage: CompartmentUse| all.iter().filter(|c| c.usage == usage).count();
    let parts = [
        (CompartmentUse::Free, "free"),
        (CompartmentUse::Occupied, "occupied"),
        (CompartmentUse::Reserved, "being filled"),
        (CompartmentUse::NeedsInspection, "to inspect"),
        (CompartmentUse::OutOfService, "out of service"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(usage, _)| of(*usage) > 0)
        .map(|(usage, words)| format!("{} {words}", of(*usage)))
        .collect();
    format!("{}: {}", all.len(), parts.join(", "))
}

fn presence(all: &[Named]) -> String {
    let online = all.iter().filter(|one| one.is_online()).count();
    format!("{online} of {} online", all.len())
}

fn probe(probe: &Probe, now: i64) -> String {
    let read = &probe.milli_celsius;
    let value = read.value.map_or_else(|| "no reading yet".to_owned(), celsius);
    let age = read.observed_at.map(|at| format!(", {} ago", span(now - at))).unwrap_or_default();
    match read.quality {
        Quality::Good => format!("{value}  ({})", probe.climate),
        quality => format!("{value}  ({}, {}{age})", probe.climate, quality.word().to_uppercase()),
    }
}

/// What a refrigeration controller says of itself; none for a board that says nothing.
fn controller(board: &DeviceTotals) -> Option<String> {
    if board.flags.is_empty() {
        return None;
    }
    let raised = board.flags.iter().filter(|(_, flag)| flag.raised);
    let words = raised.map(|(name, flag)| {
        let name = if flag.role == "alarm" { name.to_uppercase() } else { name.clone() };
        let age = span(i64::try_from(flag.for_ms).unwrap_or(i64::MAX));
        match flag.heard_ms {
            0..=FLAG_STALE_MS => format!("{name} for {age}"),
            _ => format!("{name} (not heard lately)"),
        }
    });
    let words: Vec<_> = words.collect();
    Some(if words.is_empty() { "nothing to report".to_owned() } else { words.join(", ") })
}

/// A reader's standing, its housing and its window.
fn reader(reader: &Reader) -> String {
    let housing = match reader.tampered {
        Some(true) => ", housing OPEN",
        Some(false) | None => "",
    };
    let window =
        reader.window_s.map(|left| format!(", install window open for {left} s")).unwrap_or_default();
    format!("{}{housing}{window}", reader.state.replace('_', " "))
}

fn scanner(scanner: &Scanner, now: i64) -> String {
    let since = scanner.since.map(|since| format!(" for {}", span(now - since))).unwrap_or_default();
    match scanner.state.as_str() {
        "ready" => format!("ready, {}", count_of(scanner.scans, "scan")),
        "unknown" => "not heard yet".to_owned(),
        state => format!("{}{since}", state.to_uppercase()),
    }
}

fn count_of(number: u64, thing: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), thing)
}

fn link(name: &str, link: &Link, gateway: &Gateway) -> String {
    let span = link.since.map(|since| format!(" for {}", span(gateway.now - since))).unwrap_or_default();
    let behind = gateway.journal.saturating_sub(gateway.acknowledged.unwrap_or(0));
    let behind = match (name, behind) {
        ("cloud", 1..) => format!(", {behind} rows to send"),
        _ => String::new(),
    };
    let how = if link.connected { "connected" } else { "AWAY" };
    format!("{how}{span}{behind}")
}

fn journal(snapshot: &Snapshot) -> String {
    let gateway = &snapshot.gateway;
    match gateway.storage {
        StorageWord::Good => format!(
            "{} rows, last commit took {} ms",
            gateway.journal,
            gateway.counters.last_commit_us.div_ceil(1_000)
        ),
        StorageWord::Degraded => {
            format!("{} rows durable, {} WAIT FOR THE DISK", gateway.journal, gateway.waiting_rows)
        }
    }
}
