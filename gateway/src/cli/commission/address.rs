//! `vestibule device address`: another address for the one board on a line.

use device_drivers::commission::ask::{Answer, Ask, Question};
use device_drivers::commission::manner::addresses;
use device_drivers::commission::readdress::{SETTLE, Way, proof, way};
use device_drivers::commission::scan::{Condition, Found, Plan};
use device_drivers::commission::setting::Setting;
use device_drivers::frame::Protocol;
use device_drivers::port::monotonic_now;
use device_drivers::spec::Address;
use serde::Serialize;

use super::super::arguments::{Address as Given, Arguments};
use super::super::{Exit, Failure, Out, ask};
use super::permit::Permit;
use super::place::{self, Place, place};
use super::scan::{identified, look};
use super::wire::Wire;
use crate::config::{self, Layers};

#[derive(Serialize)]
struct Done {
    model: String,
    setting: Setting,
    from: u8,
    to: u8,
}

/// Runs the command.
///
/// # Errors
/// There is not exactly one board, its address is set otherwise, or the line is gone.
pub fn address(arguments: &Arguments, given: &Given, out: &mut Out) -> Result<Exit, Failure> {
    let place = place(arguments, &given.on)?;
    let plan = plan(given, &place)?;
    if let Some(own) = place.protocol.filter(|own| *own != Protocol::ModbusRtu) {
        return Err(Failure::new(format!(
            "{} is spoken there: such boards have switches for their address, see `vestibule device models`",
            own.name()
        )));
    }
    let new = Address::new(given.new).map_err(|error| place::usage(error.to_string()))?;
    let configuration = config::load_for_start(&Layers::from_options(&arguments.config)).configuration;
    let permit = Permit::ask(arguments, configuration.as_ref(), &given.permit)?;
    permit.record()?;
    let mut wanted = permit.borrow();
    wanted.line = place.line.clone().unwrap_or_default();
    let mut wire = Wire::take(&place, &ask::socket(arguments), wanted, permit.leave())?;
    let (found, _) = look(&mut wire, vec![plan], out)?;
    let one = only(&found)?;
    let model = match &given.model {
        Some(model) => model.clone(),
        None => {
            let candidates = identified(&mut wire, one, given.on.timeout_ms, out)?;
            let best = candidates.first().ok_or_else(|| {
                Failure::new("the board is of no model that is known; if you know better: --model NAME")
            })?;
            best.model.clone()
        }
    };
    if one.address == given.new {
        return Err(Failure::new(format!("the board ({model}) has address {} already", given.new)));
    }
    set(&mut wire, one, &model, new, given.on.timeout_ms)?;
    let done = Done { model, setting: one.setting, from: one.address, to: given.new };
    out.either(&done, || {
        format!(
            "The {} has address {} now: it answers there, and nobody at {}. Write the number on it.",
            done.model, done.to, done.from
        )
    })?;
    Ok(Exit::Done)
}

/// Every address, at the settings that the board may have.
fn plan(given: &Given, place: &Place) -> Result<Plan, Failure> {
    let bauds = given.baud.iter().map(|typed| place::baud(*typed)).collect::<Result<Vec<_>, _>>()?;
    let parities: Vec<_> = given.parity.iter().map(|name| place::parity(*name)).collect();
    let settings = match place.setting {
        Some(configured) if bauds.is_empty() && parities.is_empty() => vec![configured],
        _ => Setting::likely(&bauds, &parities),
    };
    let protocol = Protocol::ModbusRtu;
    Ok(Plan { protocol, settings, addresses: addresses(protocol).collect(), timeout_ms: given.on.timeout_ms })
}

fn only(found: &[Found]) -> Result<&Found, Failure> {
    let list = || {
        let all = found.iter().map(|one| format!("{} ({})", one.address, one.setting));
        all.collect::<Vec<_>>().join(", ")
    };
    match found {
        [] => Err(Failure::new("nobody answers; connect the board, and only this one")),
        [one] if one.condition == Condition::Doubled => Err(Failure::new(format!(
            "two boards answer at address {}; take all but one off the line",
            one.address
        ))),
        [one] => Ok(one),
        _ => Err(Failure::new(format!(
            "{} boards answer, at {}: an address is given to one board at a time. Take the others off the line; nothing is \
             written",
            found.len(),
            list()
        ))),
    }
}

/// Writes the address and proves it.
fn set(wire: &mut Wire, one: &Found, model: &str, new: Address, timeout_ms: u16) -> Result<(), Failure> {
    if let Way::ByHand(how) = way(model) {
        return Err(Failure::new(format!("the address of a {model} is not set over the wire: {how}")));
    }
    let old = Address::new(one.address).map_err(|error| Failure::new(error.to_string()))?;
    let ask = Ask::Readdress { model: model.to_owned(), to: new.number() };
    let written = wire.ask(&Question { setting: one.setting, address: old.number(), ask, timeout_ms })?;
    if let Answer::Exception(code) = written {
        return Err(Failure::new(format!(
            "the board refuses the new address (exception {code}); it keeps {}",
            old.number()
        )));
    }
    // The answer may come from the old address, the new one or not at all: what counts is who answers now.
    let proof = |address| proof(model, one.setting, address, timeout_ms);
    let (Some(at_new), Some(at_old)) = (proof(new), proof(old)) else {
        return Err(Failure::new(format!("nothing can prove the address of a {model}")));
    };
    let began = monotonic_now();
    while !wire.ask(&at_new)?.is_answer() {
        if monotonic_now().since(began) >= SETTLE {
            return Err(Failure::new(format!(
                "nobody answers at {} yet; switch the board's supply off and on, and scan again",
                new.number()
            )));
        }
    }
    match wire.ask(&at_old)? {
        Answer::Silent => Ok(()),
        _ => Err(Failure::new(format!(
            "somebody still answers at {}: there are two boards on the line, or the new address is not in force yet",
            old.number()
        ))),
    }
}
