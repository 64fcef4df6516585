//! Readers: terminals on an OSDP line of their own.

use std::collections::BTreeMap;

use device_drivers::osdp::ReaderAddress;
use device_drivers::osdp::limits::READERS_MAX;
use vestibule_core::id::{LineId, TerminalId};

use super::field::Field;
use super::problem::{Problem, Problems};
use super::reader::Reader;
use super::source::Place;
use super::value::{Parity, ReaderPlace, Spoken};

/// The readers as read.
#[derive(Default)]
pub struct Readers {
    /// By their terminal.
    pub by_terminal: BTreeMap<TerminalId, ReaderPlace>,
    places: BTreeMap<TerminalId, Place>,
}

impl Readers {
    /// Reads `line` and `address` of a terminal; a terminal without either is no reader.
    pub fn read(&mut self, reader: &mut Reader<'_>, id: Option<&TerminalId>, field: &Field) {
        let line = reader.text("line");
        let address = reader.integer("address", 0..=ReaderAddress::MAX);
        let problems = reader.problems;
        let (line, address) = match (line, address) {
            (None, None) => return,
            (Some(line), None) => {
                let message = format!("{} is on a line and has no address", reader.what);
                let help = "address = 0 to 126, as set in the reader";
                return problems.add(Problem::error(Some(line.place), message).help(help));
            }
            (None, Some(address)) => {
                let message = format!("{} has an address and no line", reader.what);
                let help = "line = the id of an OSDP [[line]]";
                return problems.add(Problem::error(Some(address.place), message).help(help));
            }
            (Some(line), Some(address)) => (line, address),
        };
        let Some(known) = field.line_places.keys().find(|id| id.as_str() == line.value) else {
            let message = format!("there is no line \"{}\"", line.value);
            let ids = field.line_places.keys().map(LineId::as_str);
            return problems.add(Problem::error(Some(line.place), message).did_you_mean(line.value, ids));
        };
        if field.lines.get(known).is_some_and(|line| line.protocol != Spoken::Readers) {
            let message = format!("{} is on line \"{known}\", which is not an OSDP line", reader.what);
            let help = "whoever unscrews a reader holds its wires: readers have a [[line]] of their own, \
                        with protocol = \"osdp\" and nothing else on it";
            return problems.add(Problem::error(Some(line.place), message).help(help));
        }
        let place = ReaderPlace { line: known.clone(), address: address.value };
        if let Some((other, _)) = self.by_terminal.iter().find(|(_, other)| **other == place) {
            let message =
                format!("{} and \"{other}\" both have address {} on {known}", reader.what, place.address);
            let mut problem = Problem::error(Some(address.place), message);
            if let Some(other) = self.places.get(other) {
                problem = problem.other(*other, "the other one");
            }
            return problems.add(problem);
        }
        if let Some(id) = id {
            self.places.insert(id.clone(), address.place);
            self.by_terminal.insert(id.clone(), place);
        }
    }

