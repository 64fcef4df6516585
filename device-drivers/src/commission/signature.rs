//! What a model answers that others do not: the harmless reads of its plan.

use crate::channel::Channel;
use crate::commission::ask::Ask;
use crate::device::Model;
use crate::device::plan::{Expect, Meaning, Plan, Poll};
use crate::frame::{Protocol, Request};
use crate::signal::Level;
use crate::spec::Address;

/// The reads that a model must answer with data, and those that it answers with data or a refusal.
pub struct Signature {
    /// Must.
    pub must: Vec<Ask>,
    /// May.
    pub may: Vec<Ask>,
}

/// A Modbus request of a plan as a question; none where it is no read.
pub fn ask_of(request: &Request, address: Address) -> Option<Ask> {
    match request.encode(address)[..] {
        [_, function @ 1..=4, a, b, c, d, ..] if request.protocol() == Protocol::ModbusRtu => {
            let (first, count) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            Some(Ask::Read { function, first, count })
        }
        _ => None,
    }
}

/// The signature of a model that may be at `address`; none where it does not speak `protocol`.
pub fn signature(model: &Model, protocol: Protocol, address: Address) -> Option<Signature> {
    let plan = model.plan();
    if !plan.is_for(protocol) {
        return None;
    }
    match protocol {
        Protocol::ModbusRtu => modbus(plan, address),
        _ => Some(Signature { must: statuses(plan, protocol), may: Vec::new() }),
    }
}

fn modbus(plan: &Plan, address: Address) -> Option<Signature> {
    let polls: Option<Vec<Ask>> = plan.polls.iter().map(|poll| ask_of(&poll.request, address)).collect();
    let mut must = polls?;
    let read_back =
        plan.set_up.iter().filter(|step| matches!(step.expect, Expect::Registers(_) | Expect::Cleared(_)));
    must.extend(read_back.filter_map(|step| ask_of(&step.request, address)));
    let fences = plan.fences.iter().filter_map(|fence| ask_of(fence, address));
    let may = fences.filter(|ask| !must.contains(ask)).collect();
    Some(Signature { must, may })
}

/// Of a lock board the first and the last of its polls: where locks are asked one by one, the last tells how many it has.
fn statuses(plan: &Plan, protocol: Protocol) -> Vec<Ask> {
    let status = |poll: &Poll| {
        let last = match poll.meaning {
            Meaning::Input(lock) => lock.number(),
            _ => plan.provides.inputs,
        };
        Ask::Status { protocol, last }
    };
    let ends = plan.polls.first().into_iter().chain(plan.polls.last().filter(|_| plan.polls.len() > 1));
    ends.map(status).collect()
}

/// How much an answer to it speaks for a model.
pub fn weight(ask: &Ask) -> u32 {
    match ask {
        Ask::Read { count, .. } => u32::from(*count),
        Ask::Status { last, .. } => u32::from(*last),
        Ask::Poll { .. } | Ask::Pulse { .. } | Ask::Readdress { .. } => 0,
    }
}

/// Whether `other` asks the same of more.
pub fn asks_more(mine: &Ask, other: &Ask) -> bool {
    match (mine, other) {
        (Ask::Read { function, first, count }, Ask::Read { function: same, first: from, count: larger }) => {
            function == same && first == from && larger > count
        }
        (Ask::Status { last, .. }, Ask::Status { last: larger, .. }) => larger > last,
        _ => false,
    }
}

/// What is asked, in words.
pub fn words(ask: &Ask) -> String {
    match ask {
        Ask::Read { function, first, count } => read_words(*function, *first, *count),
        Ask::Status { protocol, last } if protocol.facts().search.one_by_one => {
            format!("status of lock {last}")
        }
        Ask::Status { last, .. } => format!("status of {last} inputs"),
        Ask::Poll { .. } | Ask::Pulse { .. } | Ask::Readdress { .. } => String::new(),
    }
}

fn read_words(function: u8, first: u16, count: u16) -> String {
    let (one, many, hexadecimal) = match function {
        1 => ("coil", "coils", false),
        2 => ("input", "inputs", false),
        3 => ("holding register", "holding registers", true),
        _ => ("input register", "input registers", true),
    };
    let from = if hexadecimal { format!("0x{first:04X}") } else { first.to_string() };
    match count {
        1 => format!("{one} {from}"),
        _ => format!("FC{function:02} x {count} ({many} from {from})"),
    }
}

/// What the data of an answer say, in words; none where they are no inputs.
pub fn told(ask: &Ask, data: &[u8]) -> Option<String> {
    let Ask::Status { protocol, last } = ask else { return None };
    let request = Request::status(*protocol, Channel::new(*last).ok()?)?;
    let states = request.inputs(data, *last);
    let on: Vec<String> = states
        .iter()
        .filter(|(_, level)| *level == Level::On)
        .map(|(channel, _)| channel.to_string())
        .collect();
    Some(if on.is_empty() { "none is on".to_owned() } else { format!("on: {}", on.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_of_a_lock_board_are_its_own_polls() {
        for model in Model::all() {
            let Some(protocol) = model.protocol().filter(|protocol| *protocol != Protocol::ModbusRtu) else {
                continue;
            };
            let polls: Vec<Request> = model.plan().polls.iter().map(|poll| poll.request).collect();
            let statuses = statuses(model.plan(), protocol);
            assert!(!statuses.is_empty());
            for ask in statuses {
                let Ask::Status { last, .. } = ask else { panic!("{ask:?}") };
                let request = Request::status(protocol, Channel::new(last).unwrap()).unwrap();
                assert!(polls.contains(&request), "{model:?}: {request:?}");
            }
        }
    }
}
