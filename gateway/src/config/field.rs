//! `[[line]]` and `[[device]]`: what hangs on which wire.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use device_drivers::device::{Catalogue, Model, NOT_OFFERED};
use vestibule_core::id::{DeviceId, LineId};
use vestibule_core::time::Millis;

use super::lock_power::{self, Supplies};
use super::model::{self, Protocol, Provides};
use super::port::{self, Over};
use super::problem::{Problem, Problems};
use super::reader::{Reader, Spot};
use super::scanner;
use super::source::Place;
use super::tree::Value;
use super::value::{Commands, Device, Line, Parity, Port, Scanner, Spoken};

/// Most boards on one line: RS-485 drives 32 unit loads.
pub const DEVICES_MAX: usize = 32;
/// Most lines: each costs a thread.
pub const LINES_MAX: usize = 16;
/// The fastest of [`BAUDS`].
const BAUD_MOST: u32 = 230_400;
/// Speeds that boards of the field offer.
const BAUDS: [u32; 9] = [1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400];
/// Answer time where the file names none; lines with locks must not wait longer.
pub const RESPONSE_TIMEOUT_MS: u64 = 100;

/// All lines and devices.
#[derive(Default)]
pub struct Field {
    /// The lines.
    pub lines: BTreeMap<LineId, Line>,
    /// Where each line was written.
    pub line_places: BTreeMap<LineId, Place>,
    /// The devices; also those with a bad model, so that references to them are not called unknown.
    pub devices: BTreeMap<DeviceId, KnownDevice>,
    /// Lines over a network that is said to carry nothing else.
    pub isolated: BTreeSet<LineId>,
    /// Devices within strangers' reach.
    pub outdoor: BTreeSet<DeviceId>,
    /// Scanners, each on its own line.
    pub scanners: BTreeMap<LineId, Scanner>,
    /// Power supplies of locks.
    pub supplies: Supplies,
    /// Where devices say what their locks bear, and what drives them.
    pub lock_places: BTreeMap<DeviceId, Place>,
}

/// A device that other sections may refer to.
pub struct KnownDevice {
    /// Its line, if that is known.
    pub line: Option<LineId>,
    /// Its model, if that is known.
    pub model: Option<Model>,
    /// What its model provides, if that is known.
    pub provides: Option<Provides>,
    /// Where it is written.
    pub place: Place,
}

/// Reads all lines, then all devices.
pub fn read(root: &mut Reader<'_>, models: &Catalogue, problems: &Problems) -> Field {
    let mut field = Field { supplies: lock_power::read_supplies(root), ..Field::default() };
    let mut ports: BTreeMap<Port, Place> = BTreeMap::new();
    let lines = root.tables("line");
    if lines.len() > LINES_MAX {
        let message = format!("{} lines are configured; at most {LINES_MAX} are allowed", lines.len());
        problems.add(Problem::error(lines.get(LINES_MAX).map(|l| l.place), message));
    }
    for reader in lines {
        if let Some(line) = read_line(reader, &mut field, &mut ports) {
            field.lines.insert(line.id.clone(), line);
        }
    }
    for reader in root.tables("device") {
        read_device(reader, models, &mut field);
    }
    field
}

