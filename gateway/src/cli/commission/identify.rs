//! `vestibule device identify`: which model one board is, and what speaks for it.

use device_drivers::commission::manner;
use device_drivers::commission::scan::{Condition, Found};
use device_drivers::commission::setting::Setting;
use device_drivers::frame::Protocol;

use super::super::arguments::{Arguments, Identify, Spoken};
use super::super::{Exit, Failure, Out, ask};
use super::place::{self, place};
use super::scan::{Board, identified};
use super::wire::{Leave, Wire};
use crate::console::protocol::BorrowRequest;

/// Runs the command.
///
/// # Errors
/// The line cannot be had.
pub fn identify(arguments: &Arguments, given: &Identify, out: &mut Out) -> Result<Exit, Failure> {
    let place = place(arguments, &given.on)?;
    let typed = given.protocol.as_deref().and_then(Protocol::by_name).map(Spoken::One);
    let protocol = place.protocols(typed.as_slice())?.into_iter().next().unwrap_or_default();
    let setting = setting(given, place.setting, protocol)?;
    let wanted = BorrowRequest::reads(place.line.clone().unwrap_or_default());
    let mut wire = Wire::take(&place, &ask::socket(arguments), wanted, Leave::Own)?;
    let found =
        Found { protocol, setting, address: given.address, condition: Condition::Good, also: Vec::new() };
    let candidates = identified(&mut wire, &found, given.on.timeout_ms, out)?;
    let board = Board { found, candidates };
    out.either(&board, || words(&board))?;
    Ok(if board.candidates.is_empty() { Exit::Failed } else { Exit::Done })
}

/// What was typed, else what is configured, else what such boards leave the works with.
fn setting(given: &Identify, configured: Option<Setting>, protocol: Protocol) -> Result<Setting, Failure> {
    let bauds = given.baud.map(place::baud).transpose()?;
    let parities = given.parity.map(place::parity);
    let usual = || manner::settings(protocol, bauds.as_slice(), parities.as_slice()).into_iter().next();
    let base = configured.or_else(usual).ok_or_else(|| place::usage("no board has such a setting"))?;
    Ok(Setting { baud: bauds.unwrap_or(base.baud), parity: parities.unwrap_or(base.parity) })
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
