//! What a line with locks must not be: slow, within strangers' reach, or on anybody's network.

use std::collections::BTreeMap;

use vestibule_core::id::{DeviceId, LineId};

use super::channel::{Kind, Uses};
use super::field::{Field, RESPONSE_TIMEOUT_MS};
use super::problem::{Problem, Problems};
use super::value::Line;

/// Checks every line that has locks.
pub fn check(field: &Field, uses: &Uses, problems: &Problems) {
    for (line, lock) in lines_with_locks(field, uses) {
        check_speed(field, line, lock, problems);
        check_reach(field, line, lock, problems);
        check_network(field, line, lock, problems);
    }
}

/// Each line with locks, and one board of them.
fn lines_with_locks<'a>(field: &'a Field, uses: &Uses) -> impl Iterator<Item = (&'a Line, &'a DeviceId)> {
    let mut lines: BTreeMap<&LineId, (&Line, &DeviceId)> = BTreeMap::new();
    for (device, known) in field.devices.iter().filter(|(id, _)| uses.any(Kind::Output, id)) {
        if let Some(line) = known.line.as_ref().and_then(|id| field.lines.get(id)) {
            lines.entry(&line.id).or_insert((line, device));
        }
    }
    lines.into_values()
}

/// An unlock may wait for one answer time of the transaction in flight.
fn check_speed(field: &Field, line: &Line, lock: &DeviceId, problems: &Problems) {
    if line.response_timeout.0 <= RESPONSE_TIMEOUT_MS {
        return;
    }
    let message = format!("line \"{}\" has locks (\"{lock}\") and a response_timeout_ms above 100", line.id);
    let help = "every silent device delays every door by that; move slow instruments to their own line";
    problems.add(Problem::warning(field.line_places.get(&line.id).copied(), message).help(help));
}

/// Whoever reaches one wire of a line can speak for the master on all of it.
fn check_reach(field: &Field, line: &Line, lock: &DeviceId, problems: &Problems) {
    for device in line.devices.iter().filter(|device| field.outdoor.contains(&device.id)) {
        let message = format!(
            "\"{}\" is outdoors and on line \"{}\", which has locks (\"{lock}\")",
            device.id, line.id
        );
        let place = field.devices.get(&device.id).map(|known| known.place);
        let help = "whoever takes it off the wall holds the wire that opens doors; give it a line of its own";
        problems.add(Problem::error(place, message).help(help));
    }
}

/// A serial server asks nobody who they are.
fn check_network(field: &Field, line: &Line, lock: &DeviceId, problems: &Problems) {
    let Some(server) = line.port.server() else { return };
    if server.ip().is_loopback() || field.isolated.contains(&line.id) {
        return;
    }
    let message =
        format!("line \"{}\" has locks (\"{lock}\") and goes over the network to {server}", line.id);
    let help = "whoever reaches that server opens every door: use a serial port, or put both on a network of their own \
                and say isolated_network = true";
    problems.add(Problem::error(field.line_places.get(&line.id).copied(), message).help(help));
}
