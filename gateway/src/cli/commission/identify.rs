//! `vestibule device identify`: which model one board is, and what speaks for it.

use device_drivers::commission::scan::{Condition, Found};
use device_drivers::commission::setting::Setting;
use device_drivers::spec::{Baud, Parity};

use super::super::arguments::{Arguments, Identify};
use super::super::{Exit, Failure, Out, ask};
use super::place::{self, place};
use super::scan::{Board, identified};
use super::wire::{Leave, Wire};
use crate::console::protocol::BorrowRequest;

/// The speed of a board that nobody said anything about: what most leave the works with.
const USUAL_BAUD: u32 = 9600;

/// Runs the command.
///
/// # Errors
/// The line cannot be had.
pub fn identify(arguments: &Arguments, given: &Identify, out: &mut Out) -> Result<Exit, Failure> {
    let place = place(arguments, &given.on)?;
    let configured = place.setting;
    let baud = match (given.baud, configured) {
        (Some(typed), _) => place::baud(typed)?,
        (None, Some(setting)) => setting.baud,
        (None, None) => Baud::new(USUAL_BAUD).map_err(|error| Failure::new(error.to_string()))?,
    };
    let parity = given.parity.map(place::parity).or_else(|| configured.map(|setting| setting.parity));
    let setting = Setting { baud, parity: parity.unwrap_or(Parity::None) };
    let wanted = BorrowRequest::reads(place.line.clone().unwrap_or_default());
    let mut wire = Wire::take(&place, &ask::socket(arguments), wanted, Leave::Own)?;
    let found = Found { setting, address: given.address, condition: Condition::Good, also: Vec::new() };
    let candidates = identified(&mut wire, &found, given.on.timeout_ms, out)?;
    let board = Board { found, candidates };
    out.either(&board, || words(&board))?;
    Ok(if board.candidates.is_empty() { Exit::Failed } else { Exit::Done })
}

fn words(board: &Board) -> String {
    let Board { found, candidates } = board;
    let head = match candidates.len() {
        0 => {
            return format!(
                "Nothing at address {} ({}) answers as a model that is known; `vestibule device scan` tells who answers at all.",
                found.address, found.setting
            );
        }
        1 => "It is".to_owned(),
        many => format!("It may be one of {many}, the likeliest first"),
    };
    let one = |(place, candidate): (usize, &device_drivers::commission::identify::Candidate)| {
        format!("{}. {}\n   {}", place + 1, candidate.model, candidate.reasons.join("\n   "))
    };
    let all: Vec<String> = candidates.iter().enumerate().map(one).collect();
    format!("Address {} at {}: {head}:\n{}", found.address, found.setting, all.join("\n"))
}
