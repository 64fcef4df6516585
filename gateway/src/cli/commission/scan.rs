//! `vestibule device scan`: every board on a line, with its setting, address and model.

use device_drivers::commission::identify::{Candidate, Identify};
use device_drivers::commission::manner::{self, USUAL_ADDRESSES};
use device_drivers::commission::scan::{Condition, Found, Plan, Scan};
use device_drivers::commission::setting::Setting;
use device_drivers::device::Model;
use device_drivers::frame::Protocol;
use device_drivers::spec::Address;
use serde::Serialize;

use super::super::arguments::{Arguments, Scan as Given};
use super::super::table::aligned;
use super::super::{Exit, Failure, Out, ask, progress};
use super::place::{self, Place, place};
use super::wire::{Leave, Wire};
use crate::console::protocol::BorrowRequest;

/// One occupied address, with what it may be.
#[derive(Serialize)]
pub struct Board {
    /// Where, and how it answers.
    #[serde(flatten)]
    pub found: Found,
    /// What it may be, the likeliest first; empty for a doubled address.
    pub candidates: Vec<Candidate>,
}

#[derive(Serialize)]
struct Report {
    port: String,
    line: Option<String>,
    boards: Vec<Board>,
    /// Settings at which only garbage was heard.
    noisy: Vec<Setting>,
}

/// Runs the command.
///
/// # Errors
/// The line cannot be had.
pub fn scan(arguments: &Arguments, given: &Given, out: &mut Out) -> Result<Exit, Failure> {
    let place = place(arguments, &given.on)?;
    let plans = place.protocols(&given.protocol)?.into_iter().map(|protocol| plan(given, protocol));
    let plans = plans.collect::<Result<Vec<_>, _>>()?;
    let wanted = BorrowRequest::reads(place.line.clone().unwrap_or_default());
    let mut wire = Wire::take(&place, &ask::socket(arguments), wanted, Leave::Own)?;
    let (found, noisy) = look(&mut wire, plans, out)?;
    let mut boards = Vec::new();
    for found in found {
        let candidates = match found.condition {
            Condition::Good => identified(&mut wire, &found, given.on.timeout_ms, out)?,
            Condition::Doubled => Vec::new(),
        };
        boards.push(Board { found, candidates });
    }
    drop(wire);
    let report = Report { port: place.path.display().to_string(), line: place.line.clone(), boards, noisy };
    out.either(&report, || words(&report, &place))?;
    let good = !report.boards.is_empty()
        && report.boards.iter().all(|board| board.found.condition == Condition::Good);
    Ok(if good { Exit::Done } else { Exit::Failed })
}

fn plan(given: &Given, protocol: Protocol) -> Result<Plan, Failure> {
    let bauds = given.baud.iter().map(|typed| place::baud(*typed)).collect::<Result<Vec<_>, _>>()?;
    let parities: Vec<_> = given.parity.iter().map(|name| place::parity(*name)).collect();
    let all = manner::addresses(protocol);
    let addresses: Vec<Address> = match (given.addresses, given.all) {
        (Some((first, last)), _) => all.filter(|one| (first..=last).contains(&one.number())).collect(),
        (None, true) => all.collect(),
        (None, false) => all.take(USUAL_ADDRESSES).collect(),
    };
    if addresses.is_empty() {
        let range = protocol.addresses();
        let words = format!("{} boards have addresses {} to {}", protocol.name(), range.start(), range.end());
        return Err(place::usage(words));
    }
    let timeout_ms = given.on.timeout_ms.max(manner::answer_ms(protocol));
    Ok(Plan { protocol, settings: manner::settings(protocol, &bauds, &parities), addresses, timeout_ms })
}

