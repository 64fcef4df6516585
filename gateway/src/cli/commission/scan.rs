//! `vestibule device scan`: every board on a line, with its setting, address and model.

use device_drivers::commission::identify::{Candidate, Identify};
use device_drivers::commission::scan::{Condition, Found, Plan, Scan, USUAL_ADDRESSES};
use device_drivers::commission::setting::Setting;
use device_drivers::device::Model;
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
    let plan = plan(given)?;
    let place = place(arguments, &given.on)?;
    let wanted = BorrowRequest::reads(place.line.clone().unwrap_or_default());
    let mut wire = Wire::take(&place, &ask::socket(arguments), wanted, Leave::Own)?;
    let (found, noisy) = look(&mut wire, plan, out)?;
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

fn plan(given: &Given) -> Result<Plan, Failure> {
    let bauds = given.baud.iter().map(|typed| place::baud(*typed)).collect::<Result<Vec<_>, _>>()?;
    let parities: Vec<_> = given.parity.iter().map(|name| place::parity(*name)).collect();
    let range = match (given.addresses, given.all) {
        (Some((first, last)), _) => first..=last,
        (None, true) => 1..=Address::MAX,
        (None, false) => USUAL_ADDRESSES,
    };
    let addresses = range.filter_map(|number| Address::new(number).ok()).collect();
    Ok(Plan { settings: Setting::likely(&bauds, &parities), addresses, timeout_ms: given.on.timeout_ms })
}

/// Looks at every address of the plan, told by a bar.
///
/// # Errors
/// The line is gone.
pub fn look(wire: &mut Wire, plan: Plan, out: &Out) -> Result<(Vec<Found>, Vec<Setting>), Failure> {
    let mut scan = Scan::new(plan);
    let bar = progress::scan(out, scan.progress().of);
    let mut told = 0;
    while let Some(question) = scan.next() {
        scan.answered(&wire.ask(&question)?);
        let progress = scan.progress();
        bar.set_position(u64::try_from(progress.done).unwrap_or(u64::MAX));
        if let Some((setting, address)) = progress.trying {
            bar.set_message(format!("{setting}, address {}", address.number()));
        }
        let found = scan.found();
        for board in found.iter().skip(told) {
            bar.println(format!("something answers at {}, address {}", board.setting, board.address));
        }
        told = found.len();
    }
    bar.finish_and_clear();
    Ok((scan.found(), scan.noisy().to_vec()))
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
    let address = Address::new(found.address).map_err(|error| Failure::new(error.to_string()))?;
    let mut identify = Identify::new(found.setting, address, timeout_ms, Model::all());
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
        let head = ["ADDRESS", "SETTING", "MODEL", "WHY"].map(str::to_owned).to_vec();
        let rows = report.boards.iter().map(row);
        lines.push(aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
    }
    for board in &doubled {
        lines.push(format!(
            "Address {} answers with damage each time: two boards have it, and one order would move both. Take one off the \
             line and give it another address: vestibule device address --help",
            board.found.address
        ));
    }
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
             address, and --timeout-ms 200 for slow instruments.",
            report.port
        ));
    }
    lines.join("\n")
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
    vec![board.found.address.to_string(), board.found.setting.to_string(), model, why]
}