fn read_line(mut reader: Reader<'_>, field: &mut Field, ports: &mut BTreeMap<Port, Place>) -> Option<Line> {
    let id = reader.id("id", LineId::new);
    if let Some(id) = &id {
        reader.what = format!("line \"{}\"", id.value);
        first_of_its_name(&reader, id, field.line_places.get(&id.value));
        field.line_places.insert(id.value.clone(), id.place);
    }
    let spoken = read_spoken(&mut reader);
    let over = if let Some(Said::ModbusTcp) = spoken { Over::ModbusTcp } else { Over::Raw };
    let port = port::read(&mut reader, over);
    if let Some(port) = &port {
        match ports.get(&port.value) {
            Some(other) => {
                let message = format!("the port of {} already belongs to another line", reader.what);
                let help = "one port is one line with one protocol; put all its devices on one [[line]]";
                reader
                    .problems
                    .add(Problem::error(Some(port.place), message).other(*other, "used here").help(help));
            }
            None => drop(ports.insert(port.value.clone(), port.place)),
        }
    }
    let baud = reader.integer("baud", 1_200..=230_400);
    if let Some(baud) = baud.as_ref().filter(|b| !BAUDS.contains(&b.value)) {
        let message = format!("{} baud is no speed of the field: {BAUDS:?} are", baud.value);
        reader.problems.add(Problem::error(Some(baud.place), message));
    }
    let parity =
        reader.choice("parity", &[("none", Parity::None), ("even", Parity::Even), ("odd", Parity::Odd)]);
    let timeout = reader.integer("response_timeout_ms", 20..=1_000);
    let direction = port::read_direction(&mut reader, port.as_ref().map(|port| &port.value));
    if port::read_isolated(&mut reader, port.as_ref().map(|port| &port.value)) {
        field.isolated.extend(id.as_ref().map(|id| id.value.clone()));
    }
    let commands =
        if let Some(Said::Scanner) = spoken { scanner::read_commands(&mut reader) } else { Commands::None };
    reader.finish();
    let (id, port) = (id?.value, port?.value);
    // Nobody sees a server's own wire; a fast one keeps nobody waiting.
    let unsaid = if let Some(Said::ModbusTcp) = spoken { BAUD_MOST } else { 9_600 };
    let (baud, parity) = (baud.map_or(unsaid, |b| b.value), parity.map_or(Parity::None, |p| p.value));
    let protocol = match spoken? {
        Said::Boards(protocol) => Spoken::Boards(protocol),
        Said::Readers => Spoken::Readers,
        // The header is the port's matter; what is asked is the same.
        Said::ModbusTcp => Spoken::Boards(Protocol::ModbusRtu),
        Said::Scanner => {
            scanner::keep(scanner::Common { id, port, baud, parity, direction }, commands, field);
            return None;
        }
    };
    Some(Line {
        id,
        port,
        direction,
        baud,
        parity,
        protocol,
        response_timeout: Millis(timeout.map_or(RESPONSE_TIMEOUT_MS, |t| t.value)),
        devices: Vec::new(),
        supplies: Vec::new(),
    })
}

/// What a line is for.
#[derive(Clone, Copy)]
enum Said {
    /// Boards and instruments that speak this.
    Boards(Protocol),
    /// The same boards behind a Modbus/TCP server.
    ModbusTcp,
    /// One scanner.
    Scanner,
    /// OSDP readers.
    Readers,
}

fn read_spoken(reader: &mut Reader<'_>) -> Option<Said> {
    const SCANNER: &str = "scanner";
    const MODBUS_TCP: &str = "modbus-tcp";
    const READERS: &str = "osdp";
    let text = reader.required_text("protocol", "protocol = \"modbus-rtu\"")?;
    if let Some(protocol) = Protocol::by_name(text.value) {
        return Some(Said::Boards(protocol));
    }
    match text.value {
        SCANNER => return Some(Said::Scanner),
        MODBUS_TCP => return Some(Said::ModbusTcp),
        READERS => return Some(Said::Readers),
        _ => {}
    }
    let message = format!("there is no protocol \"{}\"", text.value);
    let names = Protocol::ALL.map(Protocol::name).into_iter().chain([SCANNER, MODBUS_TCP, READERS]);
    reader.problems.add(Problem::error(Some(text.place), message).did_you_mean(text.value, names));
    None
}

fn read_device(mut reader: Reader<'_>, models: &Catalogue, field: &mut Field) {
    let id = reader.id("id", DeviceId::new);
    if let Some(id) = &id {
        reader.what = format!("device \"{}\"", id.value);
        first_of_its_name(&reader, id, field.devices.get(&id.value).map(|d| &d.place));
    }
    let line = read_line_reference(&mut reader, field);
    let address = read_address(&mut reader, addresses(field, line.as_ref()));
    let model = reader.required_text("model", "`vestibule device models` lists them");
    let known = model.as_ref().and_then(|model| models.model(model.value).cloned());
    if let (Some(model), None) = (&model, &known) {
        reader.problems.add(no_model(model, models));
    }
    let outdoor = reader.choice_of_two("outdoor").is_some_and(|outdoor| outdoor.value);
    let locks = lock_power::read(&mut reader);
    let problems = reader.problems;
    reader.finish();
    let Some(id) = id else { return };
    if outdoor {
        field.outdoor.insert(id.value.clone());
    }
    let provides = known.as_ref().map(model::provides);
    let known = KnownDevice { line: line.clone(), model: known, provides, place: id.place };
    field.devices.entry(id.value.clone()).or_insert(known);
    if let (Some(line), Some(address), Some(model)) = (line, address, model) {
        let locks = lock_power::join(locks, field, &line, &id.value, problems);
        let device = Device { id: id.value, address: address.value, model: model.value.to_owned(), locks };
        check_protocol(field, &line, &device, model.place, problems);
        hang(field, &line, device, address.place, problems);
    }
}