    /// Checks each OSDP line as a whole.
    pub fn check(&self, field: &Field, problems: &Problems) {
        for line in field.lines.values().filter(|line| line.protocol == Spoken::Readers) {
            let at = field.line_places.get(&line.id).copied();
            let count = self.by_terminal.values().filter(|reader| reader.line == line.id).count();
            let error = |message: String, help: &str| problems.add(Problem::error(at, message).help(help));
            if let Some(device) = line.devices.first() {
                let message =
                    format!("device \"{}\" is on \"{}\", which is an OSDP line", device.id, line.id);
                error(message, "give readers a line of their own");
            }
            if line.port.server().is_some() {
                error(
                    format!("line \"{}\" is behind a network; readers are not", line.id),
                    "readers hang on a serial port of this computer",
                );
            }
            if line.parity != Parity::None {
                error(format!("line \"{}\" has parity; OSDP has none", line.id), "remove parity");
            }
            if count == 0 {
                error(
                    format!("no terminal is on OSDP line \"{}\"", line.id),
                    "add [[terminal]] with this line and an address",
                );
            }
            if count > READERS_MAX {
                let message =
                    format!("{count} readers are on line \"{}\"; at most {READERS_MAX} are allowed", line.id);
                error(message, "with more, keys feel slow at 9600 baud; use a second line");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::load_text;

    const SITE: &str = r#"
[building]
id = "maple-court"
name = "Maple Court"
time_zone = "UTC"
support = "+1 312 555 0134"
[[line]]
id = "rs485-1"
port = "/dev/vestibule/port-1"
protocol = "modbus-rtu"
[[line]]
id = "osdp-1"
port = "/dev/vestibule/port-2"
protocol = "osdp"
[[device]]
id = "locks"
line = "rs485-1"
address = 1
model = "waveshare-relay-8"
[[terminal]]
id = "room-reader"
line = "osdp-1"
address = 0
[[bank]]
id = "a"
top_mm = 1000
columns = [["small", "small"]]
labels = "{BANK}{number}"
locks = "locks/1.."
doors = "none"
terminals = ["room-reader"]
"#;

    fn told(text: &str) -> Vec<String> {
        let errors = load_text("site.toml", text);
        errors.problems.iter().map(|problem| problem.message.clone()).collect()
    }

    fn with(from: &str, to: &str) -> Vec<String> {
        assert!(SITE.contains(from));
        told(&SITE.replacen(from, to, 1))
    }

    #[test]
    fn terminal_with_line_and_address_is_a_reader() {
        let loaded = load_text("site.toml", SITE);
        let configuration = loaded.configuration.expect("good");
        let (id, place) = configuration.readers.first_key_value().expect("one");
        assert_eq!((id.as_str(), place.line.as_str(), place.address), ("room-reader", "osdp-1", 0));
    }

    /// Attack sentence 10: whoever unscrews a reader holds the wires of its line.
    #[test]
    fn reader_on_a_lock_line_and_a_lock_on_a_readers_line_are_refused() {
        let on_locks = with("line = \"osdp-1\"\naddress = 0", "line = \"rs485-1\"\naddress = 9");
        let wanted = "terminal \"room-reader\" is on line \"rs485-1\", which is not an OSDP line";
        assert!(on_locks.contains(&wanted.to_owned()), "{on_locks:?}");
        let lock = with("line = \"rs485-1\"\naddress = 1", "line = \"osdp-1\"\naddress = 1");
        let wanted = "device \"locks\" is on \"osdp-1\", which is an OSDP line";
        assert!(lock.contains(&wanted.to_owned()), "{lock:?}");
    }

    #[test]
    fn reader_is_refused_when_its_place_makes_no_sense() {
        for (from, to, wanted) in [
            ("\naddress = 0", "", "terminal \"room-reader\" is on a line and has no address"),
            (
                "line = \"osdp-1\"\naddress = 0",
                "address = 0",
                "terminal \"room-reader\" has an address and no line",
            ),
            (
                "line = \"osdp-1\"\naddress = 0",
                "line = \"osdp-2\"\naddress = 0",
                "there is no line \"osdp-2\"",
            ),
            ("line = \"osdp-1\"\naddress = 0", "", "no terminal is on OSDP line \"osdp-1\""),
            (
                "protocol = \"osdp\"",
                "protocol = \"osdp\"\nparity = \"even\"",
                "line \"osdp-1\" has parity; OSDP has none",
            ),
            (
                "[[bank]]",
                "[[terminal]]\nid = \"other\"\nline = \"osdp-1\"\naddress = 0\n[[bank]]",
                "terminal \"other\" and \"room-reader\" both have address 0 on osdp-1",
            ),
        ] {
            let told = with(from, to);
            assert!(told.contains(&wanted.to_owned()), "{told:?}");
        }
    }
}
