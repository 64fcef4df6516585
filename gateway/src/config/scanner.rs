//! Lines with `protocol = "scanner"`: one scanner each, which belongs to one terminal and hangs on no line with anything else.

use vestibule_core::id::{DeviceId, LineId, TerminalId};

use super::field::Field;
use super::problem::{Problem, Problems};
use super::reader::{Reader, Spot};
use super::value::{Commands, Direction, Parity, Port, Scanner};

/// What a scanner's line has in common with others.
pub struct Common {
    /// Its id.
    pub id: LineId,
    /// Where it is.
    pub port: Port,
    /// Bits a second.
    pub baud: u32,
    /// Parity.
    pub parity: Parity,
    /// Who switches an RS-485 driver.
    pub direction: Direction,
}

/// Reads what only scanners have.
pub fn read_commands(reader: &mut Reader<'_>) -> Commands {
    let words = [("plain", Commands::None), ("gm65", Commands::Gm65)];
    reader.choice("model", &words).map_or(Commands::None, |model| model.value)
}

/// Keeps a scanner that was read whole.
pub fn keep(common: Common, commands: Commands, field: &mut Field) {
    let Common { id, port, baud, parity, direction } = common;
    // Ids of lines and devices are spelt alike.
    let Ok(device) = DeviceId::new(id.as_str()) else { return };
    let scanner =
        Scanner { line: id.clone(), device, terminal: None, port, baud, parity, direction, commands };
    field.scanners.insert(id, scanner);
}

/// Gives a terminal its scanner.
pub fn join(field: &mut Field, terminal: &TerminalId, named: &Spot<&str>, problems: &Problems) {
    let ids: Vec<String> = field.scanners.keys().map(ToString::to_string).collect();
    let scanner = field.scanners.values_mut().find(|scanner| scanner.line.as_str() == named.value);
    let Some(scanner) = scanner else {
        let is_line = field.line_places.keys().any(|id| id.as_str() == named.value);
        let message = match is_line {
            true => format!("line \"{}\" is no scanner's: a scanner has a line of its own", named.value),
            false => format!("there is no scanner \"{}\"", named.value),
        };
        let problem = Problem::error(Some(named.place), message)
            .help("a scanner is a [[line]] with protocol = \"scanner\"");
        problems.add(problem.did_you_mean(named.value, ids.iter().map(String::as_str)));
        return;
    };
    if let Some(other) = &scanner.terminal {
        let message = format!("scanner \"{}\" belongs to terminal \"{other}\" already", named.value);
        problems.add(Problem::error(Some(named.place), message));
    }
    scanner.terminal = Some(terminal.clone());
}

/// Scanners that nobody named, and names that are taken.
pub fn check(field: &Field, problems: &Problems) {
    for scanner in field.scanners.values() {
        let place = field.line_places.get(&scanner.line).copied();
        if scanner.terminal.is_none() {
            let message =
                format!("scanner \"{}\" belongs to no terminal; what it reads goes nowhere", scanner.line);
            let help = format!("say scanner = \"{}\" in its [[terminal]]", scanner.line);
            problems.add(Problem::warning(place, message).help(help));
        }
        if let Some(other) = field.devices.get(&scanner.device) {
            let message = format!("a device has the name of scanner \"{}\"", scanner.line);
            problems.add(Problem::error(Some(other.place), message));
        }
    }
}