fn read_address(reader: &mut Reader<'_>, allowed: RangeInclusive<u8>) -> Option<Spot<u8>> {
    let node = reader.required("address", "as set on the board")?;
    if allowed == Protocol::ModbusRtu.addresses() && matches!(node.value, Value::Integer(248..=255)) {
        let message = format!("address of {} is beyond 247, which Modbus keeps for itself", reader.what);
        let help = "some boards leave the works at 255 (LC-tech): with one of them on the wire, give it an address of 1 to 247";
        reader.problems.add(Problem::error(Some(node.place), message).help(help));
        return None;
    }
    reader.integer("address", allowed)
}

fn no_model(model: &Spot<&str>, models: &Catalogue) -> Problem {
    if let Some((name, why)) = NOT_OFFERED.iter().find(|(name, _)| *name == model.value) {
        return Problem::error(Some(model.place), format!("model \"{name}\" is not offered")).help(*why);
    }
    let message = format!("there is no device model \"{}\"", model.value);
    let problem = Problem::error(Some(model.place), message).help("`vestibule device models` lists them");
    problem.did_you_mean(model.value, models.models().iter().map(Model::name))
}

fn read_line_reference(reader: &mut Reader<'_>, field: &Field) -> Option<LineId> {
    let text = reader.required_text("line", "the id of the [[line]] it hangs on")?;
    let found = field.line_places.keys().find(|id| id.as_str() == text.value).cloned();
    if found.is_none() {
        let message = format!("there is no line \"{}\"", text.value);
        let ids = field.line_places.keys().map(LineId::as_str);
        reader.problems.add(Problem::error(Some(text.place), message).did_you_mean(text.value, ids));
    }
    found
}

/// Addresses of boards on a line; Modbus's where the line is not known.
fn addresses(field: &Field, line: Option<&LineId>) -> RangeInclusive<u8> {
    let line = line.and_then(|line| field.lines.get(line));
    line.and_then(|line| line.protocol.boards()).unwrap_or_default().addresses()
}

/// A board on a line of another protocol would take frames for what they are not.
fn check_protocol(field: &Field, line: &LineId, device: &Device, at: Place, problems: &Problems) {
    let Some(protocol) = field.lines.get(line).and_then(|line| line.protocol.boards()) else { return };
    let name = protocol.name();
    let known = field.devices.get(&device.id).and_then(|known| known.model.as_ref());
    if let Some(known) = known.filter(|known| !known.plan().is_for(protocol)) {
        let message = format!("a {} does not speak {name}, which is spoken on \"{line}\"", device.model);
        let mut problem = Problem::error(Some(at), message);
        if let Some(spoken) = known.protocol() {
            problem =
                problem.help(format!("give it a line of its own with protocol = \"{}\"", spoken.name()));
        }
        problems.add(problem);
    }
}

fn hang(field: &mut Field, line: &LineId, device: Device, at: Place, problems: &Problems) {
    if field.scanners.contains_key(line) {
        let message = format!("\"{}\" hangs on \"{line}\", which is a scanner's line", device.id);
        let help = "whoever has a scanner in hand holds its wire: nothing else may be on it";
        problems.add(Problem::error(Some(at), message).help(help));
    }
    // A line with a problem of its own is not there; its devices have none because of that.
    let Some(line) = field.lines.get_mut(line) else { return };
    if let Some(other) = line.devices.iter().find(|other| other.address == device.address) {
        let message = format!(
            "devices \"{}\" and \"{}\" both have address {} on {}",
            other.id, device.id, device.address, line.id
        );
        let mut problem = Problem::error(Some(at), message).help("one order would open two doors");
        if let Some(known) = field.devices.get(&other.id) {
            problem = problem.other(known.place, "the other one");
        }
        problems.add(problem);
    }
    if line.devices.len() == DEVICES_MAX {
        let message = format!("line \"{}\" has more than {DEVICES_MAX} devices", line.id);
        problems
            .add(Problem::error(Some(at), message).help("RS-485 drives 32 unit loads; use a second line"));
    }
    line.devices.push(device);
}

/// A second thing of the same name within one layer is a slip, not an override.
pub fn first_of_its_name<T>(reader: &Reader<'_>, id: &Spot<T>, other: Option<&Place>) {
    if let Some(other) = other {
        let message = format!("{} is there twice", reader.what);
        reader.problems.add(Problem::error(Some(id.place), message).other(*other, "first here"));
    }
}
