//! The building around a case's line: a configuration as an installer would write it, read as the daemon reads it.

use std::collections::BTreeMap;

use device_drivers::order::PulseLength;
use sim_devices::{Address, DoorSpec, LockFamily};
use vestibule::config::{Configuration, load_text};
use vestibule_core::id::CompartmentId;
use vestibule_tests::wire::case::Case;
use vestibule_tests::wire::lines::{described, device};

/// The line's name.
pub const LINE: &str = "line";
/// Pulse length of a house whose boards can time it.
const USUAL_MS: u32 = 500;
/// Rows of a column of the smallest doors.
const ROWS: usize = 8;

/// A building with one line.
pub struct Site {
    /// As the daemon has it.
    pub configuration: Configuration,
    /// The compartment behind each of the line's doors, in their order.
    pub compartments: Vec<CompartmentId>,
}

impl Site {
    /// One bank for each lock board that has doors.
    pub fn of(case: &Case) -> Self {
        let mut banks: BTreeMap<Address, Vec<&DoorSpec>> = BTreeMap::new();
        case.line().doors.iter().for_each(|door| banks.entry(door.lock.board).or_default().push(door));
        let banks: Vec<(char, &Vec<&DoorSpec>)> = ('a'..).zip(banks.values()).collect();
        let compartments = banks.iter().flat_map(|(bank, doors)| {
            (1..=doors.len()).map(move |number| CompartmentId::new(&format!("{bank}-{number}")).unwrap())
        });
        let compartments = compartments.collect();
        let text = text(case, &banks);
        let loaded = load_text("building.toml", &text);
        let problems = loaded.problems;
        let configuration = loaded.configuration.unwrap_or_else(|| panic!("{problems:#?}\n{text}"));
        Self { configuration, compartments }
    }
}

fn text(case: &Case, banks: &[(char, &Vec<&DoorSpec>)]) -> String {
    let line = case.line();
    let protocol = line.devices.iter().find_map(|spec| described(spec).model.protocol()).unwrap();
    let (baud, protocol, pulse) = (line.baud.get(), protocol.name(), pulse_ms(case));
    let mut text = format!(
        r#"
[building]
id = "maple-court"
name = "Maple Court"
time_zone = "America/Chicago"
support = "+1 312 555 0134"

[policy]
pulse = "{pulse} ms"

[[line]]
id = "{LINE}"
port = "/dev/serial/by-path/line"
baud = {baud}
protocol = "{protocol}"

[[terminal]]
id = "lobby"
"#
    );
    for spec in &line.devices {
        let (id, model, address) = (device(spec.address.get()), described(spec).model, spec.address.get());
        let model = model.name();
        text += &format!(
            "\n[[device]]\nid = \"{id}\"\nline = \"{LINE}\"\naddress = {address}\nmodel = \"{model}\"\n"
        );
    }
    let shut_when = if line.lock_family() == Some(LockFamily::Winnsen) { "off" } else { "on" };
    for (bank, doors) in banks {
        text += &bank_text(*bank, doors, shut_when);
    }
    text
}

fn bank_text(bank: char, doors: &[&DoorSpec], shut_when: &str) -> String {
    let (count, first) = (doors.len(), doors[0]);
    let columns: Vec<String> = doors
        .chunks(ROWS)
        .map(|column| format!("[{}]", vec!["\"small\""; column.len()].join(", ")))
        .collect();
    let columns = columns.join(", ");
    let locks = device(first.lock.board.get());
    let contacts = device(first.contact.unwrap().board.get());
    format!(
        r#"
[[bank]]
id = "{bank}"
climate = "ambient"
top_mm = 1800
columns = [{columns}]
labels = "{{BANK}}{{number}}"
locks = "{locks}/1..{count}"
doors = {{ inputs = "{contacts}/1..{count}", shut_when = "{shut_when}" }}
terminals = ["lobby"]
"#
    )
}

/// A pulse that every board with a door can time.
fn pulse_ms(case: &Case) -> u128 {
    let boards: Vec<Address> = case.line().doors.iter().map(|door| door.lock.board).collect();
    let devices = case.line().devices.iter().filter(|spec| boards.contains(&spec.address));
    let lengths: Vec<PulseLength> = devices.flat_map(|spec| described(spec).model.pulse_lengths()).collect();
    let usual = PulseLength::from_millis(USUAL_MS).unwrap();
    let length = if lengths.contains(&usual) { usual } else { lengths[0] };
    length.duration().as_millis()
}
