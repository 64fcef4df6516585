//! `vestibule device test`: one pulse of one output, or a board's inputs while somebody moves doors.

use std::time::Duration;

use device_drivers::commission::ask::{Answer, Ask};
use device_drivers::port::monotonic_now;
use device_drivers::signal::Level;
use serde::Serialize;
use vestibule_core::id::DeviceId;

use super::super::arguments::{Arguments, Test as Given};
use super::super::{Exit, Failure, Out, ask};
use super::boards::{Boards, Input};
use super::permit::{self, Permit};
use super::person::{Person, Said};
use super::place::usage;
use super::walk::pulse_length;
use super::wire::Leave;
use crate::config::{Configuration, nearest};
use crate::console::protocol::BorrowRequest;

/// How long inputs are told after a pulse: a door that has not sprung open by then will not.
const AFTERWARDS: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct InputNow {
    input: String,
    on: bool,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Told {
    Inputs { inputs: Vec<InputNow> },
    Changed { input: String, on: bool, after_ms: u64 },
    Pulsed { output: String, millis: u32, answer: &'static str },
}

impl Told {
    fn tell(&self, out: &mut Out) -> Result<(), Failure> {
        Ok(out.either(self, || self.words())?)
    }

    fn words(&self) -> String {
        let level = |on: &bool| if *on { "on" } else { "off" };
        match self {
            Self::Inputs { inputs } if inputs.is_empty() => "No inputs can be read.".to_owned(),
            Self::Inputs { inputs } => {
                let all = inputs.iter().map(|one| format!("{} {}", one.input, level(&one.on)));
                all.collect::<Vec<_>>().join(", ")
            }
            Self::Changed { input, on, after_ms } => format!("{input} {} after {after_ms} ms", level(on)),
            Self::Pulsed { output, millis, answer } => format!("{output} pulsed for {millis} ms: {answer}"),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// There is no such output, it may not be moved, or the line is gone.
pub fn test(arguments: &Arguments, given: &Given, out: &mut Out) -> Result<Exit, Failure> {
    let configuration = permit::configuration(arguments)?;
    let (device, output) = match given.target.split_once('/') {
        Some((device, output)) => {
            let number = output.parse::<u8>().map_err(|_| usage(format!("{output:?} is no output")))?;
            (device, Some(number))
        }
        None => (given.target.as_str(), None),
    };
    let id = known(&configuration, device)?;
    let line = configuration.site.devices.get(&id).cloned().into_iter().collect();
    let socket = ask::socket(arguments);
    let Some(output) = output else {
        let reads = BorrowRequest::reads(String::new());
        let mut boards = Boards::take(&configuration, &line, &socket, &reads, Leave::Own)?;
        return look(&mut boards, &id, given, out);
    };
    let permit = Permit::ask(arguments, Some(&configuration), &given.permit)?;
    let mut doors = configuration.site.compartments.iter();
    let door = doors.find(|(_, site)| site.lock.device == id && site.lock.output == u16::from(output));
    if let Some((compartment, site)) = door
        && let Some(why) = permit.forbids(compartment)
    {
        return Err(Failure::new(format!("door {}: {why}; nothing is pulsed", site.label)));
    }
    permit.record()?;
    let mut boards = Boards::take(&configuration, &line, &socket, &permit.borrow(), permit.leave())?;
    pulse(&mut boards, &configuration, &id, output, out)
}

fn known(configuration: &Configuration, typed: &str) -> Result<DeviceId, Failure> {
    let devices = &configuration.site.devices;
    let found = devices.keys().find(|id| id.as_str() == typed).cloned();
    found.ok_or_else(|| {
        let near = nearest(typed, devices.keys().map(DeviceId::as_str));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        Failure::new(format!("there is no device \"{typed}\"{near}"))
    })
}

fn pulse(
    boards: &mut Boards,
    configuration: &Configuration,
    id: &DeviceId,
    output: u8,
    out: &mut Out,
) -> Result<Exit, Failure> {
    let place = boards.place(id).ok_or_else(|| Failure::new(format!("{id} is of no known model")))?;
    let usual = u32::try_from(configuration.site.policy.pulse.0).ok();
    let board = boards.all.get(place).ok_or_else(|| Failure::new("that board is gone"))?;
    let model = board.model.name().to_owned();
    let millis = pulse_length(board, output, usual)
        .ok_or_else(|| Failure::new(format!("{id} ({model}) has no output {output}")))?;
    let mut before = told_inputs(boards, out)?;
    let answer = boards.ask(place, Ask::Pulse { model, output, millis })?;
    let (word, exit) = match answer {
        Answer::Echo => ("acknowledged", Exit::Done),
        Answer::Unproven => ("sent; such boards do not acknowledge", Exit::Done),
        Answer::Exception(_) => ("refused by the board", Exit::Failed),
        Answer::Data(_) | Answer::Silent | Answer::Damaged => {
            ("sent and not acknowledged; its lock may have moved", Exit::Failed)
        }
    };
    Told::Pulsed { output: format!("{id}/{output}"), millis, answer: word }.tell(out)?;
    let began = monotonic_now();
    while monotonic_now().since(began) < AFTERWARDS {
        let now = boards.read_inputs()?;
        changes(boards, &mut before, now, began, out)?;
    }
    told_inputs(boards, out)?;
    Ok(exit)
}

fn look(boards: &mut Boards, id: &DeviceId, given: &Given, out: &mut Out) -> Result<Exit, Failure> {
    boards.all.retain(|board| board.id == *id);
    let mut before = told_inputs(boards, out)?;
    if !given.inputs {
        return Ok(if before.is_empty() { Exit::Failed } else { Exit::Done });
    }
    let (person, began) = (Person::at_the_keyboard(), monotonic_now());
    let patience = given.seconds.map(Duration::from_secs);
    loop {
        let over = match patience {
            Some(patience) => monotonic_now().since(began) >= patience,
            None => person.said() == Said::Gone,
        };
        if over {
            return Ok(Exit::Done);
        }
        let now = boards.read_inputs()?;
        changes(boards, &mut before, now, began, out)?;
    }
}

fn told_inputs(boards: &mut Boards, out: &mut Out) -> Result<Vec<(Input, Level)>, Failure> {
    let now = boards.read_inputs()?;
    let one =
        |(input, level): &(Input, Level)| InputNow { input: boards.name(*input), on: *level == Level::On };
    Told::Inputs { inputs: now.iter().map(one).collect() }.tell(out)?;
    Ok(now)
}

/// Tells what is not as before.
fn changes(
    boards: &Boards,
    before: &mut Vec<(Input, Level)>,
    now: Vec<(Input, Level)>,
    began: device_drivers::time::Monotonic,
    out: &mut Out,
) -> Result<(), Failure> {
    for (input, level) in now {
        match before.iter_mut().find(|(known, _)| *known == input) {
            Some((_, known)) if *known == level => continue,
            Some((_, known)) => *known = level,
            None => before.push((input, level)),
        }
        let after_ms = u64::try_from(monotonic_now().since(began).as_millis()).unwrap_or(u64::MAX);
        Told::Changed { input: boards.name(input), on: level == Level::On, after_ms }.tell(out)?;
    }
    Ok(())
}