/// Looks at every address of the plans in turn, told by one bar over all. A line has one protocol: the first in which somebody
/// answers is the last that is spoken there.
///
/// # Errors
/// The line is gone.
pub fn look(wire: &mut Wire, plans: Vec<Plan>, out: &Out) -> Result<(Vec<Found>, Vec<Setting>), Failure> {
    let several = plans.len() > 1;
    let scans: Vec<Scan> = plans.into_iter().map(Scan::new).collect();
    let bar = progress::scan(out, scans.iter().map(|scan| scan.progress().of).sum());
    let (mut before, mut noisy) = (0, Vec::new());
    for mut scan in scans {
        let mut told = 0;
        while let Some(question) = scan.next() {
            scan.answered(&wire.ask(&question)?);
            let progress = scan.progress();
            bar.set_position(u64::try_from(before + progress.done).unwrap_or(u64::MAX));
            if let Some((setting, address)) = progress.trying {
                let protocol = if several { format!("{}, ", scan.protocol().name()) } else { String::new() };
                bar.set_message(format!("{protocol}{setting}, address {}", address.number()));
            }
            let found = scan.found();
            for board in found.iter().skip(told) {
                bar.println(format!("something answers at {}, address {}", board.setting, board.address));
            }
            told = found.len();
        }
        before += scan.progress().of;
        noisy.extend_from_slice(scan.noisy());
        if !scan.found().is_empty() {
            bar.finish_and_clear();
            return Ok((scan.found(), scan.noisy().to_vec()));
        }
    }
    bar.finish_and_clear();
    noisy.sort_by_key(|setting: &Setting| setting.baud);
    noisy.dedup();
    Ok((Vec::new(), noisy))
}

/// What the board that was found may be.
///
/// # Errors
/// The line is gone.
pub fn identified(
    wire: &mut Wire,
    found: &Found,
    timeout_ms: u16,
    out: &Out,
) -> Result<Vec<Candidate>, Failure> {
    let protocol = found.protocol;
    let address = Address::on(protocol, found.address).map_err(|error| place::usage(error.to_string()))?;
    let timeout_ms = timeout_ms.max(manner::answer_ms(protocol));
    let mut identify = Identify::new(protocol, found.setting, address, timeout_ms, Model::all());
    let bar = progress::scan(out, identify.progress().1);
    bar.set_message(format!("what is at address {}?", found.address));
    while let Some(question) = identify.next() {
        identify.answered(wire.ask(&question)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(identify.candidates())
}

fn words(report: &Report, place: &Place) -> String {
    let mut lines = Vec::new();
    let (good, doubled): (Vec<&Board>, Vec<&Board>) =
        report.boards.iter().partition(|board| board.found.condition == Condition::Good);
    if !report.boards.is_empty() {
        let head = ["ADDRESS", "SETTING", "PROTOCOL", "MODEL", "WHY"].map(str::to_owned).to_vec();
        let rows = report.boards.iter().map(row);
        lines.push(aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
    }
    lines.extend(doubled.iter().map(|board| two_boards(&board.found)));
    for setting in &report.noisy {
        lines.push(format!(
            "At {setting} there was only garbage: something talks at another speed, or all the time."
        ));
    }
    if let Some(other) =
        place.setting.filter(|wanted| good.iter().any(|board| board.found.setting.baud != wanted.baud))
    {
        lines.push(format!(
            "The configuration says {other} for this line; boards at another speed are not heard there."
        ));
    }
    if report.boards.is_empty() {
        lines.push(format!(
            "Nobody answers on {}. Check the boards' supply, whether A and B are swapped, and the cable; try --all for every \
             address, --timeout-ms 200 for slow instruments, and --protocol all for lock boards with a protocol of their own.",
            report.port
        ));
    }
    lines.join("\n")
}

/// What to do about an address that answers with damage.
fn two_boards(found: &Found) -> String {
    let other = match found.protocol {
        Protocol::ModbusRtu => "give it another address: vestibule device address --help",
        // Its answer is as long as our question, and all doors open makes it the same: see `device::lock_8a`.
        Protocol::Lock8a => {
            "set its switches to another address. A board with 8 locks answers like that too; it is not offered"
        }
        _ => "set its switches to another address",
    };
    format!(
        "Address {} answers with damage each time: two boards have it, and one order would move both. Take one off the line \
         and {other}",
        found.address
    )
}

fn row(board: &Board) -> Vec<String> {
    let (model, why) = match (board.found.condition, board.candidates.first()) {
        (Condition::Doubled, _) => ("two boards".to_owned(), "damaged in both of two tries".to_owned()),
        (Condition::Good, None) => {
            ("unknown".to_owned(), "answers as none of the models that are known".to_owned())
        }
        (Condition::Good, Some(best)) => {
            let others: Vec<&str> =
                board.candidates.iter().skip(1).map(|candidate| candidate.model.as_str()).collect();
            let others =
                if others.is_empty() { String::new() } else { format!("; or {}", others.join(", ")) };
            (best.model.clone(), format!("{}{others}", best.reasons.join(", ")))
        }
    };
    let protocol = board.found.protocol.name().to_owned();
    vec![board.found.address.to_string(), board.found.setting.to_string(), protocol, model, why]
}
